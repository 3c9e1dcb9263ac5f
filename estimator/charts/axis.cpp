#include "estimator/charts/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/metric_prefix.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 10> kDigits = {"\u2070", "\u00b9", "\u00b2", "\u00b3",
                                                      "\u2074", "\u2075", "\u2076", "\u2077",
                                                      "\u2078", "\u2079"};

std::string raised(int exponent) {
  std::string text = exponent < 0 ? "\u207b" : "";
  for (const char digit : fmt::format("{}", std::abs(exponent))) {
    text += kDigits[static_cast<size_t>(digit - '0')];
  }
  return text;
}

// Of a tick of a logarithmic axis: "0.01", "500", "2·10⁶".
std::string log_text(double tick) {
  if (tick >= 1e-3 && tick < 1e5) return fmt::format("{:g}", tick);
  const int exponent = static_cast<int>(std::floor(std::log10(tick) + 1e-9));
  const double lead = tick / std::pow(10, exponent);
  const std::string power = "10" + raised(exponent);
  return lead < 1.5 ? power : fmt::format("{:.0f}\u00b7{}", lead, power);
}

std::string with_commas(double amount) {
  std::string digits = fmt::format("{:.0f}", std::abs(amount));
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return (amount < 0 ? "\u2212" : "") + digits;
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  CHECK(std::isfinite(low) && std::isfinite(high) && low <= high && count >= 2, "{} to {} in {}",
        low, high, count);
  if (low == high) {  // a single value gets room on both sides
    const double room = low == 0 ? 1 : std::abs(low) / 2;
    low -= room;
    high += room;
  }
  const double rough = (high - low) / (count - 1);
  const double magnitude = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / magnitude;
  const double step = magnitude * (lead < 1.4 ? 1 : lead < 3.2 ? 2 : lead < 7 ? 5 : 10);
  // A little slack keeps 0.30000000000000004 from needing one more tick.
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  CHECK(low > 0 && low <= high && std::isfinite(high), "{} to {}", low, high);
  constexpr double kSlack = 1e-9;
  const int first = static_cast<int>(std::floor(std::log10(low) + kSlack));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(high) - kSlack)));
  std::vector<double> ticks;
  if (last - first > 3) {
    const int step = (last - first + 7) / 8;
    for (int e = first; e < last + step; e += step) ticks.push_back(std::pow(10, e));
    return ticks;
  }
  for (int e = first; e <= last; ++e) {
    for (const double lead : {1.0, 2.0, 5.0}) ticks.push_back(lead * std::pow(10, e));
  }
  // Those that nothing needs go from both ends.
  while (ticks.size() > 2 && ticks[1] <= low * (1 + kSlack)) ticks.erase(ticks.begin());
  while (ticks.size() > 2 && ticks[ticks.size() - 2] >= high * (1 - kSlack)) ticks.pop_back();
  return ticks;
}

ChartAxis::ChartAxis(AxisScale scale, double low, double high, double first_pixel,
                     double last_pixel, int ticks)
    : scale_(scale),
      ticks_(scale == AxisScale::kLog ? log_ticks(low, high) : round_ticks(low, high, ticks)),
      first_pixel_(first_pixel),
      last_pixel_(last_pixel) {}

double ChartAxis::pixel(double value) const {
  const auto along = [this](double v) { return scale_ == AxisScale::kLog ? std::log(v) : v; };
  const double low = along(ticks_.front()), high = along(ticks_.back());
  const double part = (along(value) - low) / (high - low);
  return first_pixel_ + part * (last_pixel_ - first_pixel_);
}

std::string ChartAxis::text(double tick) const {
  if (scale_ == AxisScale::kLog) return log_text(tick);
  const double step = ticks_[1] - ticks_[0];
  const double largest = std::max(std::abs(ticks_.front()), std::abs(ticks_.back()));
  if (largest >= 1e6 || largest < 1e-3) return fmt::format("{:.3g}", tick);
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  std::string text = decimals == 0 ? with_commas(std::abs(tick))
                                   : fmt::format("{:.{}f}", std::abs(tick), decimals);
  return tick < -step / 2 ? "\u2212" + text : text;
}

ShownUnit shown_unit(double largest, std::string_view unit) {
  if (unit.empty() || unit == "%" || unit == "x" || !(largest > 0) || !std::isfinite(largest)) {
    return {std::string(unit), 1};
  }
  if (unit == "B") {
    constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t prefix = 0;
    double factor = 1;
    for (; largest * factor >= 1024 && prefix + 1 < kUnits.size(); ++prefix) factor /= 1024;
    return {std::string(kUnits[prefix]), factor};
  }
  const MetricPrefix prefix = metric_prefix(largest);
  return {std::string(prefix.symbol) + std::string(unit), prefix.factor};
}

std::string shown_amount(double amount, std::string_view unit) {
  const ShownUnit shown = shown_unit(std::abs(amount), unit);
  const double value = amount * shown.factor;
  const bool whole = std::abs(value) >= 100 || value == std::floor(value);
  const std::string sign = value < 0 ? "\u2212" : "";
  const std::string text = whole && std::abs(value) < 1e9
                               ? with_commas(value)
                               : sign + fmt::format("{:.3g}", std::abs(value));
  return shown.symbol.empty() ? text : text + " " + shown.symbol;
}

std::string axis_title(std::string_view name, const ShownUnit& unit) {
  return unit.symbol.empty() ? std::string(name) : fmt::format("{} ({})", name, unit.symbol);
}

}  // namespace wattgrind
