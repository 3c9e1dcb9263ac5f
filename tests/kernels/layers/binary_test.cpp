// Operations on two maps in every way that they can be repeated along each other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "estimator/network/binary_functions.h"
#include "estimator/network/unary_functions.h"
#include "kernels/layers/lowering.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/reference_arithmetic.h"
#include "tests/kernels/reference_layers.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;

std::vector<BinaryFunction> functions() {
  std::vector<BinaryFunction> all;
  for (int i = 0; i <= static_cast<int>(BinaryFunction::kPrelu); ++i) {
    all.push_back(static_cast<BinaryFunction>(i));
  }
  return all;
}

// Between 0.1 and 2, and for what takes them between -2 and -0.1 as well.
std::vector<float> operand(BinaryFunction function, int64_t count, uint64_t seed) {
  std::vector<float> values = random_values(static_cast<size_t>(count), seed);
  for (float& value : values) {
    value = value > 0 ? 0.1f + 1.9f * value : -0.1f + 1.9f * value;
    if (function == BinaryFunction::kPower) value = std::abs(value);
  }
  return values;
}

struct Pair {
  FeatureShape first, second;
};
std::vector<Pair> pairs() {
  const FeatureShape map{6, 3, 5};
  return {{map, map},
          {map, {6, 1, 1}},
          {map, {1, 3, 5}},
          {map, {1, 1, 1}},
          {map, {6, 3, 1}},
          {map, {1, 1, 5}},
          {{6, 1, 1}, map},
          {{1, 3, 5}, {6, 1, 1}},
          {{1, 1, 5}, {1, 3, 1}},
          {{37, 1, 4}, {37, 1, 1}},
          {{200, 2, 3}, {200, 1, 1}},
          {{200, 2, 3}, {1, 2, 3}},
          {{130, 1, 1}, {130, 1, 1}}};
}

MapLayout with_pitch(const FeatureShape& shape, int64_t extra, const Halo& halo) {
  return {shape, shape.channels + extra, halo};
}

void check_maps(const Binary& binary, const Pair& pair, int64_t extra_first, int64_t extra_second,
                const Target& target) {
  const Layer layer =
      build_network(
          {"test", {{"a", pair.first}, {"b", pair.second}}, {{"c", binary, false, {"a", "b"}}}, {}},
          "test")
          .layers[0];
  const MapLayout first = with_pitch(pair.first, extra_first, {1, 0, 0, 1});
  const MapLayout second = with_pitch(pair.second, extra_second, {0, 1, 1, 0});
  const MapLayout out = with_pitch(layer.output_shape, extra_first, {});
  const auto a = operand(binary.function, kBatch * pair.first.elements(), 1);
  const auto b = operand(binary.function, kBatch * pair.second.elements(), 2);
  const auto wanted = reference_layer(layer, kBatch, std::vector{a, b}, {});
  NestRun run(lower(binary, LayerContext{target.isa, kBatch, {first, second}, out}));
  run.write_map(Operand::kInput, first, kBatch, a);
  run.write_map(Operand::kInput, second, kBatch, b, 1);
  run.run(target.fuse);
  const auto found = run.read_map(Operand::kOutput, out, kBatch);
  const std::string what = fmt::format("{}{} of {} and {}, {}", word_of(binary.function),
                                       binary.reversed ? " reversed" : "", to_string(pair.first),
                                       to_string(pair.second), traits(target.isa).name);
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], 4e-6 * std::abs(wanted[i])) << what;
  }
  EXPECT_TRUE(run.surroundings_are_zero(Operand::kOutput, out, kBatch)) << what;
}

TEST(BinaryKernel, EveryFunctionAndBroadcast) {
  for (const Target& target : targets()) {
    for (const Pair& pair : pairs()) {
      for (const BinaryFunction function : functions()) {
        const bool commutes =
            function == BinaryFunction::kAdd || function == BinaryFunction::kMultiply ||
            function == BinaryFunction::kMinimum || function == BinaryFunction::kMaximum;
        for (const bool reversed : {false, true}) {
          if (reversed && commutes) continue;
          const Binary binary{.function = function, .reversed = reversed};
          check_maps(binary, pair, reversed ? 2 : 0, reversed ? 2 : 0, target);
        }
      }
      check_maps({BinaryFunction::kAdd}, pair, 0, 3, target);
      check_maps({BinaryFunction::kAdd}, pair, 2, 0, target);
    }
  }
}

void check(FeatureShape input, const std::vector<LayerSpec>& specs, const std::string& what) {
  check_network(build_network("test", input, specs, "test"), kBatch, what);
}

TEST(BinaryKernel, ConstantsAndScalars) {
  const LayerSpec conv{.operation = Conv2d{6, window(3, 1, 1), 1}};
  const LayerSpec positive{.operation = default_activation(UnaryFunction::kExp)};
  for (const BinaryFunction function : functions()) {
    for (const FeatureShape& constant :
         {FeatureShape{6, 1, 1}, {1, 1, 1}, {6, 5, 4}, {1, 5, 4}, {6, 1, 4}}) {
      // Divisors are the input, which is positive.
      const bool reversed = function == BinaryFunction::kDivide;
      if (function == BinaryFunction::kPower) continue;
      check(
          {3, 5, 4},
          {conv,
           positive,
           {.operation = Binary{.function = function, .constant = constant, .reversed = reversed}},
           {.operation = Conv2d{4, window(3, 1, 1), 1}}},
          fmt::format("{} of a constant {}", word_of(function), to_string(constant)));
    }
    for (const bool reversed : {false, true}) {
      check({3, 5, 4},
            {conv,
             positive,
             {.operation = Binary{.function = function, .scalar = 1.5, .reversed = reversed}}},
            fmt::format("{} of a scalar", word_of(function)));
    }
  }
  check({1, 5, 4}, {{.operation = Binary{.constant = {17, 1, 1}}}}, "a map along a constant");
  check(
      {3, 5, 4},
      {conv, {.operation = Flatten{}}, {.operation = Binary{.scalar = 2}}, {.operation = Dense{3}}},
      "a scalar between flatten and dense");
  check({3, 5, 4},
        {conv,
         {.operation = Flatten{}},
         {.operation = Binary{.constant = {120, 1, 1}}},
         {.operation = Dense{3}}},
        "a constant between flatten and dense");
}

TEST(BinaryKernel, Residuals) {
  const Conv2d conv{16, window(3, 1, 1), 1};
  check_network(build_network({"test",
                               {{"image", {3, 9, 8}}},
                               {{"a", conv, false, {"image"}},
                                {"b", default_activation(UnaryFunction::kTanh), false, {"a"}},
                                {"c", conv, false, {"b"}},
                                {"d", Binary{}, false, {"c", "b"}},
                                {"e", Relu{}, false, {"d"}},
                                {"f", Binary{}, false, {"e", "e"}},
                                {"g", GlobalAvgPool2d{}, false, {"e"}},
                                {"h", Binary{BinaryFunction::kMultiply}, false, {"f", "g"}}},
                               {}},
                              "test"),
                kBatch, "a residual, a map twice, and channels scaled");
}

}  // namespace
}  // namespace wattgrind
