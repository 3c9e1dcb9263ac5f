#include "search/training/initializer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

Network network() {
  return build_network("net", {4, 10, 10},
                       {{.operation = Conv2d{30, {3, 5}, 2}},
                        {.operation = Flatten{}},
                        {.operation = Dense{20}},
                        {.operation = Softmax{}}},
                       "net");
}

double largest(const std::vector<float>& values) {
  double result = 0;
  for (const float value : values) result = std::max(result, std::abs(double{value}));
  return result;
}

TEST(Initializer, FillsTheRangeItNames) {
  // Fans of the convolution as Keras counts them: 3*5*2 in, 3*5*30 out; 30*8*6 into the dense
  // layer.
  const double conv_in = 30, conv_out = 450, dense_in = 1440, dense_out = 20;
  const auto check = [](Initializer initializer, double conv, double dense) {
    const auto parameters = initial_parameters(network(), initializer, 3);
    EXPECT_LE(largest(parameters[0].weights), conv);
    EXPECT_GT(largest(parameters[0].weights), 0.98 * conv);
    EXPECT_LE(largest(parameters[2].weights), dense);
    EXPECT_GT(largest(parameters[2].weights), 0.98 * dense);
    EXPECT_EQ(largest(parameters[0].bias), 0);
  };
  check(Initializer::kUniform, 0.05, 0.05);
  check(Initializer::kGlorotUniform, std::sqrt(6 / (conv_in + conv_out)),
        std::sqrt(6 / (dense_in + dense_out)));
  check(Initializer::kHeUniform, std::sqrt(6 / conv_in), std::sqrt(6 / dense_in));
}

TEST(Initializer, HasTheSizesOfTheLayers) {
  const auto parameters = initial_parameters(network(), Initializer::kUniform, 3);
  ASSERT_EQ(parameters.size(), 4);
  EXPECT_EQ(parameters[0].weights.size(), 30 * 2 * 3 * 5);
  EXPECT_EQ(parameters[0].bias.size(), 30);
  EXPECT_EQ(parameters[1], LayerParameters{});
  EXPECT_EQ(parameters[2].weights.size(), 20 * 1440);
}

TEST(Initializer, DependsOnTheSeedAlone) {
  const auto a = initial_parameters(network(), Initializer::kUniform, 3);
  EXPECT_EQ(a, initial_parameters(network(), Initializer::kUniform, 3));
  EXPECT_NE(a, initial_parameters(network(), Initializer::kUniform, 4));
  // The first weights of seed 3, which never change.
  EXPECT_EQ(a[0].weights[0], -0.0170178059f);
  EXPECT_EQ(a[2].weights[0], -0.0449001193f);
}

}  // namespace
}  // namespace wattgrind
