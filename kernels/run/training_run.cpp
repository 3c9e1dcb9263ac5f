#include "kernels/run/training_run.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "estimator/network/layer_kind.h"
#include "kernels/gradients/backward.h"
#include "kernels/layout/packing.h"
#include "kernels/program/evaluation_program.h"

namespace wattgrind {
namespace {

// A program that copies a single image and its label. A batch is gathered by calling it once for
// each image, because only the data set knows where the images lie.
Program copy_of_one(const Program& training, int64_t classes) {
  Program program;
  program.isa = training.isa;
  program.steps.push_back(
      make_step(kNetworkInput, "copy",
                lower_batch_input(classes, {training.isa, 1, {training.input().layout}, {}}), {}));
  return program;
}

std::optional<TrainingProgram> lower_rest(const TrainingProgram& whole, const Network& network,
                                          const Optimizer& optimizer, uint64_t images) {
  const auto rest = static_cast<int64_t>(images % static_cast<uint64_t>(whole.program.batch));
  if (rest == 0) return std::nullopt;
  return lower_smaller_batch(whole, network, optimizer, rest);
}

}  // namespace

BatchSource::BatchSource(const FeatureShape& shape, std::span<const float> pixels,
                         std::span<const uint8_t> labels)
    : image_values_(static_cast<size_t>(shape.elements())), first_(pixels.data()), labels_(labels) {
  CHECK(pixels.size() == image_values_ * labels.size(), "{} pixels and {} labels", pixels.size(),
        labels.size());
  if (shape.channels == 1) return;
  const auto channels = static_cast<size_t>(shape.channels);
  const size_t places = image_values_ / channels;
  reordered_.resize(pixels.size());
  for (size_t image = 0; image < pixels.size(); image += image_values_) {
    for (size_t channel = 0; channel < channels; ++channel) {
      for (size_t place = 0; place < places; ++place) {
        reordered_[image + place * channels + channel] = pixels[image + channel * places + place];
      }
    }
  }
  first_ = reordered_.data();
}

TrainingRun::TrainingRun(const Network& network, const Optimizer& optimizer, int64_t batch,
                         uint64_t images)
    : network_(network),
      optimizer_(optimizer),
      whole_(lower_training(network, optimizer, host_isa(), batch)),
      rest_(lower_rest(whole_, network, optimizer, images)),
      evaluation_(lower_evaluation(whole_, network)),
      classes_(static_cast<size_t>(network.layers.back().output_shape.channels)),
      memory_(whole_.program) {
  compile();
  for (size_t c = 0; c < classes_; ++c) {
    one_hot_.emplace_back(classes_);
    one_hot_.back()[c] = 1;
  }
}

void TrainingRun::compile() {
  const Isa isa = whole_.program.isa;
  const Program copy = copy_of_one(whole_.program, static_cast<int64_t>(classes_));
  std::vector<const Program*> programs = {&whole_.program};
  if (rest_) programs.push_back(&rest_->program);
  first_of_evaluation_ = whole_.program.steps.size() + (rest_ ? rest_->program.steps.size() : 0);
  programs.push_back(&evaluation_);
  programs.push_back(&copy);
  kernels_.emplace(programs, memory_, native_code(isa));
  copy_one_ = kernels_->function(first_of_evaluation_ + evaluation_.steps.size());
}

const MapLayout& TrainingRun::input_layout(const Layer& layer) const {
  return whole_.program.map(layer.input()).layout;
}

const TrainedTensor* TrainingRun::find_tensor(size_t layer, BufferKind kind) const {
  for (const TrainedTensor& tensor : whole_.tensors) {
    if (static_cast<size_t>(tensor.layer) == layer && tensor.kind == kind) return &tensor;
  }
  return nullptr;
}

void TrainingRun::set_parameters(size_t index, std::span<const float> weights,
                                 std::span<const float> bias) {
  const Layer& layer = network_.layers.at(index);
  CHECK(weights.size() + bias.size() == layer.parameters, "{}: {} weights and {} biases",
        layer.name, weights.size(), bias.size());
  if (const TrainedTensor* tensor = find_tensor(index, BufferKind::kWeights)) {
    pack_weights(layer, input_layout(layer), whole_.program.isa, weights,
                 memory_.buffer(tensor->parameters));
  }
  if (const TrainedTensor* tensor = find_tensor(index, BufferKind::kBias)) {
    pack_bias(layer, bias, memory_.buffer(tensor->parameters));
  }
}

std::vector<float> TrainingRun::weights(size_t index) const {
  const TrainedTensor* tensor = find_tensor(index, BufferKind::kWeights);
  if (tensor == nullptr) return {};
  const Layer& layer = network_.layers[index];
  std::vector<float> weights(parameter_values(layer, ParameterRole::kWeights));
  unpack_weights(layer, input_layout(layer), whole_.program.isa, memory_.buffer(tensor->parameters),
                 weights);
  return weights;
}

std::vector<float> TrainingRun::bias(size_t index) const {
  const TrainedTensor* tensor = find_tensor(index, BufferKind::kBias);
  if (tensor == nullptr) return {};
  const std::span<const float> packed =
      memory_.buffer(tensor->parameters)
          .first(parameter_values(network_.layers[index], ParameterRole::kBias));
  return {packed.begin(), packed.end()};
}

// Empty where the layer holds none.
std::span<float> TrainingRun::held_statistics(size_t layer) const {
  const auto& buffers = whole_.program.buffers;
  const auto held = std::ranges::find_if(buffers, [layer](const ProgramBuffer& buffer) {
    return buffer.kind == BufferKind::kStatistics && buffer.layer == static_cast<int>(layer);
  });
  if (held == buffers.end()) return {};
  return memory_.buffer(static_cast<uint32_t>(held - buffers.begin()));
}

void TrainingRun::set_statistics(size_t layer, std::span<const float> statistics) {
  const std::span<float> held = held_statistics(layer);
  CHECK(statistics.size() == held.size(), "{}: {} statistics", network_.layers.at(layer).name,
        statistics.size());
  std::ranges::copy(statistics, held.begin());
}

std::vector<float> TrainingRun::statistics(size_t layer) const {
  const std::span<const float> held = held_statistics(layer);
  return {held.begin(), held.end()};
}

void TrainingRun::set_mask(size_t layer, std::span<const float> factors) {
  const auto& buffers = whole_.program.buffers;
  const auto mask = std::ranges::find_if(buffers, [layer](const ProgramBuffer& buffer) {
    return buffer.kind == BufferKind::kMask && static_cast<size_t>(buffer.layer) == layer;
  });
  CHECK(mask != buffers.end(), "{}: layer {} has no mask", network_.name, layer);
  const MapLayout& layout = whole_.program.outputs[layer].layout;
  CHECK(factors.size() == batch() * static_cast<size_t>(layout.shape.elements()), "{} factors",
        factors.size());
  const std::span<float> stored = memory_.buffer(static_cast<uint32_t>(mask - buffers.begin()));
  for_each_value(layout, whole_.program.batch,
                 [&](size_t place, size_t logical) { stored[place] = factors[logical]; });
}

float* TrainingRun::image_of(uint32_t buffer, const MapLayout& layout, size_t image) const {
  const auto values = static_cast<size_t>(layout.image_bytes() / kFloatBytes);
  return memory_.buffer(buffer).data() + image * values;
}

void TrainingRun::set_batch(const BatchSource& images, std::span<const size_t> chosen) {
  CHECK(!chosen.empty() && chosen.size() <= batch(), "{} images in a batch of {}", chosen.size(),
        batch());
  const OutputMap& input = whole_.program.input();
  const MapLayout labels = label_layout(static_cast<int64_t>(classes_));
  for (size_t i = 0; i < chosen.size(); ++i) {
    // Kernels take addresses of what they may write; the first two are only read.
    void* const buffers[] = {
        const_cast<float*>(images.image(chosen[i])), one_hot_[images.label(chosen[i])].data(),
        image_of(input.buffer, input.layout, i), image_of(whole_.labels, labels, i)};
    copy_one_(buffers);
  }
  chosen_ = chosen.size();
}

void TrainingRun::forward() {
  for (size_t step = 0; step < evaluation_.steps.size(); ++step) {
    kernels_->run(first_of_evaluation_ + step);
  }
}

void TrainingRun::step() {
  const bool is_whole = chosen_ == batch();
  CHECK(is_whole || (rest_ && chosen_ == static_cast<size_t>(rest_->program.batch)),
        "{} images in a step of {}", chosen_, batch());
  memory_.buffer(whole_.step_size)[0] = step_size(optimizer_, ++steps_);
  const std::vector<Pass>& passes = is_whole ? whole_.passes : rest_->passes;
  const size_t first_kernel = is_whole ? 0 : whole_.passes.size();
  for (size_t step = 0; step < passes.size(); ++step) {
    if (passes[step] != Pass::kInput) kernels_->run(first_kernel + step);
  }
}

std::span<const float> TrainingRun::losses() const {
  return memory_.buffer(whole_.loss).first(chosen_);
}

std::span<const float> TrainingRun::probabilities(size_t image) const {
  const OutputMap& output = whole_.program.outputs.back();
  return {image_of(output.buffer, output.layout, image), classes_};
}

}  // namespace wattgrind
