// The studies of a database, as a table, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"

namespace wattgrind {

struct StudyListEntry {
  std::string study;   // its name
  std::string search;  // the name of the search
  uint64_t trials = 0, running = 0;
  std::optional<double> best;  // the lowest value of a complete trial
};

struct StudyList {
  std::string place;
  std::vector<StudyListEntry> studies;  // by name
};

// Reads all studies of the database. Throws Error for one that is damaged.
StudyList make_study_list(const std::string& place);

std::string study_list_text(const StudyList& list, const TextPage& page);
// "wattgrind/studies/1"
nlohmann::ordered_json study_list_json(const StudyList& list);
Table study_list_csv(const StudyList& list);

}  // namespace wattgrind
