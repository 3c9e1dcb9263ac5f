// Tables of what came out, in Markdown.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/powerml/studies.h"

namespace wattgrind {

// The runs of one setting, by sampler seed.
struct SettingRuns {
  Setting setting;
  std::vector<StudyRun> runs;
  std::optional<Judged> pool_best;
};

// Medians over seeds after `trials` trials; costs against setting 1's best of the same seed after
// as many, which is `baseline`. Test accuracies are of the seed whose value is the (lower) median.
std::string settings_table(CandidateTable& table, std::span<const SettingRuns> settings,
                           const SettingRuns& baseline, size_t trials);

// Standard deviations of the costs of the first ten trials of setting 6, divided by the first
// trial's, as in powerML's Figure 3; and those of `pool`, divided by their means.
std::string spread_table(CandidateTable& table, const SettingRuns& setting,
                         std::span<const Configuration> pool);

}  // namespace wattgrind
