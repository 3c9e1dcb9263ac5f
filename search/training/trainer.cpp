#include "search/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/system/interrupt.h"
#include "kernels/run/training_run.h"

namespace wattgrind {
namespace {

// Layers draw from the streams of the seed that have their numbers; these two belong to no layer.
constexpr uint64_t kShuffleStream = uint64_t{1} << 32;
constexpr uint64_t kDropoutStream = uint64_t{2} << 32;

void check_fit(const Network& network, const LabelledImages& images, int classes) {
  if (network.input() != images.shape) {
    fail(ErrorKind::kInput, "{}: takes images of {}, found {} in the data", network.name,
         to_string(network.input()), to_string(images.shape));
  }
  if (network.layers.empty()) return;  // lowering says so
  const int64_t outputs = network.shape_of(network.outputs.front()).elements();
  if (outputs != classes) {
    fail(ErrorKind::kInput, "{}: tells {} classes apart, found {} in the data", network.name,
         outputs, classes);
  }
}

// Whether the value at `index` is the largest, and the first of those that are as large. There are
// no branches, for a processor predicts badly which class is the largest.
bool is_first_largest(std::span<const float> values, size_t index) {
  const float candidate = values[index];
  bool is_it = true;
  for (size_t i = 0; i < index; ++i) is_it &= values[i] < candidate;
  for (size_t i = index; i < values.size(); ++i) is_it &= values[i] <= candidate;
  return is_it;
}

}  // namespace

class Trainer::State {
 public:
  State(const Network& network, const LabelledImages& images, int classes,
        const TrainingOptions& options)
      : network_(network),
        options_(options),
        classes_(classes),
        order_(in_order(images)),
        images_(source(images)),
        run_(network, options.optimizer, batch_size(images), images.size()) {
    set_parameters(initial_parameters(network, options.initializer, options.seed));
  }

  EpochResult train_epoch(const EpochProgress& progress) {
    shuffle();
    EpochResult result;
    uint64_t correct = 0;
    for (size_t first = 0; first < order_.size();) {
      throw_if_interrupted();
      const std::span<const size_t> chosen = batch_from(order_, first);
      run_.set_batch(images_, chosen);
      draw_masks();
      run_.step();
      const std::span<const float> losses = run_.losses();
      result.loss = std::accumulate(losses.begin(), losses.end(), result.loss);
      correct += count_correct(images_, chosen);
      first += chosen.size();
      if (!std::isfinite(result.loss)) return {std::nan(""), 0};
      if (progress) progress(first, order_.size());
    }
    const auto count = static_cast<double>(order_.size());
    return {result.loss / count, static_cast<double>(correct) / count};
  }

  double accuracy(const LabelledImages& images) {
    check_fit(network_, images, classes_);
    const BatchSource judged = source(images);
    fill_masks([](double) { return 1.0f; });
    const std::vector<size_t> order = in_order(images);
    uint64_t correct = 0;
    for (size_t first = 0; first < order.size(); first += run_.batch()) {
      throw_if_interrupted();
      const std::span<const size_t> chosen = batch_from(order, first);
      run_.set_batch(judged, chosen);
      run_.forward();
      correct += count_correct(judged, chosen);
    }
    return static_cast<double>(correct) / static_cast<double>(images.size());
  }

  std::vector<LayerParameters> parameters() const {
    std::vector<LayerParameters> result;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      result.push_back({run_.weights(i), run_.bias(i)});
    }
    return result;
  }

  void set_parameters(const std::vector<LayerParameters>& parameters) {
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      run_.set_parameters(i, parameters.at(i).weights, parameters.at(i).bias);
    }
  }

 private:
  static std::vector<size_t> in_order(const LabelledImages& images) {
    std::vector<size_t> order(images.size());
    std::iota(order.begin(), order.end(), size_t{0});
    return order;
  }

  static BatchSource source(const LabelledImages& images) {
    return {images.shape, images.pixels, images.labels};
  }

  int64_t batch_size(const LabelledImages& images) const {
    if (options_.batch < 1) {
      fail(ErrorKind::kInput, "{}: found batch {}, wanted at least 1", network_.name,
           options_.batch);
    }
    CHECK(images.size() > 0, "{}: no images", network_.name);
    check_fit(network_, images, classes_);
    return std::min(options_.batch, static_cast<int64_t>(images.size()));
  }

  std::span<const size_t> batch_from(std::span<const size_t> order, size_t first) const {
    return order.subspan(first, std::min(run_.batch(), order.size() - first));
  }

  // Shuffles the order of the epoch before, as Fisher and Yates do.
  void shuffle() {
    Random random(derive_seed(options_.seed, kShuffleStream + epoch_++));
    for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
  }

  // Sets every dropout layer's mask to values of draw(rate).
  template <typename Draw>
  void fill_masks(const Draw& draw) {
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const auto* dropout = std::get_if<Dropout>(&network_.layers[i].operation);
      if (dropout == nullptr) continue;
      const auto values = static_cast<size_t>(network_.layers[i].output_shape.elements());
      mask_.resize(run_.batch() * values);
      for (float& factor : mask_) factor = draw(dropout->rate);
      run_.set_mask(i, mask_);
    }
  }

  // Every step draws from a stream of its own.
  void draw_masks() {
    Random random(derive_seed(options_.seed, kDropoutStream + run_.steps() + 1));
    fill_masks([&](double rate) {
      return random.uniform() < rate ? 0.0f : static_cast<float>(1 / (1 - rate));
    });
  }

  // Counts the images of the last batch, which `chosen` names, whose own class got the highest
  // probability.
  uint64_t count_correct(const BatchSource& images, std::span<const size_t> chosen) const {
    uint64_t correct = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      correct += is_first_largest(run_.probabilities(i), images.label(chosen[i])) ? 1 : 0;
    }
    return correct;
  }

  const Network network_;
  const TrainingOptions options_;
  const int classes_;
  std::vector<size_t> order_;
  const BatchSource images_;
  TrainingRun run_;
  std::vector<float> mask_;  // of the layer filled last
  uint64_t epoch_ = 0;
};

Trainer::Trainer(const Network& network, const LabelledImages& images, int classes,
                 const TrainingOptions& options)
    : state_(std::make_unique<State>(network, images, classes, options)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

EpochResult Trainer::train_epoch(const EpochProgress& progress) {
  return state_->train_epoch(progress);
}
double Trainer::accuracy(const LabelledImages& images) { return state_->accuracy(images); }
std::vector<LayerParameters> Trainer::parameters() const { return state_->parameters(); }
void Trainer::set_parameters(const std::vector<LayerParameters>& parameters) {
  state_->set_parameters(parameters);
}

}  // namespace wattgrind
