// The page of a network on an accelerator.
#pragma once

#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/dataflow_report.h"

namespace wattgrind {

// A whole HTML document (html_page.h), with figures of dataflow_table().
std::string dataflow_page(const DataflowEstimate& estimate, const PageOrigin& origin);

}  // namespace wattgrind
