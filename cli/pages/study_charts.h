// The drawings of a study. Each is empty where there is nothing to draw.
#pragma once

#include <string>

#include "cli/reports/study_report.h"

namespace wattgrind {

// The first value of every complete trial, in their order, and the least so far.
std::string history_drawing(const StudyReport& report);
// Score against the cost of inference or, with `training`, of training: those on the front, and the
// others.
std::string front_drawing(const StudyReport& report, bool training);
// Parameters, costs and score of complete trials, a line each.
std::string parallel_drawing(const StudyReport& report);
// How much each parameter told the best trials from the rest.
std::string importance_drawing(const StudyReport& report);
// The least value that trials had where two parameters, those that mattered most, were so or so.
std::string what_if_drawing(const StudyReport& report);

}  // namespace wattgrind
