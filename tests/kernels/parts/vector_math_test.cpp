// Elementary functions against the standard library's in double precision.
#include "kernels/parts/vector_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "tests/kernels/nest_run.h"

namespace wattgrind {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Emit = std::function<Register(NestBuilder&, Register)>;

std::vector<float> evaluate(const Emit& emit, const std::vector<float>& values,
                            const Target& target) {
  const int lanes = traits(target.isa).float_lanes;
  const auto vectors = static_cast<int64_t>(values.size() + 15) / lanes;
  const uint64_t bytes = (values.size() + 16) * sizeof(float);
  NestBuilder nest("function", target.isa);
  const Address from = nest.buffer(Operand::kInput, TensorRole::kInput, bytes);
  const Address to = nest.buffer(Operand::kOutput, TensorRole::kOutput, bytes);
  nest.loop("vector", vectors, [&](LoopVariable i) {
    const Register x = nest.load(lanes, stepped(from, i, 4 * lanes));
    nest.store(emit(nest, x), stepped(to, i, 4 * lanes));
  });
  NestRun run(std::move(nest).finish());
  std::ranges::copy(values, run.buffer(Operand::kInput).begin());
  run.run(target.fuse);
  const auto result = run.buffer(Operand::kOutput);
  return {result.begin(), result.begin() + static_cast<ptrdiff_t>(values.size())};
}

std::vector<float> between(double low, double high) {
  constexpr int kSteps = 40'000;
  std::vector<float> values;
  for (int i = 0; i <= kSteps; ++i) {
    values.push_back(static_cast<float>(low + (high - low) * i / kSteps));
  }
  for (double small = 1e-30; small < 1; small *= 1.5) {
    for (const double value : {small, -small}) {
      if (value >= low && value <= high) values.push_back(static_cast<float>(value));
    }
  }
  return values;
}

// The bound of a function's error where its value is y at x.
using Bound = std::function<double(double x, double y)>;

Bound relative(double error) {
  return [error](double, double y) { return error * std::abs(y); };
}

void expect_near(const char* name, const Emit& emit, const std::function<double(double)>& wanted,
                 const std::vector<float>& values, const Bound& bound) {
  for (const Target& target : targets()) {
    const std::vector<float> found = evaluate(emit, values, target);
    for (size_t i = 0; i < values.size(); ++i) {
      const double y = wanted(values[i]);
      ASSERT_NEAR(found[i], y, bound(values[i], y))
          << name << "(" << values[i] << "), " << traits(target.isa).name
          << (target.fuse ? " fused" : "");
    }
  }
}

void expect_values(const char* name, const Emit& emit, const std::vector<float>& values,
                   const std::vector<float>& wanted) {
  for (const Target& target : targets()) {
    const std::vector<float> found = evaluate(emit, values, target);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_TRUE(found[i] == wanted[i] || (std::isnan(found[i]) && std::isnan(wanted[i])))
          << name << "(" << values[i] << ") = " << found[i] << ", wanted " << wanted[i];
    }
  }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(VectorMath, Exponentials) {
  expect_near(
      "exp", emit_exp, [](double x) { return std::exp(x); }, between(-87, 88), relative(2e-7));
  expect_near(
      "wide exp", emit_wide_exp, [](double x) { return std::exp(x); }, between(-87, 88.7),
      relative(4e-7));
  expect_near(
      "expm1", emit_expm1, [](double x) { return std::expm1(x); }, between(-87, 88),
      relative(4e-7));
  expect_near("sigmoid", emit_sigmoid, sigmoid, between(-87, 100), relative(4e-7));
  expect_near(
      "softplus", emit_softplus, [](double x) { return std::log1p(std::exp(x)); }, between(-90, 90),
      [](double x, double) { return 3e-7 * (1 + std::abs(x)); });
}

TEST(VectorMath, Logarithms) {
  expect_near(
      "log", emit_log, [](double x) { return std::log(x); }, between(1e-30, 1e3),
      [](double, double y) { return 2e-7 * (1 + std::abs(y)); });
  expect_values("wide log", emit_wide_log, {0, -0.0f, 1, -1, NAN},
                {-kInfinity, -kInfinity, 0, NAN, NAN});
}

TEST(VectorMath, SigmoidalFunctions) {
  expect_near(
      "tanh", emit_tanh, [](double x) { return std::tanh(x); }, between(-12, 12), relative(5e-7));
  expect_near(
      "erf", emit_erf, [](double x) { return std::erf(x); }, between(-6, 6), relative(6e-7));
  expect_values("erf", emit_erf, {4, -4, 100, -100, 0, NAN}, {1, -1, 1, -1, 0, NAN});
}

TEST(VectorMath, SineAndCosine) {
  const Bound bound = [](double, double) { return 2e-7; };
  for (const double most : {4.0, 100.0, 8192.0}) {
    expect_near(
        "sin", emit_sin, [](double x) { return std::sin(x); }, between(-most, most), bound);
    expect_near(
        "cos", emit_cos, [](double x) { return std::cos(x); }, between(-most, most), bound);
  }
}

TEST(VectorMath, GeneralPowers) {
  for (const float y : {-3.0f, -1.0f, 0.5f, 1.7f, 2.0f, 3.0f, 7.25f}) {
    const bool whole = y == std::round(y);
    expect_near(
        "power",
        [&](NestBuilder& nest, Register x) {
          return emit_general_power(nest, x, nest.constant(nest.lanes(x), y));
        },
        [&](double x) { return std::pow(x, y); },
        whole ? std::vector<float>{-9, -2.5f, -1, -0.01f, 0.01f, 1, 3, 99.5f}
              : std::vector<float>{0.01f, 0.3f, 1, 3, 99.5f},
        [&](double x, double p) {
          return 1e-6 * (1 + std::abs(y * std::log2(std::abs(x)))) * std::abs(p);
        });
  }
  const auto power_of = [](float y) {
    return [y](NestBuilder& nest, Register x) {
      return emit_general_power(nest, x, nest.constant(nest.lanes(x), y));
    };
  };
  expect_values("x^0", power_of(0), {0, 5, -5}, {1, 1, 1});
  expect_values("x^2", power_of(2), {0, -1, 1}, {0, 1, 1});
  expect_values("x^-1", power_of(-1), {0}, {kInfinity});
  expect_values("x^0.5", power_of(0.5f), {0, -2}, {0, NAN});
}

TEST(VectorMath, WhatIsNoNumberStaysNone) {
  for (const Emit& emit : {Emit(emit_wide_exp), Emit(emit_expm1), Emit(emit_sigmoid),
                           Emit(emit_tanh), Emit(emit_softplus), Emit(emit_abs), Emit(emit_sin)}) {
    expect_values("function", emit, {NAN}, {NAN});
  }
  expect_values("wide exp", emit_wide_exp, {89, 1e30f, kInfinity},
                {kInfinity, kInfinity, kInfinity});
  expect_values("abs", emit_abs, {-3, 0, 2.5f}, {3, 0, 2.5f});
}

}  // namespace
}  // namespace wattgrind
