// The page of a study.
#pragma once

#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/study_report.h"

namespace wattgrind {

// A whole HTML document (html_page.h): how the study went on, what nothing else beats, what
// mattered, and every trial, with figures of study_csv().
std::string study_page(const StudyReport& report, const PageOrigin& origin);

}  // namespace wattgrind
