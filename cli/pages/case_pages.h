// The pages of cases that are held against each other: comparisons and sweeps.
#pragma once

#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/compare_report.h"
#include "cli/reports/sweep_report.h"

namespace wattgrind {

// Whole HTML documents (html_page.h), with figures of compare_csv() and sweep_csv().
std::string compare_page(const CompareReport& report, const PageOrigin& origin);
std::string sweep_page(const SweepReport& report, const PageOrigin& origin);

}  // namespace wattgrind
