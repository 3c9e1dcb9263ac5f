#include "tests/kernels/layer_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/layout/packing.h"

namespace wattgrind {
namespace {

void expect_near(const std::vector<float>& found, const std::vector<float>& wanted, double products,
                 const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  // Sums of products of values in [-1, 1], rounded once each: errors grow like the square root.
  const double tolerance = 6e-6 * (1 + std::sqrt(products));
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], tolerance * (1 + std::abs(wanted[i])))
        << what << ", value " << i;
  }
}

std::vector<float> packed_weights(const LayerCase& test, const MapLayout& input, Isa isa,
                                  size_t values, WeightForm form = WeightForm::kTaps) {
  std::vector<float> packed(values);
  pack_weights(test.layer, input, isa, test.parameters.weights, packed, form);
  return packed;
}

}  // namespace

LayerCase make_case(FeatureShape input, const Operation& operation, int64_t batch,
                    const Surroundings& around, const std::string& what) {
  LayerCase test;
  // A dense layer reads maps as they lie: a flatten before it moves nothing.
  const bool dense = std::holds_alternative<Dense>(operation);
  const FeatureShape shape = dense ? FeatureShape{input.elements(), 1, 1} : input;
  test.layer = build_network("test", shape, {{.operation = operation}}, "test").layers[0];
  test.layer.input_shapes = {input};
  test.batch = batch;
  test.around = around;
  test.what = what;
  const auto images = static_cast<size_t>(batch);
  test.input = random_values(images * static_cast<size_t>(input.elements()), 1);
  test.parameters = random_parameters(test.layer, 2);
  test.output = reference_layer(test.layer, batch, test.input, test.parameters);
  test.output_gradient = random_values(test.output.size(), 5);
  test.wanted =
      reference_gradients(test.layer, batch, test.input, test.parameters, test.output_gradient);
  return test;
}

void check_forward(const LayerCase& test, const Target& target, const ForwardLowering& lower,
                   WeightForm form, float around) {
  const LayerContext context = test.forward_context(target.isa);
  const LoopNest nest = lower(context);
  NestRun run(nest);
  std::ranges::fill(run.buffer(Operand::kInput), around);
  run.write_map(Operand::kInput, context.input(), test.batch, test.input);
  for (const Buffer& buffer : nest.buffers) {
    if (buffer.operand == Operand::kWeights) {
      const auto weights = run.buffer(Operand::kWeights);
      std::ranges::copy(packed_weights(test, context.input(), target.isa, weights.size(), form),
                        weights.begin());
    } else if (buffer.operand == Operand::kBias) {
      pack_bias(test.layer, test.parameters.bias, run.buffer(Operand::kBias));
    }
  }
  run.run(target.fuse);
  const double products = static_cast<double>(test.layer.macs) /
                          static_cast<double>(test.layer.output_shape.elements());
  expect_near(run.read_map(Operand::kOutput, context.output, test.batch), test.output, products,
              test.where(target));
  EXPECT_TRUE(run.surroundings_are_zero(Operand::kOutput, context.output, test.batch))
      << test.where(target);
}

void check_data_gradient(const LayerCase& test, const Target& target,
                         const GradientLowering& lower) {
  const double products = static_cast<double>(test.layer.macs) * static_cast<double>(test.batch) /
                          static_cast<double>(test.input.size());
  const BackwardContext context = test.context(target.isa);
  const LoopNest nest = lower(context);
  NestRun run(nest);
  for (const Buffer& buffer : nest.buffers) {
    if (buffer.operand == Operand::kWeights) {
      const auto values = run.buffer(Operand::kWeights);
      std::ranges::copy(packed_weights(test, context.input(), target.isa, values.size()),
                        values.begin());
    } else if (buffer.operand == Operand::kInput) {
      run.write_map(Operand::kInput, context.input(), test.batch, test.input);
    } else if (buffer.operand == Operand::kOutput) {
      run.write_map(Operand::kOutput, context.output, test.batch, test.output);
    }
  }
  run.write_map(Operand::kOutputGradient, context.output_gradient, test.batch,
                test.output_gradient);
  run.run(target.fuse);
  expect_near(run.read_map(Operand::kInputGradient, context.input_gradient, test.batch),
              test.wanted.input, products, test.where(target));
  EXPECT_TRUE(
      run.surroundings_are_zero(Operand::kInputGradient, context.input_gradient, test.batch))
      << test.where(target);
}

void check_data_gradient(const LayerCase& test, const GradientLowering& lower) {
  for (const Target& target : targets()) {
    check_data_gradient(test, target, lower);
    if (testing::Test::HasFailure()) return;
  }
}

void check_weight_gradient(const LayerCase& test, const Target& target,
                           const GradientLowering& lower) {
  const BackwardContext context = test.context(target.isa);
  NestRun run(lower(context));
  run.write_map(Operand::kInput, context.input(), test.batch, test.input);
  run.write_map(Operand::kOutputGradient, context.output_gradient, test.batch,
                test.output_gradient);
  // What was there before does not matter.
  std::ranges::fill(run.buffer(Operand::kBiasGradient), 7.0f);
  run.run(target.fuse);
  const auto packed = run.buffer(Operand::kWeightGradient);
  std::vector<float> weights(test.wanted.weights.size());
  unpack_weights(test.layer, context.input(), target.isa, packed, weights);
  expect_near(weights, test.wanted.weights, test.reduction(), test.where(target) + ", weights");
  std::vector<float> repacked(packed.size());
  pack_weights(test.layer, context.input(), target.isa, weights, repacked);
  EXPECT_TRUE(std::ranges::equal(packed, repacked)) << test.where(target) << ": padding";
  const auto bias = run.buffer(Operand::kBiasGradient);
  expect_near({bias.begin(), bias.begin() + static_cast<ptrdiff_t>(test.wanted.bias.size())},
              test.wanted.bias, test.reduction(), test.where(target) + ", bias");
  for (size_t i = test.wanted.bias.size(); i < bias.size(); ++i) EXPECT_EQ(bias[i], 0);
}

void check_weight_gradient(const LayerCase& test, const GradientLowering& lower) {
  for (const Target& target : targets()) {
    check_weight_gradient(test, target, lower);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace wattgrind
