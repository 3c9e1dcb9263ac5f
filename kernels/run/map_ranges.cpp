#include "kernels/run/map_ranges.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "kernels/run/inference_run.h"

namespace wattgrind {
namespace {

constexpr size_t kImagesAtOnce = 64;

// A network's inference of images one batch after the other; the last is filled up with its first
// images.
class BatchedRun {
 public:
  BatchedRun(const NetworkValues& values, std::span<const float> images, Plan plan)
      : images_(images),
        image_values_(static_cast<size_t>(values.network.input().elements())),
        count_(images.size() / image_values_),
        batch_(std::min(kImagesAtOnce, count_)),
        run_(values.network, static_cast<int64_t>(batch_), plan) {
    CHECK(count_ > 0 && images.size() == count_ * image_values_, "{} values of {} an image",
          images.size(), image_values_);
    for (size_t i = 0; i < values.network.layers.size(); ++i) {
      if (!parameter_tensors(values.network.layers[i]).empty()) {
        run_.set_parameters(i, values.parameters.at(i));
      }
    }
  }

  // Calls after_layer in each batch, and after_batch(first image, images).
  template <typename AfterBatch>
  void each_batch(const std::function<void(size_t)>& after_layer, const AfterBatch& after_batch) {
    for (size_t first = 0; first < count_; first += batch_) {
      const size_t images = std::min(batch_, count_ - first);
      std::vector<float> values(batch_ * image_values_);
      for (size_t i = 0; i < batch_; ++i) {
        const auto image = images_.subspan((first + i % images) * image_values_, image_values_);
        std::ranges::copy(image, values.begin() + static_cast<ptrdiff_t>(i * image_values_));
      }
      run_.set_input(0, values);
      run_.run(after_layer);
      after_batch(first, images);
    }
  }

  const InferenceRun& run() const { return run_; }
  uint64_t count() const { return count_; }

 private:
  const std::span<const float> images_;
  const size_t image_values_, count_, batch_;
  InferenceRun run_;
};

}  // namespace

MapRanges measured_ranges(const NetworkValues& values, std::span<const float> images,
                          const std::function<void(uint64_t, uint64_t)>& progress) {
  BatchedRun batches(values, images, Plan::kLayers);
  MapRanges ranges;
  ranges.layers.resize(values.network.layers.size());
  ValueRange& input = ranges.inputs.emplace_back();
  for (const float value : images) input.cover(value);
  batches.each_batch(
      [&](size_t layer) {
        for (const float value : batches.run().map(static_cast<int>(layer))) {
          ranges.layers[layer].cover(value);
        }
      },
      [&](size_t first, size_t done) {
        if (progress) progress(first + done, batches.count());
      });
  return ranges;
}

double native_accuracy(const NetworkValues& values, std::span<const float> images,
                       std::span<const uint8_t> labels,
                       const std::function<void(uint64_t, uint64_t)>& progress) {
  BatchedRun batches(values, images, Plan::kFused);
  CHECK(labels.size() == batches.count(), "{} labels of {} images", labels.size(), batches.count());
  uint64_t right = 0;
  batches.each_batch({}, [&](size_t first, size_t images_done) {
    const std::vector<float> output = batches.run().map(values.network.outputs.front());
    const auto classes =
        static_cast<size_t>(values.network.shape_of(values.network.outputs.front()).elements());
    for (size_t i = 0; i < images_done; ++i) {
      const auto image = std::span(output).subspan(i * classes, classes);
      const auto found = std::ranges::max_element(image) - image.begin();
      if (found == labels[first + i]) ++right;
    }
    if (progress) progress(first + images_done, batches.count());
  });
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace wattgrind
