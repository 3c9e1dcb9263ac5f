// Every function of activations, forward and back, in every layout.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "estimator/network/unary_functions.h"
#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/reference_arithmetic.h"
#include "tests/kernels/reference_layers.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;
constexpr int kFunctions = static_cast<int>(UnaryFunction::kCos) + 1;

// Every function with its default parameters, and some with others.
std::vector<Activation> activations() {
  std::vector<Activation> all;
  for (int i = 0; i < kFunctions; ++i) {
    all.push_back(default_activation(static_cast<UnaryFunction>(i)));
  }
  all.push_back({UnaryFunction::kLeakyRelu, 0.3});
  all.push_back({UnaryFunction::kLeakyRelu, -0.5});
  all.push_back({UnaryFunction::kElu, 0.7});
  all.push_back({UnaryFunction::kElu, -0.7});
  all.push_back({UnaryFunction::kSelu, -1.2, 0.8});
  all.push_back({UnaryFunction::kHardSigmoid, 1.0 / 6, 0.5});
  for (const double exponent : {0.0, 0.5, 1.0, 1.7, 3.0, -1.0, -2.5, 20.0}) {
    all.push_back({UnaryFunction::kPower, exponent});
  }
  return all;
}

bool wants_positive(const Activation& activation) {
  switch (activation.function) {
    case UnaryFunction::kLog:
    case UnaryFunction::kSqrt:
      return true;
    case UnaryFunction::kPower:
      return activation.alpha != std::round(activation.alpha);
    default:
      return false;
  }
}

// Values between -6 and 6 that keep away from zero, where some functions have corners or poles; of
// those of a function that grows fast, less.
std::vector<float> values_for(const Activation& activation, size_t count) {
  std::vector<float> values = random_values(count, 7);
  const bool grows = activation.function == UnaryFunction::kPower && activation.alpha > 10;
  for (float& value : values) {
    value = (grows ? 1.2f : 6.0f) * value;
    value += value > 0 ? 0.05f : -0.05f;
    if (wants_positive(activation)) value = std::abs(value);
  }
  return values;
}

struct Place {
  FeatureShape shape;
  int64_t pitch;
  Halo halo;
};
std::vector<Place> places() {
  return {{{16, 3, 5}, 16, {}},
          {{3, 7, 9}, 3, {}},
          {{6, 5, 3}, 8, {}},
          {{6, 3, 5}, 8, {1, 2, 0, 1}},
          {{37, 1, 3}, 40, {0, 1, 0, 1}},
          {{1, 1, 33}, 1, {}},
          {{130, 1, 1}, 130, {}}};
}

std::string what_of(const Activation& f, const Place& place, const Target& target) {
  return fmt::format("{} {} {} of {}, pitch {}, {}{}", traits(f.function).word, f.alpha, f.beta,
                     to_string(place.shape), place.pitch, traits(target.isa).name,
                     target.fuse ? " fused" : "");
}

// The functions, layouts and targets take turns, so that each meets most of the others.
TEST(ActivationKernel, EveryFunctionInEveryLayout) {
  int turn = 0;
  for (const Activation& f : activations()) {
    for (const Place& place : places()) {
      const MapLayout map{place.shape, place.pitch, place.halo};
      const MapLayout output{place.shape, place.pitch, {}};
      const auto values = values_for(f, static_cast<size_t>(kBatch * place.shape.elements()));
      for (const Target& target : targets()) {
        for (const bool in_place : {false, true}) {
          if (++turn % 3 != 0) continue;
          const MapLayout& out = in_place ? map : output;
          NestRun run(lower(f, LayerContext{target.isa, kBatch, {map}, out, in_place}));
          const Operand from = in_place ? Operand::kMap : Operand::kInput;
          const Operand to = in_place ? Operand::kMap : Operand::kOutput;
          run.write_map(from, map, kBatch, values);
          run.run(target.fuse);
          const auto found = run.read_map(to, out, kBatch);
          for (size_t i = 0; i < values.size(); ++i) {
            const double wanted = reference_unary(f, values[i]);
            ASSERT_NEAR(found[i], wanted, 2e-6 + 4e-6 * std::abs(wanted))
                << what_of(f, place, target) << " at " << values[i];
          }
          EXPECT_TRUE(run.surroundings_are_zero(to, out, kBatch)) << what_of(f, place, target);
        }
      }
    }
  }
}

TEST(ActivationBackward, EveryFunctionInEveryLayout) {
  int turn = 0;
  for (const Activation& f : activations()) {
    for (const Place& place : places()) {
      const MapLayout map{place.shape, place.pitch, place.halo};
      const MapLayout gradient{place.shape, place.pitch, {0, 1, 1, 0}};
      const auto values = values_for(f, static_cast<size_t>(kBatch * place.shape.elements()));
      const auto dy = random_values(values.size(), 8);
      std::vector<float> outputs;
      for (const float x : values) outputs.push_back(static_cast<float>(reference_unary(f, x)));
      for (const Target& target : targets()) {
        if (++turn % 3 != 0) continue;
        BackwardContext context{target.isa, kBatch, {map}, map, 0, gradient, gradient};
        context.in_place = true;
        NestRun run(lower_data_gradient(f, context));
        const bool of_input = gradient_reads(f).input;
        run.write_map(of_input ? Operand::kInput : Operand::kOutput, map, kBatch,
                      of_input ? values : outputs);
        run.write_map(Operand::kGradient, gradient, kBatch, dy);
        run.run(target.fuse);
        const auto found = run.read_map(Operand::kGradient, gradient, kBatch);
        for (size_t i = 0; i < values.size(); ++i) {
          const double wanted = dy[i] * reference_unary_slope(f, values[i]);
          // The output's rounding is part of gradients that are made from it.
          ASSERT_NEAR(found[i], wanted, 8e-6 + 2e-5 * std::abs(wanted))
              << what_of(f, place, target) << " at " << values[i];
        }
        EXPECT_TRUE(run.surroundings_are_zero(Operand::kGradient, gradient, kBatch))
            << what_of(f, place, target);
      }
    }
  }
}

TEST(ActivationKernel, InNetworks) {
  for (const int64_t channels : {3, 6, 16}) {
    check_network(build_network("test", {3, 9, 8},
                                {{.operation = Conv2d{channels, window(3, 1, 1), 1}},
                                 {.operation = default_activation(UnaryFunction::kSigmoid)},
                                 {.operation = Conv2d{6, window(3, 2, 1), 1}},
                                 {.operation = default_activation(UnaryFunction::kGelu)},
                                 {.operation = Flatten{}},
                                 {.operation = default_activation(UnaryFunction::kHardSigmoid)},
                                 {.operation = Dense{5}}},
                                "test"),
                  3, fmt::format("activations between layers of {} channels", channels));
  }
}

// What lies beside a map is not made from zeros that are padding.
TEST(ClipKernel, LeavesPaddingZero) {
  check_network(
      build_network("test", {3, 5, 5},
                    {{.operation = Conv2d{6, window(3, 1, 1), 1}}, {.operation = Clip{0.25, 0.5}}},
                    "test"),
      2, "clip above zero");
}

}  // namespace
}  // namespace wattgrind
