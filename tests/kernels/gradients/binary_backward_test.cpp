// Gradients of operations on two maps, by either and by constants, against finite differences of
// the operation in double precision, added up where an operand is repeated.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "estimator/network/binary_functions.h"
#include "kernels/gradients/backward.h"
#include "kernels/layout/packing.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_arithmetic.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;

// Values between 0.3 and 1.3 or so, of either sign, no two of which are near each other.
std::vector<float> operand(int64_t count, uint64_t seed) {
  std::vector<float> values = random_values(static_cast<size_t>(count), seed);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto step = static_cast<float>(i * 7919 % 1009) / 1009;
    const float size = 0.3f + step + (seed == 1 ? 0.0f : 0.0005f);
    values[i] = values[i] > 0 ? size : -size;
  }
  return values;
}

// The index of a broadcast operand's value for the output's (n, c, y, x).
size_t place_of(const FeatureShape& shape, bool has_images, int64_t n, int64_t c, int64_t y,
                int64_t x) {
  const int64_t image = has_images ? n : 0, channel = shape.channels == 1 ? 0 : c;
  const int64_t row = shape.height == 1 ? 0 : y, column = shape.width == 1 ? 0 : x;
  return static_cast<size_t>(
      ((image * shape.channels + channel) * shape.height + row) * shape.width + column);
}

struct Case {
  Binary binary;
  FeatureShape first, second;
  Layer layer;
  std::vector<float> a, b, dy;
  std::vector<double> by_first, by_second;

  Case(const Binary& operation, const FeatureShape& one, const FeatureShape& other)
      : binary(operation), first(one), second(other) {
    const bool one_input = has_constant(binary) || binary.scalar;
    NetworkSpec spec{"test", {{"a", first}}, {{"c", binary, false, {"a"}}}, {}};
    if (!one_input) {
      spec.inputs.push_back({"b", second});
      spec.layers[0].inputs = {"a", "b"};
    }
    layer = build_network(spec, "test").layers[0];
    a = operand(kBatch * first.elements(), 1);
    b = operand((one_input ? 1 : kBatch) * second.elements(), 2);
    dy = random_values(static_cast<size_t>(kBatch * layer.output_shape.elements()), 3);
    differentiate(!one_input);
  }

  void differentiate(bool has_images) {
    by_first.resize(a.size());
    by_second.resize(b.size());
    const FeatureShape& out = layer.output_shape;
    const auto value = [&](double x, double y) {
      return binary.reversed ? reference_binary(binary.function, y, x)
                             : reference_binary(binary.function, x, y);
    };
    constexpr double kStep = 1e-6;
    size_t next = 0;
    for (int64_t n = 0; n < kBatch; ++n) {
      for (int64_t c = 0; c < out.channels; ++c) {
        for (int64_t y = 0; y < out.height; ++y) {
          for (int64_t x = 0; x < out.width; ++x) {
            const size_t i = place_of(first, true, n, c, y, x);
            const size_t j = place_of(second, has_images, n, c, y, x);
            const double u = a[i], v = binary.scalar ? *binary.scalar : b[j];
            const double g = dy[next++] / (2 * kStep);
            by_first[i] += g * (value(u + kStep, v) - value(u - kStep, v));
            by_second[j] += g * (value(u, v + kStep) - value(u, v - kStep));
          }
        }
      }
    }
  }

  std::string what(const Target& target) const {
    return fmt::format("{}{} of {} and {}, {}", word_of(binary.function),
                       binary.reversed ? " reversed" : "", to_string(first), to_string(second),
                       traits(target.isa).name);
  }
};

void expect_near(const std::vector<float>& found, const std::vector<double>& wanted,
                 const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], 1e-4 + 1e-5 * std::abs(wanted[i])) << what << ", value " << i;
  }
}

MapLayout map_of(const FeatureShape& shape, int64_t extra, const Halo& halo) {
  return {shape, shape.channels + extra, halo};
}

void check_maps(const Case& test, int64_t extra, const Target& target) {
  const MapLayout first = map_of(test.first, extra, {1, 0, 0, 1});
  const MapLayout second = map_of(test.second, extra, {});
  const MapLayout out = map_of(test.layer.output_shape, extra, {});
  const MapLayout dy = map_of(test.layer.output_shape, extra, {0, 1, 1, 0});
  for (const size_t index : {0, 1}) {
    if (index == 1 && test.binary.scalar) continue;
    const MapLayout dx = map_of(index == 0 ? test.first : test.second, extra, {1, 1, 0, 0});
    NestRun run(lower_data_gradient(
        test.binary, BackwardContext{target.isa, kBatch, {first, second}, out, index, dx, dy}));
    run.write_map(Operand::kOutputGradient, dy, kBatch, test.dy);
    if (run.has(Operand::kInput)) run.write_map(Operand::kInput, first, kBatch, test.a);
    if (run.has(Operand::kInput, 1)) run.write_map(Operand::kInput, second, kBatch, test.b, 1);
    run.run(target.fuse);
    expect_near(run.read_map(Operand::kInputGradient, dx, kBatch),
                index == 0 ? test.by_first : test.by_second, test.what(target));
    EXPECT_TRUE(run.surroundings_are_zero(Operand::kInputGradient, dx, kBatch))
        << test.what(target);
  }
}

void check_constant(const Case& test, int64_t extra, const Target& target) {
  const MapLayout first = map_of(test.first, extra, {1, 0, 0, 1});
  const MapLayout out = map_of(test.layer.output_shape, extra, {});
  const BackwardContext context{target.isa, kBatch, {first}, out, 0, first, out};
  for (const bool by_constant : {false, true}) {
    NestRun run(by_constant ? lower_weight_gradient(test.binary, context)
                            : lower_data_gradient(test.binary, context));
    run.write_map(Operand::kOutputGradient, out, kBatch, test.dy);
    if (run.has(Operand::kInput)) run.write_map(Operand::kInput, first, kBatch, test.a);
    if (run.has(Operand::kWeights)) {
      pack_weights(test.layer, first, target.isa, test.b, run.buffer(Operand::kWeights));
    }
    if (by_constant) {
      // What was there before does not matter.
      for (float& value : run.buffer(Operand::kWeightGradient)) value = 7;
    }
    run.run(target.fuse);
    if (by_constant) {
      std::vector<float> found(test.b.size());
      const auto packed = run.buffer(Operand::kWeightGradient);
      unpack_weights(test.layer, first, target.isa, packed, found);
      expect_near(found, test.by_second, test.what(target) + ", constant");
      for (size_t i = found.size(); i < packed.size(); ++i) EXPECT_EQ(packed[i], 0);
    } else {
      expect_near(run.read_map(Operand::kInputGradient, first, kBatch), test.by_first,
                  test.what(target));
    }
  }
}

std::vector<Binary> trained() {
  std::vector<Binary> all;
  for (const BinaryFunction function :
       {BinaryFunction::kAdd, BinaryFunction::kSubtract, BinaryFunction::kMultiply,
        BinaryFunction::kDivide, BinaryFunction::kMinimum, BinaryFunction::kMaximum,
        BinaryFunction::kPrelu}) {
    all.push_back({.function = function});
  }
  all.push_back({.function = BinaryFunction::kSubtract, .reversed = true});
  all.push_back({.function = BinaryFunction::kDivide, .reversed = true});
  all.push_back({.function = BinaryFunction::kMaximum, .reversed = true});
  return all;
}

TEST(BinaryBackward, ByEitherMap) {
  const FeatureShape map{6, 3, 5};
  int turn = 0;
  for (const Binary& binary : trained()) {
    for (const auto& [first, second] : {std::pair<FeatureShape, FeatureShape>{map, map},
                                        {map, {6, 1, 1}},
                                        {map, {1, 3, 5}},
                                        {map, {1, 1, 1}},
                                        {{6, 1, 5}, {1, 3, 1}},
                                        {{6, 3, 1}, map},
                                        {{200, 2, 3}, {200, 1, 1}},
                                        {{200, 2, 3}, {1, 2, 3}},
                                        {{37, 1, 1}, {37, 1, 1}}}) {
      const Case test(binary, first, second);
      for (const Target& target : targets()) {
        if (++turn % 3 != 0) continue;
        check_maps(test, turn % 2 == 0 ? 2 : 0, target);
      }
    }
  }
}

TEST(BinaryBackward, ByConstantsAndScalars) {
  int turn = 0;
  for (const Binary& binary : trained()) {
    for (const FeatureShape& constant :
         {FeatureShape{6, 1, 1}, {6, 3, 5}, {1, 3, 5}, {1, 1, 1}, {6, 1, 5}}) {
      Binary with = binary;
      with.constant = constant;
      const Case test(with, {6, 3, 5}, constant);
      for (const Target& target : targets()) {
        if (++turn % 2 != 0) continue;
        check_constant(test, turn % 4 == 0 ? 2 : 0, target);
      }
    }
    Binary with = binary;
    with.scalar = 0.77;
    const Case test(with, {6, 3, 5}, {1, 1, 1});
    for (const Target& target : targets()) check_maps(test, 2, target);
  }
}

}  // namespace
}  // namespace wattgrind
