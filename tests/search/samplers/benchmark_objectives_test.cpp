#include <gtest/gtest.h>

#include <algorithm>

#include "experiments/tpe_regret/objectives.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

struct KnownOptimum {
  const char* name;
  std::vector<double> x;
  uint64_t seed, repetition;  // read where the objective is noisy
  double value;
};

// What the Python file that defines the objectives returns.
const std::vector<KnownOptimum>& references() {
  static const std::vector<KnownOptimum> kReferences = {
      {"mlp3", {1, 1, 2}, 0, 0, -0.11061992963378059},
      {"mlp3n", {1, 1, 2}, 0, 0, -0.017870219995368697},
      {"mlp3n", {1, 1, 2}, 7, 3, -0.13936033829445532},
      {"mlp3", {2, 8, 16}, 0, 0, -1.0187033130161574},
      {"mlp3n", {2, 8, 16}, 0, 0, -0.9868748652697934},
      {"mlp3n", {2, 8, 16}, 7, 3, -1.0672260561090174},
      {"mlp3", {3, 7, 17}, 0, 0, -0.8362830062173165},
      {"mlp3n", {3, 7, 17}, 0, 0, -0.7751370394669306},
      {"mlp3n", {3, 7, 17}, 7, 3, -0.8378536113018326},
      {"mlp3", {10, 20, 128}, 0, 0, 16.955389871690514},
      {"mlp3n", {10, 20, 128}, 0, 0, 16.96905667233355},
      {"mlp3n", {10, 20, 128}, 7, 3, 17.04740203473439},
      {"cnn4", {1, 1, 1, 2}, 0, 0, -0.03755975035508899},
      {"cnn4n", {1, 1, 1, 2}, 0, 0, 0.04840202058529963},
      {"cnn4n", {1, 1, 1, 2}, 7, 3, -0.026200500493105905},
      {"cnn4", {3, 3, 5, 24}, 0, 0, -1.0342297792397042},
      {"cnn4n", {3, 3, 5, 24}, 0, 0, -1.0244374609476237},
      {"cnn4n", {3, 3, 5, 24}, 7, 3, -1.0699311876038111},
      {"cnn4", {4, 2, 6, 25}, 0, 0, -0.7746331838932451},
      {"cnn4n", {4, 2, 6, 25}, 0, 0, -0.779541325576159},
      {"cnn4n", {4, 2, 6, 25}, 7, 3, -0.8368488338807256},
      {"cnn4", {10, 5, 10, 128}, 0, 0, 116.23194164837678},
      {"cnn4n", {10, 5, 10, 128}, 0, 0, 114.35990385609287},
      {"cnn4n", {10, 5, 10, 128}, 7, 3, 109.25680349317395},
      {"rast4d", {0, 0, 0, 0}, 0, 0, 172.25},
      {"rast4d", {23, 23, 23, 23}, 0, 0, 0.0},
      {"rast4d", {1, 22, 24, 40}, 0, 0, 98.4375},
  };
  return kReferences;
}

const BenchmarkObjective& find(const std::vector<BenchmarkObjective>& objectives,
                               const std::string& name) {
  return *std::find_if(
      objectives.begin(), objectives.end(),
      [&name](const BenchmarkObjective& objective) { return objective.name == name; });
}

TEST(BenchmarkObjectives, AreThoseOfThePythonFile) {
  const std::vector<BenchmarkObjective> objectives = benchmark_objectives();
  for (const KnownOptimum& reference : references()) {
    const BenchmarkObjective& objective = find(objectives, reference.name);
    const double value = objective.noisy
                             ? objective.observed(reference.x, reference.seed, reference.repetition)
                             : objective.true_value(reference.x);
    EXPECT_DOUBLE_EQ(value, reference.value) << reference.name;
  }
}

TEST(BenchmarkObjectives, HaveTheirPublishedOptimumAndMedian) {
  const std::vector<BenchmarkObjective> objectives = benchmark_objectives();
  for (const char* name : {"mlp3", "cnn4"}) {
    const BenchmarkObjective& objective = find(objectives, name);
    const uint64_t count = count_configurations(objective.space).value();
    std::vector<double> values;
    for (uint64_t i = 0; i < count; ++i) {
      const Configuration configuration = configuration_at(objective.space, i);
      values.push_back(objective.true_value(coordinates(objective.space, configuration)));
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(values.front(), objective.best) << name;
    EXPECT_NEAR(objective.regret(values[count / 2]), 1, 1e-4) << name;
  }
}

}  // namespace
}  // namespace wattgrind
