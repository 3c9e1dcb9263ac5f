#include "estimator/models/layer_features.h"

#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kVectorLanes = 16;

bool is_conv(const LayerPoint& point) {
  return point.kind == "conv2d" || point.kind == "depthwise_conv2d";
}

// How much longer channels are when the last vector of them is filled up.
double rounding(double channels) {
  return std::ceil(channels / kVectorLanes) * kVectorLanes / channels;
}

double moved(const LayerAmounts& amounts) {
  return amounts.input_elements + amounts.output_elements + amounts.parameters;
}

// A name beside its value, so that the two lists cannot come apart.
struct NamedValue {
  std::string name;
  double value = 0;
};

std::vector<NamedValue> priced_parts(const LayerPoint& point, bool counted) {
  const LayerAmounts& amounts = point.amounts;
  std::vector<NamedValue> parts = {{"call", 1},
                                   {"operation", amounts.operations},
                                   {"value read", amounts.input_elements},
                                   {"value written", amounts.output_elements},
                                   {"parameter", amounts.parameters}};
  if (point.kind == "conv2d") {
    parts.push_back({"value in a window", amounts.operations / point.size("out_channels")});
  }
  if (!counted) return parts;
  CHECK(point.counted, "{} is not counted", point.kind);
  const std::vector<std::string> names = work_names(point.counted->counts.levels.size());
  const std::vector<double> values = work_values(*point.counted);
  // The call is there already.
  for (size_t i = 1; i < names.size(); ++i) parts.push_back({names[i], values[i]});
  return parts;
}

std::vector<NamedValue> logarithm_parts(const LayerPoint& point, bool counted) {
  const LayerAmounts& amounts = point.amounts;
  std::vector<NamedValue> parts;
  const auto names = size_names(point.kind);
  for (size_t i = 0; i < names.size(); ++i) {
    parts.push_back(
        {std::string(names[i]), names[i] == "padding" ? 1 + point.sizes[i] : point.sizes[i]});
  }
  parts.push_back({"operations", amounts.operations});
  parts.push_back({"values read", amounts.input_elements});
  parts.push_back({"values written", amounts.output_elements});
  parts.push_back({"operations a value moved", amounts.operations / moved(amounts)});
  for (const std::string_view channels : {"in_channels", "out_channels"}) {
    const double count = point.size(channels);
    if (count > 0 && (is_conv(point) || channels == "in_channels")) {
      parts.push_back({"rounding of " + std::string(channels), rounding(count)});
    }
  }
  if (counted) {
    CHECK(point.counted, "{} is not counted", point.kind);
    const KernelWork& work = *point.counted;
    parts.push_back(
        {"cycles an operation", (1 + work.port_cycles + work.waiting_cycles) / amounts.operations});
    // Of each level below the first, and of memory.
    const std::vector<std::string> of_work = work_names(work.counts.levels.size());
    const std::vector<double> lines = work_values(work);
    for (size_t i = of_work.size() - work.counts.levels.size(); i < of_work.size(); ++i) {
      parts.push_back({of_work[i] + "s a value moved", (1 + lines[i]) / moved(amounts)});
    }
  }
  for (NamedValue& part : parts) part.value = std::log(part.value);
  return parts;
}

std::vector<std::string> names_of(const std::vector<NamedValue>& parts) {
  std::vector<std::string> names;
  for (const NamedValue& part : parts) names.push_back(part.name);
  return names;
}

std::vector<double> values_of(const std::vector<NamedValue>& parts) {
  std::vector<double> values;
  for (const NamedValue& part : parts) values.push_back(part.value);
  return values;
}

}  // namespace

std::vector<std::string> priced_names(const LayerPoint& point, bool counted) {
  return names_of(priced_parts(point, counted));
}
std::vector<double> priced_values(const LayerPoint& point, bool counted) {
  return values_of(priced_parts(point, counted));
}
std::vector<std::string> logarithm_names(const LayerPoint& point, bool counted) {
  return names_of(logarithm_parts(point, counted));
}
std::vector<double> logarithms(const LayerPoint& point, bool counted) {
  return values_of(logarithm_parts(point, counted));
}

}  // namespace wattgrind
