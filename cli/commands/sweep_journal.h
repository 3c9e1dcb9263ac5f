// The points of a sweep that are done, kept in a file so that an interrupted sweep goes on.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/reports/compare_report.h"
#include "estimator/system/appended_file.h"

namespace wattgrind {

class SweepJournal {
 public:
  // Opens the file, or creates it. The first line says which sweep it is of, each further one what
  // came of a point. Throws Error(kInput) where the file is of another sweep, or ends in the middle
  // of a line, and Error(kFailed) where it cannot be written.
  SweepJournal(const std::string& path, const nlohmann::ordered_json& sweep);

  // What came of the point; absent where it is not done.
  std::optional<CaseFigures> find(const std::string& label) const;
  // The line is on the disk when this returns.
  void append(const CaseFigures& figures);

 private:
  AppendedFile file_;
  std::map<std::string, CaseFigures> done_;
};

}  // namespace wattgrind
