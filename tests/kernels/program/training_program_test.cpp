// Whole training steps, native, against the oracles of layers and gradients.
#include "kernels/program/training_program.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/packing.h"
#include "kernels/run/native_program.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_gradients.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr float kLearningRate = 0.5f;

// A network with parameters and one batch, and its gradients by the oracle.
struct ReferenceStep {
  Network network;
  int64_t batch;
  std::vector<float> images, labels;
  std::vector<ReferenceParameters> parameters;
  std::vector<std::vector<float>> masks;  // of dropout layers
  std::vector<double> loss;
  std::vector<ReferenceGradients> gradients;

  ReferenceStep(Network net, int64_t images_count) : network(std::move(net)), batch(images_count) {
    images = random_values(static_cast<size_t>(batch * network.input().elements()), 1);
    for (const Layer& layer : network.layers) {
      parameters.push_back(random_parameters(layer, 10 * parameters.size() + 2));
      // Small enough that no probability is next to zero.
      const auto fan_in =
          static_cast<float>(layer.macs) / static_cast<float>(layer.output_shape.elements());
      for (float& weight : parameters.back().weights) weight /= std::sqrt(fan_in);
      masks.emplace_back();
      if (std::holds_alternative<Dropout>(layer.operation)) {
        masks.back() = random_values(static_cast<size_t>(batch * layer.output_shape.elements()),
                                     77 + masks.size());
        for (float& value : masks.back()) value = value > 0 ? 2 : 0;
      }
    }
    run();
  }

 private:
  void run() {
    std::vector<std::vector<float>> maps = {images};
    for (size_t i = 0; i < network.layers.size(); ++i) {
      maps.push_back(reference_layer(network.layers[i], batch, maps[i], parameters[i]));
      multiply(maps.back(), masks[i]);
    }
    const auto classes = static_cast<size_t>(network.layers.back().output_shape.channels);
    std::vector<float> gradient = maps.back();
    labels.resize(gradient.size());
    for (size_t n = 0; n < static_cast<size_t>(batch); ++n) {
      const size_t label = n * classes + (n * 7 + 1) % classes;
      labels[label] = 1;
      loss.push_back(-std::log(double{maps.back()[label]}));
      gradient[label] -= 1;
    }
    for (float& value : gradient) value /= static_cast<float>(batch);
    gradients.resize(network.layers.size());
    for (size_t i = network.layers.size() - 1; i-- > 0;) {
      multiply(gradient, masks[i]);
      gradients[i] =
          reference_gradients(network.layers[i], batch, maps[i], parameters[i], gradient);
      gradient = gradients[i].input;
    }
  }

  static void multiply(std::vector<float>& values, const std::vector<float>& mask) {
    for (size_t i = 0; i < mask.size(); ++i) values[i] *= mask[i];
  }
};

void write(const ProgramMemory& memory, uint32_t buffer, const MapLayout& layout, int64_t batch,
           const std::vector<float>& logical) {
  const auto values = memory.buffer(buffer);
  for_each_value(layout, batch,
                 [&](size_t stored, size_t index) { values[stored] = logical[index]; });
}

const MapLayout& input_of(const Program& program, const Layer& layer) {
  return layer.input() == kNetworkInput
             ? program.input().layout
             : program.outputs[static_cast<size_t>(layer.input())].layout;
}

std::vector<float> logical_tensor(const TrainingProgram& training, const Network& network,
                                  const TrainedTensor& tensor, std::span<const float> packed) {
  const Layer& layer = network.layers[static_cast<size_t>(tensor.layer)];
  const auto outputs = static_cast<size_t>(layer.output_shape.channels);
  if (tensor.kind == BufferKind::kBias)
    return {packed.begin(), packed.begin() + static_cast<ptrdiff_t>(outputs)};
  std::vector<float> logical(layer.parameters - outputs);
  unpack_weights(layer, input_of(training.program, layer), training.program.isa, packed, logical);
  return logical;
}

void fill(const ReferenceStep& wanted, const TrainingProgram& training,
          const ProgramMemory& memory) {
  const Program& program = training.program;
  const FeatureShape& shape = program.input().layout.shape;
  write(memory, training.images, {shape, shape.channels, {}}, wanted.batch, wanted.images);
  const int64_t classes = wanted.network.layers.back().output_shape.channels;
  write(memory, training.image_labels, label_layout(classes), wanted.batch, wanted.labels);
  memory.buffer(training.step_size)[0] = kLearningRate;
  for (const TrainedTensor& tensor : training.tensors) {
    const auto index = static_cast<size_t>(tensor.layer);
    const Layer& layer = wanted.network.layers[index];
    const auto packed = memory.buffer(tensor.parameters);
    if (tensor.kind == BufferKind::kBias) {
      pack_bias(layer, wanted.parameters[index].bias, packed);
    } else {
      pack_weights(layer, input_of(program, layer), program.isa, wanted.parameters[index].weights,
                   packed);
    }
  }
  for (uint32_t b = 0; b < program.buffers.size(); ++b) {
    if (program.buffers[b].kind != BufferKind::kMask) continue;
    const auto index = static_cast<size_t>(program.buffers[b].layer);
    write(memory, b, program.outputs[index].layout, wanted.batch, wanted.masks[index]);
  }
}

void expect_step(const ReferenceStep& wanted, const TrainingProgram& training,
                 const ProgramMemory& memory, const std::string& where) {
  for (size_t n = 0; n < wanted.loss.size(); ++n) {
    EXPECT_NEAR(memory.buffer(training.loss)[n], wanted.loss[n], 2e-5 * (1 + wanted.loss[n]))
        << where << ", loss of image " << n;
  }
  size_t parametric = 0;
  for (const Layer& layer : wanted.network.layers) parametric += layer.parameters > 0 ? 2 : 0;
  EXPECT_EQ(training.tensors.size(), parametric) << where;
  for (const TrainedTensor& tensor : training.tensors) {
    const auto index = static_cast<size_t>(tensor.layer);
    const bool bias = tensor.kind == BufferKind::kBias;
    const auto& before = bias ? wanted.parameters[index].bias : wanted.parameters[index].weights;
    const auto& gradient = bias ? wanted.gradients[index].bias : wanted.gradients[index].weights;
    const auto after =
        logical_tensor(training, wanted.network, tensor, memory.buffer(tensor.parameters));
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) {
      ASSERT_NEAR(after[i], before[i] - kLearningRate * gradient[i], 2e-5)
          << where << ", " << wanted.network.layers[index].name << (bias ? " bias " : " weight ")
          << i;
    }
  }
}

// A step of the batch, and one of a smaller batch on the same memory.
void check(FeatureShape input, const std::vector<LayerSpec>& specs, int64_t batch = 5) {
  const Network network = build_network("test", input, specs, "test");
  const ReferenceStep whole(network, batch), rest(network, 2);
  for (const Target& target : targets()) {
    const auto training = lower_training(network, Sgd{}, target.isa, whole.batch);
    const auto smaller = lower_smaller_batch(training, network, Sgd{}, rest.batch);
    const ProgramMemory memory(training.program);
    const Program* programs[] = {&training.program, &smaller.program};
    const NativeSteps steps(programs, memory, {target.isa, target.fuse});
    const size_t count = training.program.steps.size();
    ASSERT_EQ(training.passes.size(), count);
    const std::string where =
        fmt::format("{}{}", traits(target.isa).name, target.fuse ? " fused" : "");
    fill(whole, training, memory);
    for (size_t i = 0; i < count; ++i) steps.run(i);
    expect_step(whole, training, memory, where);
    fill(rest, smaller, memory);
    for (size_t i = 0; i < count; ++i) steps.run(count + i);
    expect_step(rest, smaller, memory, where + ", smaller batch");
    if (testing::Test::HasFailure()) return;
  }
}

TEST(TrainingProgram, DenseNetwork) {
  check({1, 6, 7}, {{.operation = Flatten{}},
                    {.operation = Dense{17}},
                    {.operation = Relu{}},
                    {.operation = Dense{9}},
                    {.operation = Relu{}},
                    {.operation = Dense{3}},
                    {.operation = Softmax{}}});
}

TEST(TrainingProgram, KernelsOfLargeBatchesAlone) {
  const FeatureShape input{1, 20, 20};
  const std::vector<LayerSpec> specs = {{.operation = Flatten{}},
                                        {.operation = Dense{5}},
                                        {.operation = Relu{}},
                                        {.operation = Dense{3}},
                                        {.operation = Softmax{}}};
  const auto buffers = [&](int64_t batch) {
    const Network network = build_network("test", input, specs, "test");
    return lower_training(network, Sgd{}, Isa::kAvx512, batch).program.buffers.size();
  };
  EXPECT_GT(buffers(64), buffers(2));
  check(input, specs, 64);
}

TEST(TrainingProgram, ConvolutionsAndPooling) {
  check({3, 11, 9}, {{.operation = Conv2d{6, window(3, 1, 1), 1}},
                     {.operation = Relu{}},
                     {.operation = MaxPool2d{window(2, 2, 0)}},
                     {.operation = Conv2d{5, window(3, 2, 1), 1}},
                     {.operation = Clip{-0.5, 0.75}},
                     {.operation = Flatten{}},
                     {.operation = Dense{7}},
                     {.operation = Relu{}},
                     {.operation = Dense{4}},
                     {.operation = Softmax{}}});
}

TEST(TrainingProgram, ConvolutionsNextToEachOther) {
  check({2, 7, 8}, {{.operation = Conv2d{3, window(3, 1, 1), 1}},
                    {.operation = Conv2d{5, window(5, 1, 2), 1}},
                    {.operation = Relu{}},
                    {.operation = Conv2d{4, window(2, 1, 0), 1}},
                    {.operation = Flatten{}},
                    {.operation = Dense{3}},
                    {.operation = Softmax{}}});
}

TEST(TrainingProgram, GroupsNormalisationDropoutAndAverages) {
  check({4, 9, 9}, {{.operation = Conv2d{6, window(3, 1, 1), 2}},
                    {.operation = Lrn{3, 0.5, 0.75, 1.0}},
                    {.operation = AvgPool2d{window(3, 2, 1)}},
                    {.operation = Conv2d{6, window(3, 1, 1), 6}},
                    {.operation = Relu{}},
                    {.operation = Dropout{0.5}},
                    {.operation = Conv2d{10, window(1, 1, 0), 1}},
                    {.operation = GlobalAvgPool2d{}},
                    {.operation = Softmax{}}});
}

TEST(TrainingProgram, DropoutBehindAFlattenedMap) {
  check({3, 4, 5}, {{.operation = Conv2d{5, window(3, 1, 1), 1}},
                    {.operation = Flatten{}},
                    {.operation = Dropout{0.5}},
                    {.operation = Dense{4}},
                    {.operation = Softmax{}}});
}

TEST(TrainingProgram, StepsRunInOrderUnderUniqueNames) {
  const Network network = build_network("test", {1, 4, 4},
                                        {{.operation = Flatten{}},
                                         {.name = "a", .operation = Dense{3}},
                                         {.name = "b", .operation = Dense{2}},
                                         {.name = "p", .operation = Softmax{}}},
                                        "test");
  const auto training = lower_training(network, Adam{}, Isa::kAvx2, 2);
  std::vector<std::string> symbols;
  for (const Step& step : training.program.steps) symbols.push_back(step.symbol);
  EXPECT_EQ(symbols,
            (std::vector<std::string>{"input", "a", "b", "p", "p:backward", "b:data_gradient",
                                      "b:weight_gradient", "b:update_weights", "b:update_bias",
                                      "a:weight_gradient", "a:update_weights", "a:update_bias"}));
}

TEST(TrainingProgram, RefusesWhatItCannotTrain) {
  const auto refused = [](const std::vector<LayerSpec>& specs) {
    const Network network = build_network("net", {4, 1, 1}, specs, "net");
    try {
      lower_training(network, Sgd{}, Isa::kAvx2, 2);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("trained");
  };
  EXPECT_EQ(refused({{.operation = Dense{3}}}),
            "net: training wants softmax as the last layer, found dense");
  EXPECT_EQ(refused({{.operation = Dense{3}}, {.operation = Softmax{.log = true}}}),
            "net: training wants the last layer to be softmax of a vector, found its logarithm of "
            "3; put a flatten layer before");
  EXPECT_EQ(
      refused(
          {{.operation = Dense{4}}, {.operation = Reshape{{2, 2, 1}}}, {.operation = Softmax{}}}),
      "net: training wants the last layer to be softmax of a vector, found softmax of 2x2x1; "
      "put a flatten layer before");
  EXPECT_EQ(refused({{.operation = Relu{}}, {.operation = Softmax{}}}),
            "net: no layer has parameters to train");
  EXPECT_EQ(refused({{.name = "a", .operation = Dense{3}},
                     {.name = "b", .operation = Dense{3}},
                     {.operation = Softmax{}, .inputs = {"a"}}}),
            "net: training wants the last layer as the only output, found 2");
}

}  // namespace
}  // namespace wattgrind
