// The page of layer models fitted to readings of layers.
#pragma once

#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/layer_models_report.h"

namespace wattgrind {

// A whole HTML document (html_page.h), with the figures of layer_models_csv().
std::string layer_models_page(const LayerModelsReport& report, const PageOrigin& origin);

}  // namespace wattgrind
