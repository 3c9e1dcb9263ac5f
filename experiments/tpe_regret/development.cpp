#include "experiments/tpe_regret/development.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "estimator/base/random.h"
#include "search/samplers/parzen_draws.h"

namespace wattgrind {
namespace {

constexpr double kPi = std::numbers::pi;

double ackley(std::span<const double> x) {
  double squares = 0, cosines = 0;
  for (const double v : x) {
    const double from_best = v - 1.7;
    squares += from_best * from_best;
    cosines += std::cos(2 * kPi * from_best);
  }
  const auto n = static_cast<double>(x.size());
  return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n) + 20 +
         std::numbers::e;
}

double styblinski_tang(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v * v * v * v - 16 * v * v + 5 * v;
  return sum / 2;
}

double hartmann6(std::span<const double> x) {
  constexpr std::array<double, 4> kHeights = {1, 1.2, 3, 3.2};
  constexpr double kSteep[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                   {0.05, 10, 17, 0.1, 8, 14},
                                   {3, 3.5, 1.7, 10, 17, 8},
                                   {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kCentres[4][6] = {{.1312, .1696, .5569, .0124, .8283, .5886},
                                     {.2329, .4135, .8307, .3736, .1004, .9991},
                                     {.2348, .1451, .3522, .2883, .3047, .6650},
                                     {.4047, .8828, .8732, .5743, .1091, .0381}};
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    double exponent = 0;
    for (size_t d = 0; d < 6; ++d) {
      exponent += kSteep[i][d] * (x[d] - kCentres[i][d]) * (x[d] - kCentres[i][d]);
    }
    sum -= kHeights[i] * std::exp(-exponent);
  }
  return sum;
}

double branin(std::span<const double> x) {
  const double bent = x[1] - 5.1 / (4 * kPi * kPi) * x[0] * x[0] + 5 / kPi * x[0] - 6;
  return bent * bent + 10 * (1 - 1 / (8 * kPi)) * std::cos(x[0]) + 10;
}

double griewank(std::span<const double> x) {
  double sum = 0, product = 1;
  for (size_t i = 0; i < x.size(); ++i) {
    const double from_best = x[i] - 7;
    sum += from_best * from_best / 400;
    product *= std::cos(from_best / std::sqrt(static_cast<double>(i + 1)));
  }
  return 1 + sum - product;
}

double rosenbrock(std::span<const double> x) {
  double sum = 0;
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    const double off = x[i + 1] - x[i] * x[i];
    sum += 100 * off * off + (1 - x[i]) * (1 - x[i]);
  }
  return sum;
}

double draw_of(uint64_t key) { return Random(key).uniform(); }

// Five choices of four options: what each is worth alone, and each pair of neighbours together.
double table(std::span<const double> x) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto option = static_cast<uint64_t>(x[i]);
    sum += draw_of(derive_seed(i, option));
    if (i > 0) sum += draw_of(derive_seed(100 + i, 10 * option + static_cast<uint64_t>(x[i - 1])));
  }
  return sum;
}

double least_of_table() {
  double least = INFINITY;
  for (int i = 0; i < 1024; ++i) {
    std::array<double, 5> x = {};
    for (size_t d = 0; d < 5; ++d) x[d] = (i >> (2 * d)) & 3;
    least = std::min(least, table(x));
  }
  return least;
}

// An error by learning rate, batch, optimiser (adam, sgd, rmsprop) and sgd's momentum.
double training(std::span<const double> x) {
  const double rate = std::log10(x[0]), batch = std::log2(x[1]);
  const auto optimizer = static_cast<size_t>(x[2]);
  constexpr std::array<double, 3> kBestRate = {-2.6, -1.4, -3.1};
  constexpr std::array<double, 3> kLeast = {0.03, 0, 0.06};
  const double off = rate - kBestRate[optimizer] - 0.12 * (batch - 5);
  const double momentum = optimizer == 1 ? x[3] - 0.85 : 0;
  return kLeast[optimizer] + 0.2 * (1 - std::exp(-off * off)) +
         0.01 * (batch - 5) * (batch - 5) / 4 + 0.25 * momentum * momentum;
}

template <double (*function)(std::span<const double>)>
double with_noise(std::span<const double> x, uint64_t seed, uint64_t repetition) {
  std::vector<uint64_t> keys = {seed, repetition};
  for (const double v : x) keys.push_back(std::bit_cast<uint64_t>(v));
  return function(x) + 0.1 * chained_gauss(keys);
}

BenchmarkObjective objective(const char* name, const char* space, double best,
                             double (*function)(std::span<const double>),
                             double (*observed)(std::span<const double>, uint64_t,
                                                uint64_t) = nullptr) {
  BenchmarkObjective made{name,
                          observed != nullptr,
                          parse_space(nlohmann::ordered_json::parse(space), name),
                          best,
                          0,
                          function,
                          observed};
  const UnitSpace unit(made.space);
  Random random(1);
  std::vector<double> values;
  for (int i = 0; i < 4000; ++i) {
    const Configuration drawn = unit.to_configuration(draw_anywhere(unit, random));
    values.push_back(function(coordinates(made.space, drawn)));
  }
  std::nth_element(values.begin(), values.begin() + 2000, values.end());
  made.median = values[2000];
  return made;
}

}  // namespace

std::vector<BenchmarkObjective> development_objectives() {
  const char* unit6 = R"({"a": {"float": [0, 1]}, "b": {"float": [0, 1]}, "c": {"float": [0, 1]},
                          "d": {"float": [0, 1]}, "e": {"float": [0, 1]}, "f": {"float": [0, 1]}})";
  const char* choices = R"({"a": {"choice": [0, 1, 2, 3]}, "b": {"choice": [0, 1, 2, 3]},
      "c": {"choice": [0, 1, 2, 3]}, "d": {"choice": [0, 1, 2, 3]}, "e": {"choice": [0, 1, 2, 3]}})";
  return {objective("ackley3", R"({"a": {"float": [-10, 10]}, "b": {"float": [-10, 10]},
                                   "c": {"float": [-10, 10]}})",
                    0, ackley),
          objective("styblinski3", R"({"a": {"float": [-5, 5]}, "b": {"float": [-5, 5]},
                                       "c": {"float": [-5, 5]}})",
                    -3 * 39.16616570377142, styblinski_tang),
          objective("hartmann6", unit6, -3.322368011415515, hartmann6),
          objective("hartmann6n", unit6, -3.322368011415515, hartmann6, with_noise<hartmann6>),
          objective("branin", R"({"a": {"float": [-5, 10]}, "b": {"float": [0, 15]}})",
                    0.39788735772973816, branin),
          objective("griewank3", R"({"a": {"int": [-30, 50]}, "b": {"int": [-30, 50]},
                                     "c": {"int": [-30, 50]}})",
                    0, griewank),
          objective("rosenbrock3", R"({"a": {"float": [-2, 2]}, "b": {"float": [-2, 2]},
                                       "c": {"float": [-2, 2]}})",
                    0, rosenbrock),
          objective("table5", choices, least_of_table(), table),
          objective("table5n", choices, least_of_table(), table, with_noise<table>),
          objective("training4", R"({"rate": {"float": [1e-5, 1], "log": true},
              "batch": {"int": [1, 512], "log": true}, "optimizer": {"choice": ["adam", "sgd", "rms"]},
              "momentum": {"float": [0, 1], "when": {"optimizer": "sgd"}}})",
                    0, training)};
}

}  // namespace wattgrind
