// The page of an estimate.
#pragma once

#include <optional>
#include <string>

#include "cli/pages/page_origin.h"
#include "estimator/network/network.h"
#include "estimator/pricing/priced_estimate.h"
#include "estimator/pricing/roofline.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// A whole HTML document that asks nobody for anything when it is opened, and that can be read
// without its script. `network` is what was estimated, as read. `plan` is the plan that was
// counted; null where there is none (training): the page then has no picture of memory. Without a
// roofline it has no drawing of one. Every
// figure in it is one of estimate_json(), and cells of its tables name the figure: a column's
// header has the path in `data-key`, and a cell the value in a `data` element.
std::string estimate_page(const Estimate& estimate, const Network& network,
                          const PlannedInference* plan, const PageOrigin& origin,
                          const std::optional<Roofline>& roofline = std::nullopt);

}  // namespace wattgrind
