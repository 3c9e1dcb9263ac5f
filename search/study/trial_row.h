// The table of trials of a study file: its definition, and its rows read and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "search/space/space.h"
#include "search/space/trial.h"
#include "search/study/database.h"

namespace wattgrind {

// The statements that make the table.
extern const char* const kTrialsTable;

// "SELECT number, configuration, ... FROM trials " with every column, as read_trial_row() wants
// them. "WHERE ..." may follow.
extern const char* const kSelectTrials;

// "complete", "failed", ...
std::string_view trial_state_word(TrialState state);

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

// Reads the row that the query stands on. Throws Error(kInput), naming the file, the row and the
// column, where one has a value that it cannot have, by itself or beside the others.
TrialRow read_trial_row(const Query& query, const Space& space, const std::filesystem::path& file);

}  // namespace wattgrind
