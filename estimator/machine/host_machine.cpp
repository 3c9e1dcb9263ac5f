#include "estimator/machine/host_machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

#include "estimator/base/error.h"
#include "estimator/machine/cpuinfo.h"
#include "estimator/machine/host_isa.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

std::optional<Isa> isa_of(const Cpuinfo& cpuinfo, int cpu) {
  std::istringstream words(cpuinfo.value(cpu, "flags") + " " + cpuinfo.value(cpu, "Features"));
  std::set<std::string, std::less<>> flags;
  for (std::string word; words >> word;) flags.insert(word);
  return widest_isa([&](std::string_view flag) { return flags.count(flag) != 0; });
}

double size_distance(const HostCpu& cpu, const Machine& profile) {
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

// The sets of x86 stand in the order of their width.
int isa_distance(Isa a, Isa b) { return std::abs(static_cast<int>(a) - static_cast<int>(b)); }

// Of profiles that do not tell their year, any that does is nearer.
int year_distance(const HostCpu& cpu, const Machine& profile) {
  if (!cpu.core) return 0;
  return profile.core ? std::abs(cpu.core->year - profile.core->year) : INT_MAX;
}

bool is_same_core(const HostCpu& cpu, const Machine& profile) {
  return cpu.core && profile.core && cpu.core->name == profile.core->name;
}

auto distance(const HostCpu& cpu, const Machine& profile) {
  return std::tuple(isa_distance(cpu.isa, profile.isa), year_distance(cpu, profile),
                    !is_same_core(cpu, profile), size_distance(cpu, profile));
}

std::optional<Sourced<CacheGeometry>> cachegrind_substitute(const CacheGeometry& geometry) {
  if (std::has_single_bit(geometry.sets())) return std::nullopt;
  const uint64_t lines = geometry.size_bytes / geometry.line_bytes;
  const uint64_t sets =
      std::min(std::bit_floor(geometry.sets()), uint64_t{1} << std::countr_zero(lines));
  CacheGeometry substitute = geometry;
  substitute.ways = static_cast<uint32_t>(lines / sets);
  return Sourced<CacheGeometry>{
      substitute,
      fmt::format("cachegrind wants sets that are a power of two: the same size as {} "
                  "sets of {} ways",
                  sets, substitute.ways),
      std::nullopt};
}

// Whatever a figure is in its profile, here it is assumed.
Sourced<double> from_profile(const Sourced<double>& number, const Machine& profile) {
  return {number.value, fmt::format("profile {}: {}", profile.name, number.source),
          Basis::kAssumed};
}

std::optional<Sourced<double>> from_profile(const std::optional<Sourced<double>>& number,
                                            const Machine& profile) {
  if (!number) return std::nullopt;
  return from_profile(*number, profile);
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
  if (index > 0) level.bytes_per_cycle = from_profile(priced.bytes_per_cycle, profile);
  level.cachegrind_substitute = cachegrind_substitute(level.geometry.value);
  return level;
}

std::string core_words(const std::optional<CoreDesign>& core) {
  return core ? fmt::format("{}, {}", core->name, core->year) : "of a year that is not known";
}

std::string prices_note(const HostCpu& cpu, const Machine& profile) {
  return fmt::format(
      "Borrowed from the profile {} ({}), whose CPU is the nearest to this one ({}) by instruction "
      "set{}, then by cache sizes: the energies, latencies and bandwidths of L1 to L{} and of "
      "memory, the energies of arithmetic{}, the clocks{}. They were not measured here. What the "
      "profile's notes say of its prices holds here too.",
      profile.name, core_words(profile.core), core_words(cpu.core),
      cpu.core ? ", then by year" : "", cpu.levels.size(),
      profile.instructions ? " and of instructions" : "",
      profile.power            ? ", the power of what is awake and of what idles"
      : profile.static_power_w ? ", the static power"
                               : "");
}

std::string structure_note(const HostCpu& cpu, const Machine& profile) {
  std::vector<std::string> levels;
  for (size_t i = 0; i < std::min(cpu.levels.size(), profile.levels.size()); ++i) {
    levels.push_back(fmt::format("L{} {}", i + 1, name(profile.levels[i].containment)));
  }
  std::string note =
      fmt::format("Borrowed from it too is how levels hold what those above hold: {}.",
                  fmt::join(levels, ", "));
  if (cpu.levels.size() > profile.levels.size()) {
    note += fmt::format(
        " It has no L{}: levels from there on have the prices of its last and are "
        "taken as {}.",
        profile.levels.size() + 1, name(Containment::kNonInclusive));
  }
  return note + " Replacement is taken as LRU.";
}

std::string kind_words(const CoreKind& kind) {
  std::vector<std::string> words;
  if (const auto core = core_design(kind.id)) words.push_back(core->name);
  if (!kind.levels.empty())
    words.push_back(fmt::format("{} KiB private", kind.private_bytes >> 10));
  if (kind.max_khz) words.push_back(fmt::format("{} MHz", *kind.max_khz / 1000));
  const std::string cpus =
      fmt::format("CPU{} {}", kind.cpus.size() == 1 ? "" : "s", cpu_list(kind.cpus));
  return words.empty() ? cpus : fmt::format("{} ({})", cpus, fmt::join(words, ", "));
}

// The caches of a board with the same core, for one that does not tell its own.
HostCpu with_caches_of(const Machine& profile, const HostCpu& told) {
  if (!is_same_core(told, profile)) {
    fail(ErrorKind::kMissing,
         "this system does not tell its caches, and no profile has its core ({}): {}",
         core_words(told.core), kNameAProfile);
  }
  HostCpu cpu = told;
  for (const CacheLevel& level : profile.levels) {
    cpu.levels.push_back({level.geometry.value,
                          fmt::format("profile {}: {}", profile.name, level.geometry.source),
                          Basis::kAssumed});
  }
  return cpu;
}

}  // namespace

HostCpu read_host_cpu(const fs::path& root) {
  const fs::path path = root / "proc/cpuinfo";
  const Cpuinfo cpuinfo(read_text(path).value_or(""));
  HostCpu host;
  host.kinds = read_core_kinds(root, cpuinfo);
  const CoreKind& kind = host.kinds.front();
  const int cpu = kind.cpus.front();
  const std::optional<Isa> isa = isa_of(cpuinfo, cpu);
  if (!isa && cpuinfo.value(cpu, "Features").find("neon") != std::string::npos) {
    fail(ErrorKind::kMissing,
         "this system runs 32-bit Arm code according to {}: install a 64-bit system, or {}",
         path.string(), kNameAProfile);
  }
  if (!isa) {
    fail(ErrorKind::kMissing,
         "this CPU has none of sse4.2, avx2, avx512 and neon according to {}: {}", path.string(),
         kNameAProfile);
  }
  host.isa = *isa;
  host.model = cpuinfo.value(cpu, "model name");
  host.levels = kind.levels;
  host.core = core_design(kind.id);
  return host;
}

std::string cores_text(const std::vector<CoreKind>& kinds) {
  if (kinds.size() == 1) return kind_words(kinds.front());
  std::vector<std::string> others;
  for (size_t i = 1; i < kinds.size(); ++i) others.push_back(kind_words(kinds[i]));
  return fmt::format(
      "This system's cores differ. CPU {} is meant, and used by measure and train, of the {}, "
      "rather than {}: the largest last private cache decides, then the highest clock.",
      kinds.front().cpus.front(), kind_words(kinds.front()), fmt::join(others, " or "));
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

Machine host_machine(const HostCpu& told, const Machine& profile) {
  const HostCpu cpu = told.levels.empty() ? with_caches_of(profile, told) : told;
  Machine host = profile;
  host.name = "host";
  host.description = cpu.model.empty() ? "this system" : cpu.model;
  host.isa = cpu.isa;
  host.core = cpu.core;
  // The profile's core stands in for this one in time as it does in energy.
  if (host.core && profile.core) host.core->llvm_cpu = profile.core->llvm_cpu;
  host.levels.clear();
  for (size_t i = 0; i < cpu.levels.size(); ++i) host.levels.push_back(host_level(cpu, i, profile));
  host.dram = {from_profile(profile.dram.latency_cycles, profile),
               from_profile(profile.dram.read_energy_pj, profile),
               from_profile(profile.dram.write_energy_pj, profile),
               from_profile(profile.dram.read_bytes_per_s, profile),
               from_profile(profile.dram.write_bytes_per_s, profile)};
  host.frequency_hz = from_profile(profile.frequency_hz, profile);
  for_each_price(host.operations, [&](std::string_view, std::string_view, Sourced<double>& price) {
    price = from_profile(price, profile);
  });
  for (auto* figure :
       {&host.static_power_w, &host.cores, &host.packages, &host.operations_512_per_cycle}) {
    *figure = from_profile(*figure, profile);
  }
  const auto borrow = [&](const auto&, Sourced<double>& figure) {
    figure = from_profile(figure, profile);
  };
  for_each_figure(host.clocks, kClockFigures, borrow);
  if (host.power) for_each_figure(*host.power, kPowerFigures, borrow);
  if (host.instructions) for_each_figure(*host.instructions, kInstructionFigures, borrow);
  host.notes = {
      told.levels.empty()
          ? fmt::format(
                "This system does not tell its caches: sizes, ways and lines are those of the "
                "profile {}, whose core is the same. The instruction set is this system's own.",
                profile.name)
          : "The sizes, ways and lines of the caches and the instruction set are this system's "
            "own.",
      prices_note(cpu, profile), structure_note(cpu, profile)};
  if (cpu.kinds.size() > 1) host.notes.push_back(cores_text(cpu.kinds));
  return host;
}

}  // namespace wattgrind
