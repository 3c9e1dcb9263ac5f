#include "estimator/meters/pmic_adc.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

struct AdcChannel {
  std::string rail;
  bool is_current = false;
  double value = 0;
};

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Reads "VDD_CORE_A current(7)=2.098A"; absent for anything else.
std::optional<AdcChannel> parse_line(std::string_view line) {
  const size_t blank = line.find(' '), equals = line.find('=');
  if (blank == std::string_view::npos || equals == std::string_view::npos || blank > equals) {
    return std::nullopt;
  }
  std::string_view name = line.substr(0, blank), value = line.substr(equals + 1);
  const bool is_current = line.substr(blank + 1).starts_with("current(");
  if (!is_current && !line.substr(blank + 1).starts_with("volt(")) return std::nullopt;
  const std::string_view end = is_current ? "_A" : "_V";
  if (!name.ends_with(end) || value.empty() || value.back() != end[1]) return std::nullopt;
  name.remove_suffix(end.size());
  value.remove_suffix(1);
  const std::optional<double> number = parse_number(std::string(value));
  if (!number) return std::nullopt;
  return AdcChannel{std::string(name), is_current, *number};
}

}  // namespace

std::vector<PmicRail> parse_pmic_adc(std::string_view text) {
  std::vector<PmicRail> rails;
  std::map<std::string, double> volts;
  while (!text.empty()) {
    const std::string_view line = without_blanks(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.empty()) continue;
    const std::optional<AdcChannel> channel = parse_line(line);
    if (!channel) {
      fail(ErrorKind::kFailed,
           "vcgencmd pmic_read_adc: expected a line like 'VDD_CORE_A current(7)=2.098A', found "
           "'{}'",
           line);
    }
    if (channel->is_current) {
      rails.push_back({channel->rail, channel->value, 0});
    } else {
      volts[channel->rail] = channel->value;
    }
  }
  std::erase_if(rails, [&](const PmicRail& rail) { return !volts.contains(rail.name); });
  for (PmicRail& rail : rails) rail.volts = volts.at(rail.name);
  if (rails.empty()) {
    fail(ErrorKind::kFailed, "vcgencmd pmic_read_adc: no rail has both a current and a voltage");
  }
  return rails;
}

}  // namespace wattgrind
