// The table of trials: its definition in a study file, and its rows read and checked.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "search/space/space.h"
#include "search/space/trial.h"
#include "search/study/stored_row.h"

namespace wattgrind {

// SQLite's statements that make the table.
extern const char* const kTrialsTable;

// The columns that the readers below want: all, of these what samplers read, and of these how a
// trial ended.
inline constexpr std::string_view kTrialColumns =
    "number, state, objectives, violation, ended_unix_s, end_rank, configuration, result, lease, "
    "workers_lost, process, worker, renewed_unix_s, started_unix_s";
inline constexpr std::string_view kHistoryColumns =
    kTrialColumns.substr(0, kTrialColumns.find(", result"));
inline constexpr std::string_view kEndColumns =
    kTrialColumns.substr(0, kTrialColumns.find(", configuration"));
inline constexpr int kConfigurationColumn = 6;
inline constexpr int kTrialColumnCount = 14;

// "complete", "failed", ...
std::string_view trial_state_word(TrialState state);

// The reverse. Throws Error(kInput), begun by `where`, for another word.
TrialState read_trial_state(std::string_view word, std::string_view where);

// What the column `objectives` holds of a trial or an outcome: [value, ...] or, where there are
// variances or a curve, {"values": [...], "variances": [...], "curve": [...]} with what there is.
nlohmann::ordered_json objectives_json(const std::vector<double>& values,
                                       const std::vector<double>& variances,
                                       const std::vector<double>& curve);
std::string objectives_text(const std::vector<double>& values, const std::vector<double>& variances,
                            const std::vector<double>& curve);

// The reverse, into the trial.
void read_objectives(const nlohmann::ordered_json& json, const std::string& where, Trial& trial);

// A row as it stands.
struct TrialRow {
  Trial trial;
  nlohmann::ordered_json result;  // null while there is none
  std::string process;            // of its last worker; empty where that gave it up
  std::string worker;             // "HOST:PROCESS", likewise
  double renewed_unix_s = 0;
  double started_unix_s = 0;
  std::optional<double> ended_unix_s;
  uint64_t end_rank = 0;  // 0 while it waits or is held
};

// Each reads the row that the reader stands on; what its columns do not tell is left as it is made.
// Throws Error(kInput), naming the place of the study, the row and the column, where one has a
// value that it cannot have, by itself or beside the others.
TrialRow read_end_row(const ColumnReader& reader, std::string_view place);
TrialRow read_history_row(const ColumnReader& reader, const Space& space, std::string_view place);
TrialRow read_trial_row(const ColumnReader& reader, const Space& space, std::string_view place);

}  // namespace wattgrind
