#include "search/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/machine/host_isa.h"
#include "estimator/system/interrupt.h"
#include "kernels/gradients/backward.h"
#include "kernels/layout/packing.h"
#include "kernels/program/training_program.h"
#include "kernels/run/native_program.h"

namespace wattgrind {
namespace {

// Streams of the seed that belong to no layer.
constexpr uint64_t kShuffleStream = uint64_t{1} << 32;
constexpr uint64_t kDropoutStream = uint64_t{2} << 32;

// The words for Learning's values, in their order.
constexpr std::string_view kLearnings[] = {"loss-fell", "loss-did-not-fall", "loss-not-a-number"};

void check_fit(const Network& network, const LabelledImages& images, int classes) {
  if (network.input != images.shape) {
    fail(ErrorKind::kInput, "{}: takes images of {}, found {} in the data", network.name,
         to_string(network.input), to_string(images.shape));
  }
  const int64_t outputs = network.layers.back().output_shape.elements();
  if (outputs != classes) {
    fail(ErrorKind::kInput, "{}: tells {} classes apart, found {} in the data", network.name,
         outputs, classes);
  }
}

// Images as kernels copy them: (row, column, channel). One channel is in that order as it is.
class ChannelsLast {
 public:
  explicit ChannelsLast(const LabelledImages& images) : images_(images) {
    const FeatureShape& shape = images.shape;
    if (shape.channels == 1) return;
    const MapLayout plain{shape, shape.channels, {}};
    image_values_ = static_cast<size_t>(plain.image_bytes() / kFloatBytes);
    values_.resize(image_values_ * images.size());
    for_each_value(plain, static_cast<int64_t>(images.size()), [&](size_t stored, size_t logical) {
      values_[stored] = images.pixels[logical];
    });
  }

  const float* image(size_t index) const {
    return values_.empty() ? images_.image(index).data() : values_.data() + index * image_values_;
  }
  size_t label(size_t index) const { return images_.labels[index]; }

 private:
  const LabelledImages& images_;
  std::vector<float> values_;
  size_t image_values_ = 0;
};

// Whether no value is larger than that at `index`, and none before it is equal. Without branches:
// which class is the largest is hard to predict.
bool is_first_largest(std::span<const float> values, size_t index) {
  const float candidate = values[index];
  bool is_it = true;
  for (size_t i = 0; i < index; ++i) is_it &= values[i] < candidate;
  for (size_t i = index; i < values.size(); ++i) is_it &= values[i] <= candidate;
  return is_it;
}

// A program of the copy of a single image: a batch is gathered by as many calls, whose addresses
// only the data set knows.
Program copy_of_one(const Program& training, int64_t classes) {
  Program program;
  program.isa = training.isa;
  program.steps.push_back({kNetworkInput,
                           "copy",
                           lower_batch_input(classes, {training.isa, 1, training.input.layout, {}}),
                           {}});
  return program;
}

}  // namespace

class Trainer::State {
 public:
  State(const Network& network, const LabelledImages& images, int classes,
        const TrainingOptions& options)
      : network_(network),
        options_(options),
        classes_(static_cast<size_t>(classes)),
        order_(images.size()),
        whole_(lower_training(network, options.optimizer, host_isa(), batch_size(images))),
        memory_(whole_.program) {
    check_fit(network, images, classes);
    images_.emplace(images);
    std::iota(order_.begin(), order_.end(), size_t{0});
    const int64_t rest = static_cast<int64_t>(images.size()) % whole_.program.batch;
    if (rest > 0) rest_ = lower_smaller_batch(whole_, network, options.optimizer, rest);
    compile();
    for (size_t c = 0; c < classes_; ++c) {
      one_hot_.emplace_back(classes_);
      one_hot_.back()[c] = 1;
    }
    set_parameters(initial_parameters(network, options.initializer, options.seed));
  }

  EpochResult train_epoch(const EpochProgress& progress) {
    shuffle();
    EpochResult result;
    uint64_t correct = 0;
    for (size_t first = 0; first < order_.size();) {
      throw_if_interrupted();
      const bool is_whole = order_.size() - first >= batch();
      const TrainingProgram& training = is_whole ? whole_ : *rest_;
      const std::span<const size_t> chosen(order_.data() + first,
                                           static_cast<size_t>(training.program.batch));
      run_step(training, is_whole ? 0 : whole_.program.steps.size(), chosen);
      const std::span<const float> losses = memory_.buffer(whole_.loss).first(chosen.size());
      result.loss = std::accumulate(losses.begin(), losses.end(), result.loss);
      correct += count_correct(*images_, chosen);
      first += chosen.size();
      if (!std::isfinite(result.loss)) return {std::nan(""), 0};
      if (progress) progress(first, order_.size());
    }
    const auto count = static_cast<double>(order_.size());
    return {result.loss / count, static_cast<double>(correct) / count};
  }

  double accuracy(const LabelledImages& images) {
    check_fit(network_, images, static_cast<int>(classes_));
    const ChannelsLast pixels(images);
    fill_masks([](int) { return 1.0f; });
    std::vector<size_t> in_order(images.size());
    std::iota(in_order.begin(), in_order.end(), size_t{0});
    uint64_t correct = 0;
    for (size_t first = 0; first < images.size(); first += batch()) {
      throw_if_interrupted();
      const std::span<const size_t> chosen(in_order.data() + first,
                                           std::min(batch(), images.size() - first));
      copy_images(pixels, chosen);
      for (size_t step = 0; step < whole_.passes.size(); ++step) {
        if (whole_.passes[step] == Pass::kForward) kernels_->run(step);
      }
      correct += count_correct(pixels, chosen);
    }
    return static_cast<double>(correct) / static_cast<double>(images.size());
  }

  std::vector<LayerParameters> parameters() const {
    std::vector<LayerParameters> result(network_.layers.size());
    for (const TrainedTensor& tensor : whole_.tensors) {
      const Layer& layer = network_.layers[static_cast<size_t>(tensor.layer)];
      LayerParameters& parameters = result[static_cast<size_t>(tensor.layer)];
      const std::span<const float> packed = memory_.buffer(tensor.parameters);
      const auto outputs = static_cast<size_t>(layer.output_shape.channels);
      if (tensor.kind == BufferKind::kBias) {
        parameters.bias.assign(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(outputs));
      } else {
        parameters.weights.resize(layer.parameters - outputs);
        unpack_weights(layer, input_layout(layer), whole_.program.isa, packed, parameters.weights);
      }
    }
    return result;
  }

  void set_parameters(const std::vector<LayerParameters>& parameters) {
    for (const TrainedTensor& tensor : whole_.tensors) {
      const auto index = static_cast<size_t>(tensor.layer);
      const Layer& layer = network_.layers[index];
      const LayerParameters& given = parameters.at(index);
      CHECK(given.weights.size() + given.bias.size() == layer.parameters,
            "{}: {} weights and {} biases", layer.name, given.weights.size(), given.bias.size());
      const std::span<float> packed = memory_.buffer(tensor.parameters);
      if (tensor.kind == BufferKind::kBias) {
        pack_bias(layer, given.bias, packed);
      } else {
        pack_weights(layer, input_layout(layer), whole_.program.isa, given.weights, packed);
      }
    }
  }

 private:
  int64_t batch_size(const LabelledImages& images) const {
    if (options_.batch < 1) {
      fail(ErrorKind::kInput, "{}: found batch {}, wanted at least 1", network_.name,
           options_.batch);
    }
    CHECK(images.size() > 0, "{}: no images", network_.name);
    return std::min(options_.batch, static_cast<int64_t>(images.size()));
  }

  size_t batch() const { return static_cast<size_t>(whole_.program.batch); }

  const MapLayout& input_layout(const Layer& layer) const {
    return layer.input == kNetworkInput
               ? whole_.program.input.layout
               : whole_.program.outputs[static_cast<size_t>(layer.input)].layout;
  }

  void compile() {
    const Isa isa = whole_.program.isa;
    const Program copy = copy_of_one(whole_.program, static_cast<int64_t>(classes_));
    std::vector<const Program*> programs = {&whole_.program};
    if (rest_) programs.push_back(&rest_->program);
    programs.push_back(&copy);
    const size_t steps = whole_.program.steps.size();
    kernels_.emplace(programs, memory_, CodegenOptions{isa, traits(isa).fused_multiply_add});
    copy_one_ = kernels_->function(rest_ ? 2 * steps : steps);
  }

  // Fisher and Yates's, from the order of the epoch before.
  void shuffle() {
    Random random(derive_seed(options_.seed, kShuffleStream + epoch_++));
    for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.below(i)]);
  }

  void run_step(const TrainingProgram& training, size_t first_kernel,
                std::span<const size_t> chosen) {
    copy_images(*images_, chosen);
    memory_.buffer(whole_.step_size)[0] = step_size(options_.optimizer, ++step_);
    draw_masks();
    for (size_t step = 0; step < training.passes.size(); ++step) {
      if (training.passes[step] != Pass::kInput) kernels_->run(first_kernel + step);
    }
  }

  // A map of a batch in memory.
  struct BatchMap {
    float* first = nullptr;
    size_t image_values = 0;

    float* image(size_t index) const { return first + index * image_values; }
  };
  BatchMap batch_map(uint32_t buffer, const MapLayout& layout) const {
    return {memory_.buffer(buffer).data(), static_cast<size_t>(layout.image_bytes() / kFloatBytes)};
  }

  void copy_images(const ChannelsLast& images, std::span<const size_t> chosen) {
    const BatchMap input = batch_map(whole_.program.input.buffer, whole_.program.input.layout);
    const BatchMap labels = batch_map(whole_.labels, label_layout(static_cast<int64_t>(classes_)));
    for (size_t i = 0; i < chosen.size(); ++i) {
      // Kernels take addresses of what they may write; the first two are only read.
      void* const buffers[] = {const_cast<float*>(images.image(chosen[i])),
                               one_hot_[images.label(chosen[i])].data(), input.image(i),
                               labels.image(i)};
      copy_one_(buffers);
    }
  }

  template <typename Draw>
  void fill_masks(const Draw& draw) {
    for (uint32_t b = 0; b < whole_.program.buffers.size(); ++b) {
      const ProgramBuffer& buffer = whole_.program.buffers[b];
      if (buffer.kind != BufferKind::kMask) continue;
      const auto mask = memory_.buffer(b);
      const auto& layout = whole_.program.outputs[static_cast<size_t>(buffer.layer)].layout;
      for_each_value(layout, whole_.program.batch,
                     [&](size_t stored, size_t) { mask[stored] = draw(buffer.layer); });
    }
  }

  void draw_masks() {
    Random random(derive_seed(options_.seed, kDropoutStream + step_));
    fill_masks([&](int layer) {
      const double rate =
          std::get<Dropout>(network_.layers[static_cast<size_t>(layer)].operation).rate;
      return random.uniform() < rate ? 0.0f : static_cast<float>(1 / (1 - rate));
    });
  }

  // Of the batch that went through the network last.
  uint64_t count_correct(const ChannelsLast& images, std::span<const size_t> chosen) const {
    const OutputMap& output = whole_.program.outputs.back();
    const BatchMap probabilities = batch_map(output.buffer, output.layout);
    uint64_t correct = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      const std::span<const float> values(probabilities.image(i), classes_);
      correct += is_first_largest(values, images.label(chosen[i])) ? 1 : 0;
    }
    return correct;
  }

  const Network network_;
  const TrainingOptions options_;
  const size_t classes_;
  std::vector<size_t> order_;
  std::optional<ChannelsLast> images_;
  const TrainingProgram whole_;
  std::optional<TrainingProgram> rest_;  // the last batch of an epoch, where it is smaller
  ProgramMemory memory_;
  std::optional<NativeSteps> kernels_;
  KernelFunction copy_one_ = nullptr;
  std::vector<std::vector<float>> one_hot_;  // by class
  uint64_t epoch_ = 0, step_ = 0;
};

Learning judge(const std::vector<EpochResult>& epochs, int classes) {
  CHECK(!epochs.empty(), "no epoch of {} classes", classes);
  const double loss = epochs.back().loss;
  if (!std::isfinite(loss)) return Learning::kNotANumber;
  return loss < std::log(static_cast<double>(classes)) ? Learning::kFell : Learning::kDidNotFall;
}

std::string_view name(Learning learning) { return kLearnings[static_cast<size_t>(learning)]; }

std::optional<Learning> learning_named(std::string_view name) {
  const auto found = std::ranges::find(kLearnings, name);
  if (found == std::end(kLearnings)) return std::nullopt;
  return static_cast<Learning>(found - std::begin(kLearnings));
}

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
