// The studies of one folder, by names of ours: what a request names is looked for among them and
// never opened as a path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/serve/job_board.h"

namespace wattgrind {

struct ListedStudy {
  std::string id;    // what URLs say
  std::string name;  // the file's
  std::filesystem::path path;
  std::string stand;  // changes when the study does
};

// The files that end in ".study", by name; none where the folder cannot be read.
std::vector<ListedStudy> list_studies(const std::filesystem::path& folder);

std::optional<ListedStudy> find_study(const std::filesystem::path& folder, const std::string& id);

// `wattgrind study FILE` as it stands now, with its results as "json", "csv", "text" and "report".
JobRequest study_job(const ListedStudy& study);

}  // namespace wattgrind
