#include "cli/serve/study_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// Size and time; a study that is being written grows in the log beside it.
std::string stand_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return "-";
  const auto time = fs::last_write_time(file, error).time_since_epoch().count();
  return fmt::format("{}@{}", size, time);
}

}  // namespace

std::vector<ListedStudy> list_studies(const fs::path& folder) {
  std::vector<ListedStudy> studies;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    const fs::path& path = at->path();
    if (path.extension() != ".study" || !fs::is_regular_file(path, ignored)) continue;
    const std::string name = path.filename().string();
    const std::string stand = stand_of(path) + " " + stand_of(path.string() + "-wal");
    studies.push_back({fmt::format("{:016x}", std::hash<std::string>()(name)), name,
                       fs::absolute(path, ignored), stand});
  }
  std::sort(studies.begin(), studies.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return studies;
}

std::optional<ListedStudy> find_study(const fs::path& folder, const std::string& id) {
  for (ListedStudy& study : list_studies(folder)) {
    if (study.id == id) return std::move(study);
  }
  return std::nullopt;
}

JobRequest study_job(const ListedStudy& study) {
  JobRequest job;
  job.title = "study " + study.name;
  job.key = fmt::format("study {} {}", study.path.string(), study.stand);
  job.arguments = {"study",    study.path.string(), "--format", "json",
                   "-o",       "study.json",        "--also",   "csv=study.csv,table=study.txt",
                   "--report", "report.html"};
  job.results = {{"json", "study.json"},
                 {"csv", "study.csv"},
                 {"text", "study.txt"},
                 {"report", "report.html"}};
  return job;
}

}  // namespace wattgrind
