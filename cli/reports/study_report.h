// A study as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/network/network.h"
#include "search/candidates/candidate_result.h"
#include "search/candidates/search_config.h"
#include "search/candidates/study_notes.h"
#include "search/candidates/study_summary.h"
#include "search/study/trial_store.h"

namespace wattgrind {

struct StudyReport {
  std::string file;  // its base name
  StudyDefinition definition;
  Space space;
  SearchTerms terms;
  std::vector<TrialRecord> records;
  std::vector<CandidateResult> results;  // by trial
  StudySummary summary;
  StudyNotes notes;
};

// Throws Error(kInput), naming the table, the row and the key, for a study that is damaged.
StudyReport make_study_report(TrialStore& store);

// The best architecture, named by its short form; absent without a complete trial.
std::optional<Network> best_network(const StudyReport& report);

// Of a study without a best trial: why there is none, in a line, with the trial that exceeds its
// limits least and by how much.
std::string no_best_line(const StudyReport& report);

// Shows the best trial, or else the one nearest to its limits, the front, the reference and which
// parameters mattered, and with `trials` every trial as well.
std::string study_text(const StudyReport& report, bool trials, const TextPage& page);
// All that is known, as "wattgrind/study/1".
nlohmann::ordered_json study_json(const StudyReport& report);
// A row for each trial.
Table study_csv(const StudyReport& report);

}  // namespace wattgrind
