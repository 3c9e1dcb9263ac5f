// Training steps of networks with branches, against finite differences of the whole loss.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "estimator/network/layer_kind.h"
#include "kernels/gradients/backward.h"
#include "kernels/layout/packing.h"
#include "kernels/program/training_program.h"
#include "kernels/run/native_program.h"
#include "tests/error_text.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_layers.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr float kLearningRate = 1;
constexpr int64_t kBatch = 3;

// What a training step's forward pass makes of the layer: batch normalisation takes the batch's own
// means and variances.
std::vector<float> forward(const Layer& layer, const std::vector<std::vector<float>>& inputs,
                           LayerParameters parameters) {
  if (std::holds_alternative<BatchNorm>(layer.operation)) {
    const FeatureShape& shape = layer.output_shape;
    const auto pixels = static_cast<size_t>(shape.height * shape.width);
    const auto channels = static_cast<size_t>(shape.channels);
    for (size_t c = 0; c < channels; ++c) {
      double sum = 0, squares = 0;
      for (size_t i = 0; i < static_cast<size_t>(kBatch) * pixels; ++i) {
        const double x = inputs[0][(i / pixels * channels + c) * pixels + i % pixels];
        sum += x;
        squares += x * x;
      }
      const double count = static_cast<double>(kBatch) * static_cast<double>(pixels);
      parameters.statistics[c] = static_cast<float>(sum / count);
      parameters.statistics[channels + c] =
          static_cast<float>(squares / count - sum / count * (sum / count));
    }
  }
  return reference_layer(layer, kBatch, inputs, parameters);
}

struct GraphStep {
  Network network;
  std::vector<float> images, labels;
  std::vector<LayerParameters> parameters;

  explicit GraphStep(Network graph) : network(std::move(graph)) {
    images = random_values(static_cast<size_t>(kBatch * network.input().elements()), 1);
    for (const Layer& layer : network.layers) {
      parameters.push_back(random_parameters(layer, 10 * parameters.size() + 2));
      if (layer.macs == 0) continue;
      const auto fan_in =
          static_cast<float>(layer.macs) / static_cast<float>(layer.output_shape.elements());
      for (float& weight : parameters.back().weights) weight /= std::sqrt(fan_in);
    }
    labels.resize(static_cast<size_t>(kBatch * network.layers.back().output_shape.channels));
    const size_t classes = labels.size() / kBatch;
    for (size_t n = 0; n < kBatch; ++n) labels[n * classes + (2 * n + 1) % classes] = 1;
  }

  // The mean cross-entropy of the batch.
  double loss() const {
    std::vector<std::vector<float>> maps;
    for (size_t i = 0; i < network.layers.size(); ++i) {
      std::vector<std::vector<float>> inputs;
      for (const int source : network.layers[i].inputs) {
        inputs.push_back(is_network_input(source) ? images : maps[static_cast<size_t>(source)]);
      }
      maps.push_back(forward(network.layers[i], inputs, parameters[i]));
    }
    double loss = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] > 0) loss -= std::log(double{maps.back()[i]}) / kBatch;
    }
    return loss;
  }
};

std::vector<float> unpacked(const GraphStep& step, const TrainingProgram& training,
                            const TrainedTensor& tensor, const ProgramMemory& memory) {
  const Layer& layer = step.network.layers[static_cast<size_t>(tensor.layer)];
  const std::span<const float> packed = memory.buffer(tensor.parameters);
  if (tensor.kind == BufferKind::kBias) {
    const size_t biases = parameter_values(layer, ParameterRole::kBias);
    return {packed.begin(), packed.begin() + static_cast<ptrdiff_t>(biases)};
  }
  std::vector<float> weights(parameter_values(layer, ParameterRole::kWeights));
  unpack_weights(layer, training.program.map(layer.input()).layout, training.program.isa, packed,
                 weights);
  return weights;
}

void fill(const GraphStep& step, const TrainingProgram& training, const ProgramMemory& memory) {
  const Program& program = training.program;
  const FeatureShape& shape = step.network.input();
  const auto write = [&](uint32_t buffer, const MapLayout& layout, const std::vector<float>& from) {
    for_each_value(layout, kBatch, [&](size_t stored, size_t logical) {
      memory.buffer(buffer)[stored] = from[logical];
    });
  };
  write(training.images, {shape, shape.channels, {}}, step.images);
  write(training.image_labels, label_layout(step.network.layers.back().output_shape.channels),
        step.labels);
  memory.buffer(training.step_size)[0] = kLearningRate;
  for (const TrainedTensor& tensor : training.tensors) {
    const auto index = static_cast<size_t>(tensor.layer);
    const Layer& layer = step.network.layers[index];
    const MapLayout& input = program.map(layer.input()).layout;
    if (tensor.kind == BufferKind::kBias) {
      pack_bias(layer, step.parameters[index].bias, memory.buffer(tensor.parameters));
    } else {
      pack_weights(layer, input, program.isa, step.parameters[index].weights,
                   memory.buffer(tensor.parameters));
    }
  }
}

// Every parameter's change in one step of plain gradient descent.
void check(const NetworkSpec& spec) {
  GraphStep step(build_network(spec, "test"));
  const TrainingProgram training = lower_training(step.network, Sgd{}, Isa::kAvx2, kBatch);
  const ProgramMemory memory(training.program);
  const Program* programs[] = {&training.program};
  const NativeSteps steps(programs, memory, {Isa::kAvx2, true});
  fill(step, training, memory);
  for (size_t i = 0; i < training.program.steps.size(); ++i) {
    steps.run(i);
    // What is counted are the same references: no two buffers of a step overlap.
    EXPECT_NO_THROW(validate(training.program.access_program(training.program.steps[i])))
        << training.program.steps[i].symbol;
  }
  std::set<int> trained;
  for (const TrainedTensor& tensor : training.tensors) {
    trained.insert(tensor.layer);
    const auto index = static_cast<size_t>(tensor.layer);
    LayerParameters& held = step.parameters[index];
    std::vector<float>& values = tensor.kind == BufferKind::kBias ? held.bias : held.weights;
    const std::vector<float> after = unpacked(step, training, tensor, memory);
    ASSERT_EQ(after.size(), values.size());
    const size_t stride = std::max<size_t>(1, values.size() / 7);
    for (size_t i = 0; i < values.size(); i += stride) {
      const float kept = values[i];
      constexpr float kStep = 0.02F;
      values[i] = kept + kStep;
      const double above = step.loss();
      values[i] = kept - kStep;
      const double below = step.loss();
      values[i] = kept;
      const double wanted = (above - below) / (2 * double{kStep});
      EXPECT_NEAR(double{kept} - double{after[i]}, wanted, 2e-4 + 2e-3 * std::abs(wanted))
          << step.network.layers[index].name
          << (tensor.kind == BufferKind::kBias ? " bias " : " weight ") << i;
    }
  }
  for (size_t i = 0; i < step.network.layers.size(); ++i) {
    EXPECT_EQ(trained.contains(static_cast<int>(i)), step.network.layers[i].parameters > 0);
  }
}

LayerSpec conv(const std::string& name, int64_t filters, int64_t kernel, int64_t groups,
               const std::string& input) {
  return {name, Conv2d{filters, window(kernel, 1, kernel / 2), groups}, false, {input}};
}
LayerSpec swish(const std::string& name, const std::string& input) {
  return {name, Activation{UnaryFunction::kSwish}, false, {input}};
}

TEST(TrainingGraph, ResidualBlock) {
  check({"residual",
         {{"input", {3, 6, 5}}},
         {conv("stem", 5, 3, 1, "input"),
          {"stem_norm", BatchNorm{}, false, {"stem"}},
          swish("stem_swish", "stem_norm"),
          conv("a", 5, 3, 1, "stem_swish"),
          {"a_norm", BatchNorm{}, false, {"a"}},
          swish("a_swish", "a_norm"),
          conv("b", 5, 3, 1, "a_swish"),
          {"sum", Binary{BinaryFunction::kAdd}, false, {"b", "stem_swish"}},
          swish("sum_swish", "sum"),
          {"pool", GlobalAvgPool2d{}, false, {"sum_swish"}},
          {"classes", Dense{4}, false, {"pool"}},
          {"probabilities", Softmax{}, false, {"classes"}}},
         {}});
}

// An output with four readers, one of which reads it twice.
TEST(TrainingGraph, SeveralReadersConcatenationAndGates) {
  check({"readers",
         {{"input", {3, 7, 6}}},
         {conv("stem", 6, 3, 1, "input"),
          swish("x", "stem"),
          conv("depthwise", 6, 3, 6, "x"),
          conv("pointwise", 6, 1, 1, "x"),
          {"square", Binary{BinaryFunction::kMultiply}, false, {"x", "x"}},
          {"squeeze", Reduce{ReduceFunction::kMean, {.height = true, .width = true}}, false, {"x"}},
          {"gate", Activation{UnaryFunction::kSigmoid}, false, {"squeeze"}},
          {"gated", Binary{BinaryFunction::kMultiply}, false, {"depthwise", "gate"}},
          {"joined", Concat{MapAxis::kChannels}, false, {"gated", "pointwise", "square"}},
          {"slice", Slice{MapAxis::kChannels, 1, 14}, false, {"joined"}},
          {"scaled", Binary{BinaryFunction::kMultiply, {14, 1, 1}}, false, {"slice"}},
          {"dilated", Conv2d{5, {3, 3, 1, 1, 2, 2, 2, 2, 2, 2}, 1, false}, false, {"scaled"}},
          {"pool", GlobalAvgPool2d{}, false, {"dilated"}},
          {"classes", Dense{3}, false, {"pool"}},
          {"probabilities", Softmax{}, false, {"classes"}}},
         {}});
}

// Sums with constants and scalars work in place, there and back.
TEST(TrainingGraph, SumsInPlace) {
  using enum BinaryFunction;
  check(
      {"sums",
       {{"input", {3, 4, 5}}},
       {conv("stem", 5, 3, 1, "input"),
        {"positions", Binary{kAdd, {5, 4, 5}}, false, {"stem"}},
        {"rest",
         Binary{.function = kSubtract, .constant = {5, 1, 1}, .reversed = true},
         false,
         {"positions"}},
        {"half", Binary{.function = kAdd, .scalar = 0.5}, false, {"rest"}},
        {"minus", Binary{.function = kSubtract, .scalar = 0.5, .reversed = true}, false, {"half"}},
        conv("next", 6, 3, 1, "minus"),
        {"pool", GlobalAvgPool2d{}, false, {"next"}},
        {"classes", Dense{3}, false, {"pool"}},
        {"probabilities", Softmax{}, false, {"classes"}}},
       {}});
}

LayerSpec layer_norm(const std::string& name, int64_t features, const std::string& input) {
  return {name, Normalization{{.channels = true}, {features, 1, 1}}, false, {input}};
}

// Attention of two heads over five tokens, and a perceptron; normalised before and after.
TEST(TrainingGraph, TransformerBlock) {
  const auto heads = [](const std::string& name, const std::string& input) {
    return LayerSpec{
        name,
        Rearrange{0, 0, 0, {{3}}, {{2, MapAxis::kChannels, 3}}, {{5, MapAxis::kWidth}}},
        false,
        {input}};
  };
  check({"transformer",
         {{"input", {4, 1, 5}}},
         {conv("embedded", 6, 1, 1, "input"),
          layer_norm("norm", 6, "embedded"),
          conv("queries", 6, 1, 1, "norm"),
          conv("keys", 6, 1, 1, "norm"),
          conv("values", 6, 1, 1, "norm"),
          heads("q", "queries"),
          heads("k", "keys"),
          heads("v", "values"),
          {"scores", MatMul{true}, false, {"q", "k"}},
          {"scaled", Binary{.scalar = 0.6}, false, {"scores"}},
          {"attention", Softmax{}, false, {"scaled"}},
          {"mixed", MatMul{}, false, {"attention", "v"}},
          {"joined",
           Rearrange{0, 0, 0, {{2, MapAxis::kHeight}, {3}}, {}, {{5, MapAxis::kWidth}}},
           false,
           {"mixed"}},
          conv("projected", 6, 1, 1, "joined"),
          {"sum", Binary{}, false, {"embedded", "projected"}},
          layer_norm("sum_norm", 6, "sum"),
          conv("wide", 9, 1, 1, "sum_norm"),
          {"gelu", Activation{UnaryFunction::kGelu}, false, {"wide"}},
          conv("narrow", 6, 1, 1, "gelu"),
          {"end", Binary{}, false, {"sum_norm", "narrow"}},
          {"instances",
           Normalization{{.height = true, .width = true}, {6, 1, 1}, 0.01},
           false,
           {"end"}},
          {"square", Binary{BinaryFunction::kMultiply}, false, {"instances", "end"}},
          {"pool", GlobalAvgPool2d{}, false, {"square"}},
          {"classes", Dense{4}, false, {"pool"}},
          {"probabilities", Softmax{}, false, {"classes"}}},
         {}});
}

// What later readers add is made beside the gradient, in memory that all maps share: a reader that
// leaves the padding of a map's channels alone must not find there what another map's reader left.
TEST(TrainingGraph, PartsOfSeveralMapsShareMemory) {
  check({"shared",
         {{"input", {3, 5, 5}}},
         {conv("narrow", 5, 1, 1, "input"),
          conv("shift", 1, 1, 1, "input"),
          {"shifted", Binary{}, false, {"narrow", "shift"}},
          {"rows", Reduce{ReduceFunction::kSum, {.width = true}}, false, {"shifted"}},
          {"scaled", Binary{BinaryFunction::kMultiply}, false, {"shifted", "rows"}},
          conv("wide", 16, 3, 1, "scaled"),
          swish("wide_swish", "wide"),
          conv("again", 16, 3, 1, "wide_swish"),
          {"sum", Binary{}, false, {"wide_swish", "again"}},
          {"pool", GlobalAvgPool2d{}, false, {"sum"}},
          {"classes", Dense{4}, false, {"pool"}},
          {"probabilities", Softmax{}, false, {"classes"}}},
         {}});
}

TEST(TrainingGraph, NamesAllThatCannotBeTrained) {
  const Network network = build_network(
      {"net",
       {{"input", {1, 3, 3}}},
       {{"smallest", Reduce{ReduceFunction::kMin, {.height = true}}, false, {"input"}},
        {"tokens", Embedding{9, 4}, false, {"smallest"}},
        {"a", Conv2d{4}, false, {"tokens"}},
        {"power", Binary{BinaryFunction::kPower}, false, {"a", "tokens"}},
        {"least", Reduce{ReduceFunction::kMin, {.width = true}}, false, {"power"}},
        {"most", Reduce{ReduceFunction::kMax, {.channels = true, .width = true}}, false, {"a"}},
        {"sum", Binary{}, false, {"least", "most"}},
        {"probabilities", Softmax{}, false, {"sum"}}},
       {}},
      "net");
  EXPECT_EQ(error_text([&] { lower_training(network, Sgd{}, Isa::kAvx2, 2); }),
            "net: found layers that cannot be trained: tokens (embedding), power (power of "
            "two maps), least (reduction to the smallest value), most (reduction to the "
            "largest value along channels); one without parameters may stand where nothing before "
            "it has any");
}

}  // namespace
}  // namespace wattgrind
