#include "estimator/meters/rapl_zones.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "estimator/base/error.h"
#include "estimator/meters/rail_names.h"

namespace wattgrind {
namespace {

const std::string kPowercap = "class/powercap";
constexpr std::string_view kControl = "intel-rapl:", kMemoryMapped = "intel-rapl-mmio:";
constexpr int kQuickTries = 3, kPatientTries = 10;
constexpr double kPauseS = 0.01;

// A zone's folder, and its name as its own file has it.
struct ZoneFolder {
  std::string folder_name;  // "intel-rapl:0:2"
  std::string name;         // "dram"
  bool is_nested() const { return folder_name.find(':', kControl.size()) != std::string::npos; }
  std::string parent() const { return folder_name.substr(0, folder_name.rfind(':')); }
};

[[noreturn]] void fail_without_package(const Sysfs& sysfs, bool lead_nowhere, bool memory_mapped) {
  if (lead_nowhere) {
    fail(ErrorKind::kMissing,
         "the RAPL zones in {}/{} lead nowhere, as in a container that hides them: run outside of "
         "it, or unmask them ('docker run --security-opt systempaths=unconfined')",
         sysfs.root(), kPowercap);
  }
  if (memory_mapped) {
    fail(ErrorKind::kMissing,
         "{}/{} has memory-mapped RAPL zones alone (intel-rapl-mmio), which show no more than a "
         "package: run 'sudo modprobe intel_rapl_msr' (in a container, on its host), or use "
         "another meter",
         sysfs.root(), kPowercap);
  }
  fail(ErrorKind::kMissing,
       "no RAPL package zone in {}/{}: run on a physical Intel or AMD machine (virtual machines "
       "have none) after 'sudo modprobe intel_rapl_msr', or use another meter",
       sysfs.root(), kPowercap);
}

std::vector<ZoneFolder> list_zones(const Sysfs& sysfs) {
  std::vector<ZoneFolder> entries;
  bool lead_nowhere = false, memory_mapped = false;
  for (const std::string& folder_name : sysfs.list(kPowercap)) {
    const bool is_memory_mapped = folder_name.starts_with(kMemoryMapped);
    if (!is_memory_mapped && !folder_name.starts_with(kControl)) continue;
    const SysfsValue name = sysfs.read(kPowercap + "/" + folder_name + "/name");
    lead_nowhere = lead_nowhere || !name.text;
    memory_mapped = memory_mapped || is_memory_mapped;
    if (name.text && !is_memory_mapped) entries.push_back({folder_name, *name.text});
  }
  const bool has_package = std::any_of(entries.begin(), entries.end(), [](const ZoneFolder& entry) {
    return !entry.is_nested() && entry.name.starts_with("package");
  });
  if (!has_package) fail_without_package(sysfs, lead_nowhere, memory_mapped);
  return entries;
}

std::vector<std::string> zone_names(const std::vector<ZoneFolder>& entries) {
  std::vector<std::string> names, places;
  for (const ZoneFolder& entry : entries) {
    names.push_back(entry.is_nested() ? "/" + entry.name : entry.name);
    places.push_back(entry.folder_name);
  }
  // The parents first: their parts are named after them.
  std::vector<std::string> tops, top_places;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].is_nested()) continue;
    tops.push_back(names[i]);
    top_places.push_back(places[i]);
  }
  tops = distinct_names(tops, top_places);
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string top = entries[i].is_nested() ? entries[i].parent() : places[i];
    const auto found = std::find(top_places.begin(), top_places.end(), top);
    const std::string name =
        found == top_places.end() ? top : tops[static_cast<size_t>(found - top_places.begin())];
    names[i] = entries[i].is_nested() ? name + names[i] : name;
  }
  return distinct_names(names, places);
}

// Why a zone cannot be read, and what helps.
struct ZoneProblem {
  std::string what;
  std::string denied_file;  // empty unless it is for root alone
};

std::optional<ZoneProblem> try_zone(const Sysfs& sysfs, RaplZone& zone, Clock& clock) {
  const std::string energy = zone.folder + "/energy_uj";
  const RaplCount counter = read_rapl_patiently(sysfs, energy, clock);
  if (counter.error == EACCES) {
    const std::string path = sysfs.root() + "/" + energy;
    return ZoneProblem{fmt::format("it is for root alone: run 'sudo chmod a+r {}'", path), path};
  }
  if (!counter.uj) return ZoneProblem{counter.problem, ""};
  const RaplCount range = read_rapl_patiently(sysfs, zone.folder + "/max_energy_range_uj", clock);
  if (!range.uj) return ZoneProblem{range.problem, ""};
  zone.range_uj = *range.uj;
  return std::nullopt;
}

}  // namespace

RaplCount read_rapl(const Sysfs& sysfs, const std::string& file) {
  SysfsValue value;
  for (int i = 0; i < kQuickTries && !value.text; ++i) value = sysfs.read(file);
  const std::string path = sysfs.root() + "/" + file;
  if (!value.text) {
    return {std::nullopt, fmt::format("{}: {}", path, std::strerror(value.error)), value.error};
  }
  uint64_t number = 0;
  const char* end = value.text->data() + value.text->size();
  const auto [stop, error] = std::from_chars(value.text->data(), end, number);
  if (error == std::errc() && stop == end) return {number, "", 0};
  return {std::nullopt, fmt::format("{}: expected microjoules, found '{}'", path, *value.text), 0};
}

RaplCount read_rapl_patiently(const Sysfs& sysfs, const std::string& file, Clock& clock) {
  RaplCount count = read_rapl(sysfs, file);
  for (int i = 1; i < kPatientTries && !count.uj; ++i) {
    // Waiting helps neither against a missing file nor against missing permission.
    if (count.error == EACCES || count.error == ENOENT) return count;
    clock.sleep_until(clock.now_s() + kPauseS, {});
    count = read_rapl(sysfs, file);
  }
  return count;
}

RaplZones find_rapl_zones(const Sysfs& sysfs, Clock& clock) {
  const std::vector<ZoneFolder> entries = list_zones(sysfs);
  const std::vector<std::string> names = zone_names(entries);
  RaplZones found;
  std::vector<std::string> denied, broken;
  bool total_is_denied = false;
  for (size_t i = 0; i < entries.size(); ++i) {
    RaplZone zone{names[i], kPowercap + "/" + entries[i].folder_name, false, 0};
    zone.in_total =
        entries[i].is_nested() ? entries[i].name == "dram" : entries[i].name.starts_with("package");
    const std::optional<ZoneProblem> problem = try_zone(sysfs, zone, clock);
    if (!problem) {
      found.zones.push_back(std::move(zone));
      continue;
    }
    if (!problem->denied_file.empty()) {
      denied.push_back(problem->denied_file);
      total_is_denied = total_is_denied || zone.in_total;
    } else if (zone.in_total) {
      broken.push_back(fmt::format("RAPL zone {} cannot be read: {}", zone.name, problem->what));
    }
    if (!zone.in_total) {
      found.left_out.push_back(fmt::format("RAPL zone {}, no part of the total, is left out: {}",
                                           zone.name, problem->what));
    }
  }
  if (total_is_denied) {
    fail(ErrorKind::kMissing, "RAPL counters are for root alone: run 'sudo chmod a+r {}'",
         fmt::join(denied, " "));
  }
  if (!broken.empty()) {
    fail(ErrorKind::kMissing,
         "{}: without it the total is not known: use another meter, or another "
         "kernel",
         fmt::join(broken, "; "));
  }
  return found;
}

}  // namespace wattgrind
