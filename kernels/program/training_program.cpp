#include "kernels/program/training_program.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"

namespace wattgrind {
namespace {

bool has_parameters(const Layer& layer) {
  return std::holds_alternative<Conv2d>(layer.operation) ||
         std::holds_alternative<Dense>(layer.operation);
}

void check_trainable(const Network& network) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.input() != static_cast<int>(i) - 1) {
      fail(ErrorKind::kInput,
           "{}: layers[{}]: {} does not read the layer before it; only chains can be trained",
           network.name, i, layer.name);
    }
  }
  if (network.layers.empty() || !std::holds_alternative<Softmax>(network.layers.back().operation)) {
    fail(ErrorKind::kInput, "{}: training wants softmax as the last layer, found {}", network.name,
         network.layers.empty() ? "no layer" : kind_name(network.layers.back().operation));
  }
}

// The first layer that has parameters: what lies before needs no gradient.
int first_trained_layer(const Network& network) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (has_parameters(network.layers[i])) return static_cast<int>(i);
  }
  fail(ErrorKind::kInput, "{}: no layer has parameters to train", network.name);
}

class TrainingBuilder {
 public:
  TrainingBuilder(const Network& network, const Optimizer& optimizer, Isa isa, int64_t batch)
      : network_(network), optimizer_(optimizer), first_trained_(first_trained_layer(network)) {
    program().isa = isa;
    program().batch = batch;
  }

  TrainingProgram build() && {
    Program forward = lower_network(network_, program().isa, program().batch, Phase::kTraining);
    std::vector<Step> steps = std::move(forward.steps);
    program() = std::move(forward);
    program().steps.clear();
    add_batch_input();
    for (Step& step : steps) add_step(Pass::kForward, std::move(step));
    choose_gradients();
    training_.loss = add_buffer("loss", BufferKind::kBatch, kNetworkInput,
                                static_cast<uint64_t>(program().batch * kFloatBytes));
    training_.step_size = add_buffer("step_size", BufferKind::kBatch, kNetworkInput,
                                     static_cast<uint64_t>(kFloatBytes));
    for (int i = static_cast<int>(network_.layers.size()) - 1; i >= first_trained_; --i) {
      add_backward(i);
    }
    return std::move(training_);
  }

 private:
  // A gradient map, and the buffer it lies in.
  struct GradientMap {
    uint32_t buffer = 0;
    MapLayout layout;
  };
  // Buffers of one step by what they are to its nest.
  using Operands = std::map<Operand, uint32_t>;

  Program& program() { return training_.program; }
  const Layer& layer(int index) const { return network_.layers[static_cast<size_t>(index)]; }
  const OutputMap& map(int index) {
    return index == kNetworkInput ? program().input : program().outputs[static_cast<size_t>(index)];
  }

  uint32_t add_buffer(std::string name, BufferKind kind, int owner, uint64_t bytes) {
    return wattgrind::add_buffer(program(), network_.name,
                                 {std::move(name), kind, owner, 0, bytes});
  }

  void add_step(Pass pass, Step step) {
    training_.passes.push_back(pass);
    program().steps.push_back(std::move(step));
  }

  // A step on buffers that exist, and new ones for what is in none of them.
  void add_step(Pass pass, int index, const std::string& what, LoopNest nest, Operands buffers) {
    const std::string& name = layer(index).name;
    Step step{index, name + ":" + what, std::move(nest), {}};
    for (const Buffer& buffer : step.nest.buffers) {
      if (!buffers.contains(buffer.operand)) {
        const BufferKind kind = buffer.role == TensorRole::kState      ? BufferKind::kState
                                : buffer.role == TensorRole::kGradient ? BufferKind::kGradient
                                                                       : BufferKind::kScratch;
        buffers[buffer.operand] =
            add_buffer(step.symbol + "." + buffer.name(), kind, index, buffer.bytes);
      }
      step.buffers.push_back(buffers[buffer.operand]);
    }
    last_buffers_ = std::move(buffers);
    add_step(pass, std::move(step));
  }

  void add_batch_input() {
    const int64_t classes = network_.layers.back().output_shape.channels;
    LoopNest nest =
        lower_batch_input(classes, {program().isa, program().batch, program().input.layout, {}});
    Step step{kNetworkInput, "input", std::move(nest), {}};
    const auto added = [&](size_t buffer) {
      const Buffer& operand = step.nest.buffers[buffer];
      return add_buffer(operand.name(), BufferKind::kBatch, kNetworkInput, operand.bytes);
    };
    training_.images = added(0);
    training_.image_labels = added(1);
    training_.labels = added(3);
    step.buffers = {training_.images, training_.image_labels, program().input.buffer,
                    training_.labels};
    add_step(Pass::kInput, std::move(step));
  }

  // One gradient for each buffer that holds layers' outputs. The layer that owns the buffer, the
  // first that writes it, says what halo the gradient needs.
  void choose_gradients() {
    for (int i = first_trained_; i < static_cast<int>(network_.layers.size()); ++i) {
      const OutputMap& output = map(i);
      if (gradients_.contains(output.buffer)) continue;
      GradientMap gradient{
          0, {output.layout.shape, output.layout.channel_pitch, {}, output.layout.staggers_images}};
      const auto* conv = std::get_if<Conv2d>(&layer(i).operation);
      if (conv != nullptr && needs_data_gradient(i)) {
        gradient.layout.halo =
            required_gradient_halo(*conv, layer(i).input_shape(), layer(i).output_shape);
      }
      gradient.buffer = add_buffer(layer(i).name + ".output_gradient", BufferKind::kGradient, i,
                                   gradient.layout.bytes(program().batch));
      gradients_[output.buffer] = gradient;
    }
  }

  bool needs_data_gradient(int index) const { return index > first_trained_; }

  // The gradient of the map that `index` writes; none of the network's input and of what depends on
  // no parameter.
  std::optional<GradientMap> gradient_of(int index) {
    const auto found = gradients_.find(map(index).buffer);
    if (index == kNetworkInput || found == gradients_.end()) return std::nullopt;
    return found->second;
  }

  void add_backward(int index) {
    const Layer& self = layer(index);
    const OutputMap& input = map(self.input());
    const OutputMap& output = map(index);
    const auto input_gradient = gradient_of(self.input());
    const GradientMap output_gradient = *gradient_of(index);
    BackwardContext context{program().isa,         program().batch, input.layout, output.layout, {},
                            output_gradient.layout};
    Operands buffers = {{Operand::kInput, input.buffer},
                        {Operand::kOutput, output.buffer},
                        {Operand::kOutputGradient, output_gradient.buffer},
                        {Operand::kGradient, output_gradient.buffer},
                        {Operand::kLabels, training_.labels},
                        {Operand::kLoss, training_.loss}};
    if (input_gradient) {
      context.input_gradient = input_gradient->layout;
      buffers[Operand::kInputGradient] = input_gradient->buffer;
    }
    for (uint32_t b = 0; b < program().buffers.size(); ++b) {
      if (program().buffers[b].layer != index) continue;
      if (program().buffers[b].kind == BufferKind::kWeights) buffers[Operand::kWeights] = b;
      if (program().buffers[b].kind == BufferKind::kMask) buffers[Operand::kMask] = b;
    }
    if (has_parameters(self)) {
      add_parametric(index, context, buffers);
    } else if (const auto nest = data_gradient(index, context)) {
      add_step(Pass::kBackward, index, "backward", *nest, buffers);
    }
  }

  // None for a layer that only gives its input another name.
  std::optional<LoopNest> data_gradient(int index, const BackwardContext& context) {
    const bool view = map(index).buffer == map(layer(index).input()).buffer;
    return std::visit(
        [&](const auto& operation) -> std::optional<LoopNest> {
          using T = std::decay_t<decltype(operation)>;
          if constexpr (std::is_same_v<T, Conv2d>) {
            return is_depthwise(operation, context.input.shape.channels)
                       ? lower_depthwise_conv2d_data_gradient(operation, context)
                       : lower_conv2d_data_gradient(operation, context);
          } else if constexpr (std::is_same_v<T, Dense>) {
            return lower_dense_data_gradient(operation, context);
          } else if constexpr (std::is_same_v<T, Relu>) {
            return lower_relu_backward(context);
          } else if constexpr (std::is_same_v<T, MaxPool2d>) {
            return lower_max_pool2d_backward(operation, context);
          } else if constexpr (std::is_same_v<T, AvgPool2d>) {
            return lower_avg_pool2d_backward(operation, context);
          } else if constexpr (std::is_same_v<T, GlobalAvgPool2d>) {
            return lower_global_avg_pool2d_backward(context);
          } else if constexpr (std::is_same_v<T, Lrn>) {
            return lower_lrn_backward(operation, context);
          } else if constexpr (std::is_same_v<T, Dropout>) {
            return lower_dropout_backward(context);
          } else if constexpr (std::is_same_v<T, Flatten>) {
            if (view) return std::nullopt;
            return lower_flatten_backward(context);
          } else {
            static_assert(std::is_same_v<T, Softmax>);
            return lower_softmax_cross_entropy_backward(context);
          }
        },
        layer(index).operation);
  }

  void add_parametric(int index, const BackwardContext& context, const Operands& buffers) {
    if (needs_data_gradient(index)) {
      add_step(Pass::kBackward, index, "data_gradient", *data_gradient(index, context), buffers);
    }
    add_step(Pass::kBackward, index, "weight_gradient", weight_gradient(index, context), buffers);
    const uint32_t weight_gradient = last_buffers_.at(Operand::kWeightGradient);
    const uint32_t bias_gradient = last_buffers_.at(Operand::kBiasGradient);
    for (uint32_t b = 0; b < program().buffers.size(); ++b) {
      const ProgramBuffer& buffer = program().buffers[b];
      if (buffer.layer != index) continue;
      if (buffer.kind == BufferKind::kWeights) {
        add_update({index, BufferKind::kWeights, b, weight_gradient});
      } else if (buffer.kind == BufferKind::kBias) {
        add_update({index, BufferKind::kBias, b, bias_gradient});
      }
    }
  }

  static LoopNest conv_weight_gradient(const Conv2d& conv, const BackwardContext& context) {
    return is_depthwise(conv, context.input.shape.channels)
               ? lower_depthwise_conv2d_weight_gradient(conv, context)
               : lower_conv2d_weight_gradient(conv, context);
  }

  LoopNest weight_gradient(int index, const BackwardContext& context) {
    const Operation& operation = layer(index).operation;
    if (const auto* conv = std::get_if<Conv2d>(&operation)) {
      return conv_weight_gradient(*conv, context);
    }
    return lower_dense_weight_gradient(std::get<Dense>(operation), context);
  }

  void add_update(const TrainedTensor& tensor) {
    const bool is_bias = tensor.kind == BufferKind::kBias;
    const auto values =
        static_cast<int64_t>(program().buffers[tensor.parameters].bytes) / kFloatBytes;
    add_step(Pass::kUpdate, tensor.layer, is_bias ? "update_bias" : "update_weights",
             lower_update(optimizer_, is_bias ? TensorRole::kBias : TensorRole::kWeights, values,
                          program().isa),
             {{Operand::kParameters, tensor.parameters},
              {Operand::kGradient, tensor.gradient},
              {Operand::kStepSize, training_.step_size}});
    training_.tensors.push_back(tensor);
  }

  const Network& network_;
  const Optimizer& optimizer_;
  const int first_trained_;
  TrainingProgram training_;
  std::map<uint32_t, GradientMap> gradients_;  // by the buffer of the map
  Operands last_buffers_;                      // of the step added last
};

// Calls visit(uint32_t&) for everything that names a buffer.
template <typename Visit>
void for_each_buffer(TrainingProgram& training, const Visit& visit) {
  Program& program = training.program;
  for (Step& step : program.steps) std::ranges::for_each(step.buffers, visit);
  visit(program.input.buffer);
  for (OutputMap& output : program.outputs) visit(output.buffer);
  for (TrainedTensor& tensor : training.tensors) {
    visit(tensor.parameters);
    visit(tensor.gradient);
  }
  for (uint32_t* buffer : {&training.images, &training.image_labels, &training.labels,
                           &training.loss, &training.step_size}) {
    visit(*buffer);
  }
}

}  // namespace

TrainingProgram lower_training(const Network& network, const Optimizer& optimizer, Isa isa,
                               int64_t batch) {
  check_trainable(network);
  return TrainingBuilder(network, optimizer, isa, batch).build();
}

TrainingProgram lower_smaller_batch(const TrainingProgram& whole, const Network& network,
                                    const Optimizer& optimizer, int64_t batch) {
  TrainingProgram result = lower_training(network, optimizer, whole.program.isa, batch);
  const std::vector<ProgramBuffer>& buffers = whole.program.buffers;
  std::vector<uint32_t> places;  // in `whole`, by buffer
  for (const ProgramBuffer& buffer : result.program.buffers) {
    const auto place = std::ranges::find(buffers, buffer.name, &ProgramBuffer::name);
    CHECK(place != buffers.end() && buffer.bytes <= place->bytes, "{}: {} has no place in batch {}",
          network.name, buffer.name, whole.program.batch);
    places.push_back(static_cast<uint32_t>(place - buffers.begin()));
  }
  for_each_buffer(result, [&](uint32_t& buffer) { buffer = places[buffer]; });
  result.program.buffers = buffers;
  return result;
}

}  // namespace wattgrind
