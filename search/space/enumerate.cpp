#include "search/space/enumerate.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr uint64_t kMostParentLevels = 1'000'000;
constexpr uint64_t kMostConfigurations = uint64_t{1} << 63;

using Count = std::optional<uint64_t>;

Count product(Count a, Count b) {
  if (!a || !b || *b > kMostConfigurations / *a) return std::nullopt;
  return *a * *b;
}

// Conditions make the space a forest: below each value of a parameter stand the parameters that
// this value makes active.
class Forest {
 public:
  explicit Forest(const Space& space) : space_(space), children_(space.size()) {
    for (size_t i = 0; i < space.size(); ++i) {
      const auto& condition = space.parameters()[i].condition;
      (condition ? children_[condition->parent] : roots_).push_back(i);
    }
  }

  Count count() const { return count_all(roots_); }

  Configuration at(uint64_t index) const {
    Configuration configuration(space_.size());
    assign_all(roots_, index, configuration);
    return configuration;
  }

 private:
  const Domain& domain(size_t parameter) const { return space_.parameters()[parameter].domain; }

  std::vector<size_t> active_below(size_t parameter, const Value& value) const {
    std::vector<size_t> active;
    for (size_t child : children_[parameter]) {
      if (space_.parameters()[child].condition->met_by(value)) active.push_back(child);
    }
    return active;
  }

  Count count_all(const std::vector<size_t>& siblings) const {
    Count total = 1;
    for (size_t parameter : siblings) total = product(total, count_one(parameter));
    return total;
  }

  Count count_one(size_t parameter) const {
    const Count values = levels(domain(parameter));
    if (!values || children_[parameter].empty()) return values;
    if (*values > kMostParentLevels) return std::nullopt;
    uint64_t total = 0;
    for (uint64_t i = 0; i < *values; ++i) {
      const Count below = count_all(active_below(parameter, value_at(domain(parameter), i)));
      if (!below || *below > kMostConfigurations - total) return std::nullopt;
      total += *below;
    }
    return total;
  }

  void assign_all(const std::vector<size_t>& siblings, uint64_t index,
                  Configuration& configuration) const {
    for (size_t i = siblings.size(); i-- > 0;) {
      const uint64_t count = count_one(siblings[i]).value();
      assign_one(siblings[i], index % count, configuration);
      index /= count;
    }
  }

  void assign_one(size_t parameter, uint64_t index, Configuration& configuration) const {
    if (children_[parameter].empty()) {
      configuration[parameter] = value_at(domain(parameter), index);
      return;
    }
    for (uint64_t i = 0;; ++i) {
      const Value value = value_at(domain(parameter), i);
      const std::vector<size_t> active = active_below(parameter, value);
      const uint64_t below = count_all(active).value();
      if (index < below) {
        configuration[parameter] = value;
        assign_all(active, index, configuration);
        return;
      }
      index -= below;
    }
  }

  const Space& space_;
  std::vector<std::vector<size_t>> children_;
  std::vector<size_t> roots_;
};

double value_at_share(const FloatRange& range, double share) {
  const double value = range.log ? range.low * std::pow(range.high / range.low, share)
                                 : range.low + share * (range.high - range.low);
  return std::clamp(value, range.low, range.high);
}

Value value_at_share(const Domain& domain, double share) {
  if (const auto* range = std::get_if<FloatRange>(&domain)) return value_at_share(*range, share);
  const auto* range = std::get_if<IntRange>(&domain);
  if (range && range->log) {
    const auto low = static_cast<double>(range->low), high = static_cast<double>(range->high);
    // Where the power is an integer but for rounding, that integer is meant.
    const double value = std::floor(value_at_share(FloatRange{low, high, true}, share) + 1e-9);
    return std::clamp(static_cast<int64_t>(value), range->low, range->high);
  }
  const auto last = static_cast<double>(levels(domain).value() - 1);
  return value_at(domain, static_cast<uint64_t>(share * last));
}

Value draw(const Domain& domain, Random& random) {
  if (const auto* range = std::get_if<FloatRange>(&domain)) {
    const double u = random.uniform();
    if (!range->log) return range->low + u * (range->high - range->low);
    const double log_low = std::log(range->low);
    const double value = std::exp(log_low + u * (std::log(range->high) - log_low));
    return std::clamp(value, range->low, range->high);
  }
  const auto* range = std::get_if<IntRange>(&domain);
  if (range && range->log) {
    // Integer k owns [k - 1/2, k + 1/2], so that the ends are not cut short.
    const double low = std::log(static_cast<double>(range->low) - 0.5);
    const double high = std::log(static_cast<double>(range->high) + 0.5);
    const double value = std::exp(low + random.uniform() * (high - low));
    return std::clamp<int64_t>(std::llround(value), range->low, range->high);
  }
  return value_at(domain, random.below(levels(domain).value()));
}

}  // namespace

std::optional<uint64_t> levels(const Domain& domain) {
  if (const auto* range = std::get_if<IntRange>(&domain)) {
    return static_cast<uint64_t>((range->high - range->low) / range->step) + 1;
  }
  if (const auto* choice = std::get_if<Choice>(&domain)) return choice->options.size();
  return std::nullopt;
}

Value value_at(const Domain& domain, uint64_t index) {
  CHECK(levels(domain) && index < *levels(domain), "index {}", index);
  if (const auto* range = std::get_if<IntRange>(&domain)) {
    return range->low + static_cast<int64_t>(index) * range->step;
  }
  return std::get<Choice>(domain).options[index];
}

std::optional<uint64_t> count_configurations(const Space& space) { return Forest(space).count(); }

Configuration configuration_at(const Space& space, uint64_t index) {
  const Forest forest(space);
  CHECK(index < forest.count().value_or(0), "index {}", index);
  return forest.at(index);
}

Configuration configuration_at_share(const Space& space, double share) {
  Configuration configuration(space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.active(i, configuration)) {
      configuration[i] = value_at_share(space.parameters()[i].domain, share);
    }
  }
  return configuration;
}

Space discretised(const Space& space, int points) {
  std::vector<Parameter> parameters = space.parameters();
  for (Parameter& parameter : parameters) {
    const auto* range = std::get_if<FloatRange>(&parameter.domain);
    if (range == nullptr) continue;
    Choice choice;
    for (int i = 0; i < points; ++i) {
      const double u = points == 1 ? 0.5 : static_cast<double>(i) / (points - 1);
      choice.options.emplace_back(value_at_share(*range, u));
      if (range->low == range->high) break;
    }
    parameter.domain = std::move(choice);
  }
  return Space(std::move(parameters));
}

Configuration draw_uniform(const Space& space, Random& random) {
  Configuration configuration(space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.active(i, configuration)) {
      configuration[i] = draw(space.parameters()[i].domain, random);
    }
  }
  return configuration;
}

}  // namespace wattgrind
