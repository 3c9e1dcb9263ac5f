// The pages of measurements and of what is fitted to them.
#pragma once

#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/calibrate_report.h"
#include "cli/reports/measure_report.h"

namespace wattgrind {

// Whole HTML documents (html_page.h), with figures of measure_csv() and calibrate_csv().
std::string measure_page(const MeasureReport& report, const PageOrigin& origin);
std::string calibrate_page(const CalibrateReport& report, const PageOrigin& origin);

}  // namespace wattgrind
