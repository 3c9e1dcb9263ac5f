#include "estimator/machine/host_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRemedy =
    "name a profile instead (--machine; `wattgrind machines` lists them)";

// Reads a file of sysfs or procfs; absent where it cannot be read.
std::optional<std::string> read_text(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;
  return text;
}

// Reads a word of sysfs without its line feed; absent where the file cannot be read.
std::optional<std::string> read_word(const fs::path& path) {
  auto text = read_text(path);
  while (text && !text->empty() && std::isspace(static_cast<unsigned char>(text->back())) != 0) {
    text->pop_back();
  }
  return text;
}

// Reads a size like "32K", "1024K", "32M" or "64" in bytes; absent for 0 and for anything else.
std::optional<uint64_t> parse_size(const std::optional<std::string>& word) {
  constexpr uint64_t kMostUnits = uint64_t{1} << 40;
  if (!word) return std::nullopt;
  uint64_t number = 0;
  const char* end = word->data() + word->size();
  const auto [rest, error] = std::from_chars(word->data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  if (error != std::errc() || number == 0 || number > kMostUnits) return std::nullopt;
  if (unit.empty()) return number;
  if (unit == "K") return number << 10;
  if (unit == "M") return number << 20;
  return std::nullopt;
}

// Reads the cache in one index folder; absent for an instruction cache.
std::optional<std::pair<uint64_t, Sourced<CacheGeometry>>> read_cache(const fs::path& folder) {
  if (read_word(folder / "type") == "Instruction") return std::nullopt;
  const auto number = [&](const char* name) { return parse_size(read_word(folder / name)); };
  const auto level = number("level"), size = number("size");
  const auto ways = number("ways_of_associativity"), line = number("coherency_line_size");
  const auto sets = number("number_of_sets");
  if (!level || !size || !ways || !line || !sets || *ways > UINT16_MAX || *line > UINT16_MAX ||
      !std::has_single_bit(*line) || *size != *ways * *line * *sets) {
    fail(ErrorKind::kMissing, "this system tells its caches only in part ({}): {}", folder.string(),
         kRemedy);
  }
  const CacheGeometry geometry{*size, static_cast<uint32_t>(*ways), static_cast<uint32_t>(*line)};
  return std::pair{*level, Sourced<CacheGeometry>{geometry, folder.string()}};
}

std::vector<Sourced<CacheGeometry>> read_levels(const fs::path& root) {
  const fs::path folder = root / "sys/devices/system/cpu/cpu0/cache";
  std::map<uint64_t, Sourced<CacheGeometry>> by_level;
  std::error_code ignored;
  for (int index = 0; fs::is_directory(folder / fmt::format("index{}", index), ignored); ++index) {
    const auto cache = read_cache(folder / fmt::format("index{}", index));
    if (cache) by_level.insert(*cache);
  }
  std::vector<Sourced<CacheGeometry>> levels;
  for (auto& [level, geometry] : by_level) {
    if (level != levels.size() + 1) break;
    levels.push_back(std::move(geometry));
  }
  if (levels.empty() || levels.size() != by_level.size()) {
    fail(ErrorKind::kMissing, "this system does not tell its caches ({}): {}", folder.string(),
         kRemedy);
  }
  return levels;
}

// Returns the value of the first line "key : value" of /proc/cpuinfo; empty where there is none.
std::string cpuinfo_value(const std::string& cpuinfo, std::string_view key) {
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || line.compare(0, key.size(), key) != 0) continue;
    if (line.find_first_not_of(" \t", key.size()) != colon) continue;
    const size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

std::optional<Isa> isa_of(const std::string& cpuinfo) {
  std::istringstream words(cpuinfo_value(cpuinfo, "flags") + " " +
                           cpuinfo_value(cpuinfo, "Features"));
  std::set<std::string, std::less<>> flags;
  for (std::string word; words >> word;) flags.insert(word);
  return widest_isa([&](std::string_view flag) { return flags.count(flag) != 0; });
}

double distance(const HostCpu& cpu, const Machine& profile) {
  constexpr double kLevelOfOneOnly = 4;
  const size_t common = std::min(cpu.levels.size(), profile.levels.size());
  const size_t most = std::max(cpu.levels.size(), profile.levels.size());
  double sum = kLevelOfOneOnly * static_cast<double>(most - common);
  for (size_t i = 0; i < common; ++i) {
    sum += std::abs(std::log2(static_cast<double>(cpu.levels[i].value.size_bytes) /
                              static_cast<double>(profile.levels[i].geometry.value.size_bytes)));
  }
  return sum;
}

std::optional<Sourced<CacheGeometry>> cachegrind_substitute(const CacheGeometry& geometry) {
  if (std::has_single_bit(geometry.sets())) return std::nullopt;
  const uint64_t lines = geometry.size_bytes / geometry.line_bytes;
  const uint64_t sets =
      std::min(std::bit_floor(geometry.sets()), uint64_t{1} << std::countr_zero(lines));
  CacheGeometry substitute = geometry;
  substitute.ways = static_cast<uint32_t>(lines / sets);
  return Sourced<CacheGeometry>{
      substitute, fmt::format("cachegrind wants sets that are a power of two: the same size as {} "
                              "sets of {} ways",
                              sets, substitute.ways)};
}

Sourced<double> from_profile(const Sourced<double>& number, const Machine& profile) {
  return {number.value, fmt::format("profile {}: {}", profile.name, number.source)};
}

CacheLevel host_level(const HostCpu& cpu, size_t index, const Machine& profile) {
  const CacheLevel& priced = profile.levels[std::min(index, profile.levels.size() - 1)];
  CacheLevel level;
  level.name = fmt::format("L{}", index + 1);
  level.geometry = cpu.levels[index];
  level.containment = index < profile.levels.size() ? priced.containment : level.containment;
  level.latency_cycles = from_profile(priced.latency_cycles, profile);
  level.read_energy_pj = from_profile(priced.read_energy_pj, profile);
  level.write_energy_pj = from_profile(priced.write_energy_pj, profile);
  level.cachegrind_substitute = cachegrind_substitute(level.geometry.value);
  return level;
}

}  // namespace

HostCpu read_host_cpu(const fs::path& root) {
  const fs::path path = root / "proc/cpuinfo";
  const std::string cpuinfo = read_text(path).value_or("");
  const std::optional<Isa> isa = isa_of(cpuinfo);
  if (!isa) {
    fail(ErrorKind::kMissing,
         "this CPU has none of sse4.2, avx2, avx512 and neon according to {}: {}", path.string(),
         kRemedy);
  }
  return {cpuinfo_value(cpuinfo, "model name"), *isa, read_levels(root)};
}

const Machine& nearest_profile(const HostCpu& cpu, const std::vector<Machine>& profiles) {
  const Machine* nearest = nullptr;
  for (const Machine& profile : profiles) {
    if ((profile.isa == Isa::kNeon) != (cpu.isa == Isa::kNeon)) continue;
    if (nearest == nullptr || distance(cpu, profile) < distance(cpu, *nearest)) {
      nearest = &profile;
    }
  }
  CHECK(nearest != nullptr, "no profile for {} among {}", traits(cpu.isa).name, profiles.size());
  return *nearest;
}

Machine host_machine(const HostCpu& cpu, const Machine& profile) {
  Machine host = profile;
  host.name = "host";
  host.description = cpu.model.empty() ? "this system" : cpu.model;
  host.isa = cpu.isa;
  host.levels.clear();
  for (size_t i = 0; i < cpu.levels.size(); ++i) host.levels.push_back(host_level(cpu, i, profile));
  host.dram = {from_profile(profile.dram.latency_cycles, profile),
               from_profile(profile.dram.read_energy_pj, profile),
               from_profile(profile.dram.write_energy_pj, profile)};
  host.frequency_hz = from_profile(profile.frequency_hz, profile);
  host.notes = {
      "Cache sizes and the instruction set are this system's own.",
      fmt::format("Latencies, energies and the clock are those of the profile {}, whose caches are "
                  "nearest in size: measured on another CPU.",
                  profile.name)};
  return host;
}

}  // namespace wattgrind
