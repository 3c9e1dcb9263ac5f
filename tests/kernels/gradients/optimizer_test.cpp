#include "kernels/gradients/optimizer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

// The formulas of Keras's documentation in double precision, on one parameter.
struct WantedUpdate {
  double w, m = 0, v = 0;

  void step(const Sgd& sgd, double g, int) {
    m = sgd.momentum * m - sgd.learning_rate * g;
    w += m;
  }
  void step(const Adam& adam, double g, int t) {
    m = adam.beta_1 * m + (1 - adam.beta_1) * g;
    v = adam.beta_2 * v + (1 - adam.beta_2) * g * g;
    const double rate = adam.learning_rate * std::sqrt(1 - std::pow(adam.beta_2, t)) /
                        (1 - std::pow(adam.beta_1, t));
    w -= rate * m / (std::sqrt(v) + adam.epsilon);
  }
  void step(const RmsProp& rms_prop, double g, int) {
    v = rms_prop.rho * v + (1 - rms_prop.rho) * g * g;
    w -= rms_prop.learning_rate * g / (std::sqrt(v) + rms_prop.epsilon);
  }
};

void check(const Optimizer& optimizer) {
  for (const size_t values : {1, 7, 8, 9, 31, 32, 33, 96}) {
    for (const Target& target : targets()) {
      NestRun run(
          lower_update(optimizer, TensorRole::kWeights, static_cast<int64_t>(values), target.isa));
      const auto weights = random_values(values, 1);
      std::ranges::copy(weights, run.buffer(Operand::kParameters).begin());
      std::vector<WantedUpdate> wanted;
      for (const float w : weights) wanted.push_back({w});
      for (int t = 1; t <= 5; ++t) {
        auto gradient = random_values(values, 10 + static_cast<uint64_t>(t));
        gradient[0] = 0;  // as of padding
        std::ranges::copy(gradient, run.buffer(Operand::kGradient).begin());
        run.buffer(Operand::kStepSize)[0] = step_size(optimizer, static_cast<uint64_t>(t));
        run.run(target.fuse);
        for (size_t i = 0; i < values; ++i) {
          std::visit([&](const auto& kind) { wanted[i].step(kind, gradient[i], t); }, optimizer);
        }
      }
      for (size_t i = 0; i < values; ++i) {
        ASSERT_NEAR(run.buffer(Operand::kParameters)[i], wanted[i].w, 2e-6)
            << optimizer_name(optimizer) << " of " << values << ", " << traits(target.isa).name
            << ", value " << i;
      }
      EXPECT_EQ(run.buffer(Operand::kParameters)[0], weights[0]);
    }
  }
}

TEST(Optimizer, FollowsKerasFormulas) {
  check(Sgd{});
  check(Sgd{.learning_rate = 0.1, .momentum = 0.9});
  check(Adam{});
  check(RmsProp{});
}

TEST(Optimizer, HasKerasDefaults) {
  EXPECT_EQ(step_size(Sgd{}, 9), 0.01f);
  EXPECT_EQ(step_size(RmsProp{}, 9), 0.001f);
  EXPECT_NEAR(step_size(Adam{}, 1), 0.001 * std::sqrt(0.001) / 0.1, 1e-9);
  EXPECT_NEAR(step_size(Adam{}, 1000000), 0.001, 1e-9);
}

TEST(Optimizer, AKernelDoesNotDependOnTheLearningRate) {
  EXPECT_EQ(lower_update(Adam{}, TensorRole::kWeights, 33, Isa::kAvx2),
            lower_update(Adam{.learning_rate = 0.1}, TensorRole::kWeights, 33, Isa::kAvx2));
}

}  // namespace
}  // namespace wattgrind
