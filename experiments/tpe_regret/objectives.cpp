#include "experiments/tpe_regret/objectives.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

constexpr int kTrainingImages = 1437;

struct Parts {
  double training;
  double inference;
  double accuracy;
};

double steps(int batch) { return (kTrainingImages + batch - 1) / batch; }

// A rectangle of dense layers: layers, width, batch.
Parts mlp_parts(std::span<const double> x) {
  const double l = x[0], w = x[1], b = x[2];
  const int width = static_cast<int>(w), batch = static_cast<int>(b);
  const double parameters = 64 * w + w + (l - 1) * (w * w + w) + 10 * w + 10;
  double training =
      (steps(batch) * (1.0 + 0.4 * l) + 2e-4 * kTrainingImages * parameters * (1.0 + 8.0 / b)) /
      2500.0;
  if (batch % 8 == 0) training *= 0.93;
  double inference = (0.2 * l + 1e-3 * parameters) / 2.0;
  if (width % 4 == 0) inference *= 0.90;
  if (parameters > 1200) inference *= 1.25;
  const double capacity = (1.0 - std::exp(-w / 4.0)) * (1.0 - 0.55 * std::exp(-(l - 1) / 1.2));
  const double depth = 1.0 / (1.0 + std::exp((l - 3.0 - 0.2 * w) / 0.9));
  const double best_log_batch = 3.5 + 0.1 * w - 0.15 * l;
  const double off = (std::log2(b) - best_log_batch) / 2.5;
  const double accuracy = 0.10 + 0.87 * capacity * depth * (0.75 + 0.25 * std::exp(-(off * off)));
  return {training, inference, accuracy};
}

// Convolutions of one size: layers, filters, filter size, batch.
Parts cnn_parts(std::span<const double> x) {
  const double l = x[0], f = x[1], k = x[2], b = x[3];
  const int size = static_cast<int>(k), batch = static_cast<int>(b);
  const double macs = 784.0 * (f * k * k + (l - 1) * f * f * k * k) / 1e6;
  double training =
      (steps(batch) * (1.0 + 0.5 * l) + 0.15 * kTrainingImages * macs * (1.0 + 8.0 / b)) / 2500.0;
  if (batch % 8 == 0) training *= 0.93;
  double inference = (0.15 * l + 0.6 * macs) / 1.5;
  if (macs > 2.0) inference *= 1.3;
  const double field = 1 + l * (k - 1);
  double fit = 1.0 - std::exp(-field / 7.0);
  const double over = std::max(0.0, field - 28.0);
  fit *= std::exp(-over * over / 1250.0);
  const double large = std::max(0.0, k - 5.0);
  fit *= std::exp(-large * large / 60.0);
  const double capacity = (1.0 - std::exp(-f / 1.6)) * (1.0 - 0.60 * std::exp(-(l - 1) / 1.3));
  const double depth = 1.0 / (1.0 + std::exp(l - 4.0 - 0.8 * f));
  const double off = (std::log2(b) - (4.0 + 0.2 * f)) / 2.5;
  double accuracy = 0.10 + 0.88 * fit * capacity * depth * (0.75 + 0.25 * std::exp(-(off * off)));
  if (size % 2 == 0) accuracy *= 0.985;
  return {training, inference, accuracy};
}

double combine(const Parts& parts) {
  constexpr double kAlpha = 1.0, kBeta = 1.0, kGamma = 2.0;
  return kAlpha * parts.training * parts.training + kBeta * parts.inference * parts.inference -
         kGamma * parts.accuracy;
}

using PartsFunction = Parts(std::span<const double>);

template <PartsFunction* parts_of>
double true_value(std::span<const double> x) {
  return combine(parts_of(x));
}

template <PartsFunction* parts_of>
double observed(std::span<const double> x, uint64_t seed, uint64_t repetition) {
  std::vector<uint64_t> keys = {seed, repetition};
  for (double v : x) keys.push_back(static_cast<uint64_t>(static_cast<int64_t>(v)));
  keys.push_back(0);
  const auto gauss = [&keys](uint64_t stream) {
    keys.back() = stream;
    return chained_gauss(keys);
  };
  const Parts parts = parts_of(x);
  return combine({parts.training * (1 + 0.03 * gauss(1)), parts.inference * (1 + 0.03 * gauss(2)),
                  parts.accuracy + 0.015 * gauss(3)});
}

// Rastrigin's function, cosines at multiples of a quarter turn, its optimum at 23 of 0..40.
double rastrigin(std::span<const double> x) {
  constexpr double kCosine[4] = {1.0, 0.0, -1.0, 0.0};
  double sum = 0.0;
  for (double v : x) {
    const int offset = static_cast<int>(v) - 23;
    const double t = offset * 0.25;
    sum += t * t - 10.0 * kCosine[((offset % 4) + 4) % 4];
  }
  return 10.0 * static_cast<double>(x.size()) + sum;
}

Space integers(std::initializer_list<std::pair<const char*, IntRange>> ranges) {
  std::vector<Parameter> parameters;
  for (const auto& [name, range] : ranges) parameters.push_back({name, range, std::nullopt, ""});
  return Space(std::move(parameters));
}

}  // namespace

double chained_gauss(std::span<const uint64_t> keys) {
  uint64_t h = 0;
  for (uint64_t key : keys) h = mix64(h ^ key);
  double sum = 0.0;
  for (int i = 0; i < 12; ++i) {
    h = mix64(h);
    sum += static_cast<double>(h >> 11) * (1.0 / 9007199254740992.0);
  }
  return sum - 6.0;
}

std::vector<BenchmarkObjective> benchmark_objectives() {
  const Space mlp = integers({{"L", {1, 10}}, {"W", {1, 20}}, {"B", {2, 128}}});
  const Space cnn = integers({{"L", {1, 10}}, {"F", {1, 5}}, {"K", {1, 10}}, {"B", {2, 128}}});
  const Space lattice =
      integers({{"k0", {0, 40}}, {"k1", {0, 40}}, {"k2", {0, 40}}, {"k3", {0, 40}}});
  constexpr double kMlpBest = -1.0187033130161574, kMlpMedian = 0.9134671001401617;
  constexpr double kCnnBest = -1.0342297792397042, kCnnMedian = 0.21593503756695903;
  return {{"mlp3", false, mlp, kMlpBest, kMlpMedian, true_value<mlp_parts>, nullptr},
          {"mlp3n", true, mlp, kMlpBest, kMlpMedian, true_value<mlp_parts>, observed<mlp_parts>},
          {"cnn4", false, cnn, kCnnBest, kCnnMedian, true_value<cnn_parts>, nullptr},
          {"cnn4n", true, cnn, kCnnBest, kCnnMedian, true_value<cnn_parts>, observed<cnn_parts>},
          {"rast4d", false, lattice, 0.0, 76.1875, rastrigin, nullptr}};
}

std::vector<double> coordinates(const Space& space, const Configuration& configuration) {
  std::vector<double> x;
  for (size_t i = 0; i < space.size(); ++i) {
    if (!configuration[i]) {
      x.push_back(-1);
    } else if (const auto* integer = std::get_if<int64_t>(&*configuration[i])) {
      x.push_back(static_cast<double>(*integer));
    } else if (const auto* real = std::get_if<double>(&*configuration[i])) {
      x.push_back(*real);
    } else {
      const auto& options = std::get<Choice>(space.parameters()[i].domain).options;
      const auto found = std::find(options.begin(), options.end(), *configuration[i]);
      x.push_back(static_cast<double>(found - options.begin()));
    }
  }
  return x;
}

}  // namespace wattgrind
