#include "search/training/learning.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The words for Learning's values, in their order.
constexpr std::string_view kLearnings[] = {"loss-fell", "loss-did-not-fall", "loss-not-a-number"};

}  // namespace

Learning judge(const std::vector<EpochResult>& epochs, int classes) {
  CHECK(!epochs.empty(), "no epoch of {} classes", classes);
  const double loss = epochs.back().loss;
  if (!std::isfinite(loss)) return Learning::kNotANumber;
  return loss < std::log(static_cast<double>(classes)) ? Learning::kFell : Learning::kDidNotFall;
}

std::string_view name(Learning learning) { return kLearnings[static_cast<size_t>(learning)]; }

std::optional<Learning> learning_named(std::string_view name) {
  const auto found = std::ranges::find(kLearnings, name);
  if (found == std::end(kLearnings)) return std::nullopt;
  return static_cast<Learning>(found - std::begin(kLearnings));
}

}  // namespace wattgrind
