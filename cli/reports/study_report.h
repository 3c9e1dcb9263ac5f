// A study as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/network/network.h"
#include "search/candidates/study_summary.h"
#include "search/study/study_file.h"

namespace wattgrind {

// What `search` leaves in a study beside its trials, as notes.
namespace study_note {
inline constexpr const char* kData = "data";            // the data set, in words
inline constexpr const char* kReference = "reference";  // costs, under a result's keys
inline constexpr const char* kWinner = "winner";        // {"trial", "test_accuracy"}
}  // namespace study_note

struct StudyReport {
  std::string file;  // its base name
  StudyDefinition definition;
  Space space;
  std::vector<TrialRecord> records;
  StudySummary summary;
  std::optional<nlohmann::ordered_json> data, reference, winner;
};

StudyReport make_study_report(StudyFile& file);

// The best architecture, named by its short form; absent without a complete trial.
std::optional<Network> best_network(const StudyReport& report);

// Best, front, reference and what mattered; `trials`: every trial as well.
std::string study_text(const StudyReport& report, bool trials, const TextPage& page);
// "wattgrind/study/1": all that is known.
nlohmann::ordered_json study_json(const StudyReport& report);
// A row for each trial.
Table study_csv(const StudyReport& report);

}  // namespace wattgrind
