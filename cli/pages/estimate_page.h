// The page of an estimate.
#pragma once

#include <optional>
#include <string>

#include "cli/pages/page_origin.h"
#include "cli/reports/model_estimate_report.h"
#include "estimator/network/network.h"
#include "estimator/pricing/priced_estimate.h"
#include "estimator/pricing/roofline.h"
#include "kernels/program/program.h"

namespace wattgrind {

// What a page has beside the estimate.
struct EstimateContext {
  const Network& network;  // whose layers were counted: fused, or as read
  const Program& program;  // whose memory is drawn
  std::optional<Roofline> roofline = std::nullopt;
  const ModelEstimate* models = nullptr;  // of that estimate
};

// A whole HTML document that asks nobody for anything when it is opened, and that can be read
// without its script. Every figure in it is one of estimate_json() (model_estimate_json() with
// models), and cells of its tables name the figure: a column's header has the path in `data-key`,
// and a cell the value in a `data` element.
std::string estimate_page(const Estimate& estimate, const EstimateContext& context,
                          const PageOrigin& origin);

}  // namespace wattgrind
