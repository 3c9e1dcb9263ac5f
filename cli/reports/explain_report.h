// Why a study's winner is good, as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/reports/study_report.h"
#include "cli/terminal/table.h"
#include "search/explain/explanation.h"

namespace wattgrind {

struct ExplainReport {
  StudyReport study;
  std::vector<Response> responses;  // what is searched for, the score, both costs
  Explanation explanation;
};

// Throws Error(kFailed) where too few trials are complete to explain anything, and as
// make_study_report() does.
ExplainReport make_explain_report(TrialStore& store);

std::string explain_text(const ExplainReport& report, const TextPage& page);
// As "wattgrind/explanation/1".
nlohmann::ordered_json explain_json(const ExplainReport& report);
// A row for each parameter and each pair, with its part of each response's variance.
Table explain_csv(const ExplainReport& report);

}  // namespace wattgrind
