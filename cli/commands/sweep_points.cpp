#include "cli/commands/sweep_points.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/csv.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/key_values.h"
#include "estimator/machine/machine_file.h"
#include "estimator/machine/operating_point.h"

namespace wattgrind {
namespace {

constexpr size_t kMostValues = 10'000;
constexpr std::string_view kMachineKey = "machine.";

int64_t whole_number(std::string_view text, const std::string& factor) {
  const std::optional<int64_t> number = parse_integer(text);
  if (!number) fail(ErrorKind::kUsage, "{}: found '{}', wanted a whole number", factor, text);
  return *number;
}

std::vector<std::string> read_range(std::string_view text, size_t dots, const std::string& factor) {
  const int64_t first = whole_number(text.substr(0, dots), factor);
  std::string_view rest = text.substr(dots + 2);
  const size_t step_at = rest.find_first_of("*+");
  const bool multiplies = step_at != std::string_view::npos && rest[step_at] == '*';
  int64_t step = 1;
  if (step_at != std::string_view::npos) step = whole_number(rest.substr(step_at + 1), factor);
  const int64_t last = whole_number(rest.substr(0, step_at), factor);
  if (last < first) fail(ErrorKind::kUsage, "{}: the range is empty", factor);
  if (step < (multiplies ? 2 : 1) || (multiplies && first < 1)) {
    fail(ErrorKind::kUsage, "{}: a range goes up, as in 1..9, 8..64+8 or 32..512*2", factor);
  }
  std::vector<std::string> values;
  int64_t value = first;
  while (true) {
    values.push_back(std::to_string(value));
    if (values.size() > kMostValues) {
      fail(ErrorKind::kUsage, "{}: more than {} values", factor, kMostValues);
    }
    if (multiplies ? value > last / step : value > last - step) return values;
    value = multiplies ? value * step : value + step;
  }
}

// The text with the key's value replaced or, where it has none, added.
std::string with_value(const std::string& what, const std::string& key, const std::string& value) {
  const size_t colon = what.find(':');
  if (colon == std::string::npos) {
    fail(ErrorKind::kUsage,
         "{}: {} is of a layer or a topology in short, as in "
         "conv:filters=64,kernel=3,input=64x56x56",
         key, what);
  }
  std::string result = what.substr(0, colon + 1);
  bool replaced = false;
  for (const std::string_view part : split(std::string_view(what).substr(colon + 1), ',')) {
    if (result.back() != ':') result += ',';
    const bool is_it = part.substr(0, part.find('=')) == key;
    result += is_it ? fmt::format("{}={}", key, value) : std::string(part);
    replaced = replaced || is_it;
  }
  if (!replaced) result += fmt::format("{}{}={}", result.back() == ':' ? "" : ",", key, value);
  return result;
}

std::vector<std::string> input_of(const std::string& what, const std::string& key) {
  const size_t at = what.find("input=");
  if (at == std::string::npos) fail(ErrorKind::kUsage, "{}: {} says no input", key, what);
  const std::string text = what.substr(at + 6, what.find(',', at) - at - 6);
  std::vector<std::string> sizes;
  for (const std::string_view size : split(text, 'x')) sizes.emplace_back(size);
  if (sizes.size() != 3) fail(ErrorKind::kUsage, "{}: input={}: wanted CxHxW", key, text);
  return sizes;
}

std::string applied(const std::string& what, const std::string& key, const std::string& value) {
  if (key == "pool") {
    const size_t pool = what.find("pool");
    if (pool == std::string::npos || pool > what.find(':')) {
      fail(ErrorKind::kUsage, "pool: {} is no pooling", what);
    }
    return value + what.substr(pool);
  }
  if (key == "channels") {
    const std::vector<std::string> input = input_of(what, key);
    return with_value(what, "input", fmt::format("{}x{}x{}", value, input[1], input[2]));
  }
  if (key == "input" && value.find('x') == std::string::npos) {
    return with_value(what, "input", fmt::format("{}x{}x{}", input_of(what, key)[0], value, value));
  }
  return with_value(what, key, value);
}

// The member of a profile that a key like "L2.size_bytes" or "clocks.scalar_hz" names.
nlohmann::json& member_of(nlohmann::json& machine, std::string_view path) {
  nlohmann::json* at = &machine;
  for (const std::string_view part : split(path, '.')) {
    nlohmann::json* next = nullptr;
    if (at == &machine) {
      for (nlohmann::json& level : machine.at("levels")) {
        if (level.at("name") == part) next = &level;
      }
    }
    if (next == nullptr && at->is_object()) {
      const std::string name(part);
      if (at->contains(name)) next = &at->at(name);
      const bool has_geometry = at->contains("geometry") && at->at("geometry").contains(name);
      if (next == nullptr && has_geometry) next = &at->at("geometry").at(name);
    }
    if (next == nullptr) {
      fail(ErrorKind::kUsage, "machine.{}: the profile has no '{}'", path, part);
    }
    at = next;
  }
  return at->is_object() && at->contains("value") ? at->at("value") : *at;
}

Machine with_figure(const Machine& machine, std::string_view path, const std::string& value) {
  if (path == "frequency_hz" && !machine.operating_points.empty()) {
    const std::optional<double> clock_hz = parse_number(value);
    if (!clock_hz) fail(ErrorKind::kUsage, "machine.{}: found '{}', wanted a number", path, value);
    return machine_at(machine, *clock_hz);
  }
  nlohmann::json json = parse_json(write_machine(machine), machine.name);
  nlohmann::json& member = member_of(json, path);
  if (const std::optional<int64_t> whole = parse_integer(value)) {
    member = *whole;
  } else if (const std::optional<double> number = parse_number(value)) {
    member = *number;
  } else {
    member = value;
  }
  return read_machine(compact_json(nlohmann::ordered_json(json)), machine.name);
}

}  // namespace

SweepFactor read_factor(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    fail(ErrorKind::kUsage, "--vary {}: wanted KEY=VALUES, as in batch=1,2,4 or input=32..512*2",
         text);
  }
  SweepFactor factor{text.substr(0, equals), {}};
  const std::string_view values = std::string_view(text).substr(equals + 1);
  const std::string named = "--vary " + text;
  for (const std::string_view part : split(values, ',')) {
    if (const size_t dots = part.find(".."); dots != std::string_view::npos) {
      const std::vector<std::string> range = read_range(part, dots, named);
      factor.values.insert(factor.values.end(), range.begin(), range.end());
    } else if (part.empty()) {
      fail(ErrorKind::kUsage, "{}: a value is missing", named);
    } else {
      factor.values.emplace_back(part);
    }
  }
  return factor;
}

std::vector<SweepPoint> sweep_points(const std::vector<SweepFactor>& factors, bool one_at_a_time) {
  std::vector<SweepPoint> points;
  if (one_at_a_time) {
    for (size_t i = 0; i < factors.size(); ++i) {
      for (const std::string& value : factors[i].values) {
        points.emplace_back(factors.size());
        points.back()[i] = value;
      }
    }
    return points;
  }
  points.emplace_back();
  for (const SweepFactor& factor : factors) {
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (const std::string& value : factor.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

NetworkCase case_at(const SweepBase& base, const std::vector<SweepFactor>& factors,
                    const SweepPoint& point) {
  NetworkCase result{{}, {}, base.machine, base.plan, base.batch, base.steady};
  std::string what = base.what;
  for (size_t i = 0; i < factors.size(); ++i) {
    const auto& [key, value] = std::tie(factors[i].key, point[i]);
    if (value.empty()) continue;
    result.label += fmt::format("{}{}={}", result.label.empty() ? "" : ",", key, value);
    if (key == "batch") {
      result.batch = whole_number(value, "batch");
      if (result.batch < 1) fail(ErrorKind::kUsage, "batch: found {}, wanted at least 1", value);
    } else if (key == "plan") {
      if (value != "fused" && value != "layers") {
        fail(ErrorKind::kUsage, "plan: found {}, wanted fused or layers", value);
      }
      result.plan = value == "fused" ? Plan::kFused : Plan::kLayers;
    } else if (key == "algorithm") {
      result.algorithm = value;
    } else if (key.starts_with(kMachineKey)) {
      result.machine =
          with_figure(result.machine, std::string_view(key).substr(kMachineKey.size()), value);
    } else {
      what = applied(what, key, value);
    }
  }
  result.network = find_network(what);
  return result;
}

}  // namespace wattgrind
