#include "cachesim/cachegrind/cachegrind_command.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Instruction fetches are not priced, so that any geometry serves; it is passed all the same,
// since cachegrind would otherwise take the host's. LL is shared with instructions, so that a
// fixed one also keeps the data misses of LL the same on every host.
constexpr CacheGeometry kInstructionCache{32 * 1024, 8, 64};

// The widest register cachegrind sees, on hosts with AVX (VG_(machine_get_size_of_largest_guest_
// register)); on others it takes lines of 16 bytes. One rule for all hosts keeps an estimate a
// function of its inputs.
constexpr uint32_t kLeastLineBytes = 32;

std::string describe(const CacheGeometry& geometry) {
  return fmt::format("{} B, {} ways, {} B lines", geometry.size_bytes, geometry.ways,
                     geometry.line_bytes);
}

std::string option(std::string_view name, const CacheGeometry& geometry) {
  return fmt::format("--{}={},{},{}", name, geometry.size_bytes, geometry.ways,
                     geometry.line_bytes);
}

// Returns the number of ways nearest to the true one with which cachegrind takes a cache of this
// size.
std::optional<uint32_t> nearest_accepted_ways(const CacheGeometry& geometry) {
  std::optional<uint32_t> nearest;
  const auto distance = [&](uint32_t ways) {
    return ways > geometry.ways ? ways - geometry.ways : geometry.ways - ways;
  };
  for (uint64_t sets = 1; sets <= geometry.size_bytes; sets *= 2) {
    CacheGeometry candidate = geometry;
    const uint64_t ways = geometry.size_bytes / sets / std::max(geometry.line_bytes, 1U);
    if (ways > std::numeric_limits<uint32_t>::max()) continue;
    candidate.ways = static_cast<uint32_t>(ways);
    if (cachegrind_refusal(candidate)) continue;
    if (!nearest || distance(candidate.ways) < distance(*nearest)) nearest = candidate.ways;
  }
  return nearest;
}

std::string remedy(const CacheGeometry& geometry) {
  const auto ways = nearest_accepted_ways(geometry);
  if (!ways) return "count by simulation";
  return fmt::format(
      "name a substitute in the profile, such as \"cachegrind\": {{\"ways\": {}}}, or count by "
      "simulation",
      *ways);
}

// Returns the geometry that cachegrind is to simulate for a level.
CacheGeometry accepted_geometry(const Machine& machine, const CacheLevel& level,
                                std::vector<std::string>& substitutions) {
  const CacheGeometry& geometry = level.geometry.value;
  const auto refusal = cachegrind_refusal(geometry);
  if (!refusal) return geometry;
  if (!level.cachegrind_substitute) {
    fail(ErrorKind::kInput, "machine {}: {} ({}): cachegrind refuses it: {}; {}", machine.name,
         level.name, describe(geometry), *refusal, remedy(geometry));
  }
  const CacheGeometry& substitute = level.cachegrind_substitute->value;
  if (const auto second_refusal = cachegrind_refusal(substitute)) {
    fail(ErrorKind::kInput, "machine {}: {}: cachegrind refuses its substitute too ({}): {}; {}",
         machine.name, level.name, describe(substitute), *second_refusal, remedy(geometry));
  }
  substitutions.push_back(fmt::format("{} ({}) is counted as {}, since cachegrind refuses it: {}",
                                      level.name, describe(geometry), describe(substitute),
                                      *refusal));
  return substitute;
}

bool is_plain(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%";
  return !word.empty() && word.find_first_not_of(kPlain) == std::string::npos;
}

}  // namespace

std::optional<std::string> cachegrind_refusal(const CacheGeometry& geometry) {
  const auto [size_bytes, ways, line_bytes] = geometry;
  if (size_bytes == 0 || ways == 0 || line_bytes == 0) return "a size of zero";
  constexpr uint64_t kMostInt = std::numeric_limits<int32_t>::max();  // it keeps them in an int
  if (size_bytes > kMostInt || ways > kMostInt || line_bytes > kMostInt) {
    return "a size of 2 GiB or more";
  }
  const uint64_t set_bytes = uint64_t{ways} * line_bytes;
  if (size_bytes % set_bytes != 0) {
    return fmt::format("{} ways of {} B do not divide its size", ways, line_bytes);
  }
  if (!std::has_single_bit(geometry.sets())) {
    return fmt::format("{} sets are not a power of two", geometry.sets());
  }
  if (!std::has_single_bit(line_bytes)) {
    return fmt::format("lines of {} B are not a power of two", line_bytes);
  }
  if (line_bytes < kLeastLineBytes) {
    return fmt::format("lines of {} B are shorter than a vector register ({} B)", line_bytes,
                       kLeastLineBytes);
  }
  if (size_bytes <= line_bytes) return "it has a single line";
  return std::nullopt;
}

CachegrindPlan plan_cachegrind(const Machine& machine) {
  CHECK(!machine.levels.empty(), "machine {}", machine.name);
  CachegrindPlan plan;
  std::vector<CacheGeometry> levels;
  for (const CacheLevel& level : machine.levels) {
    levels.push_back(accepted_geometry(machine, level, plan.substitutions));
  }
  // Cachegrind always simulates an LL. With one level its counts are not read, and what D1 does
  // is independent of it.
  if (levels.size() == 1) levels.push_back(levels.front());
  for (size_t level = 1; level < levels.size(); ++level) {
    plan.runs.push_back({kInstructionCache, levels.front(), levels[level]});
  }
  return plan;
}

std::vector<std::string> cachegrind_command(const CachegrindGeometry& geometry,
                                            const std::string& output_file,
                                            const std::string& executable) {
  return {"valgrind",
          "--command-line-only=yes",  // neither ~/.valgrindrc nor VALGRIND_OPTS
          "--quiet",
          "--demangle=no",  // functions are told by their symbols
          "--vgdb=no",      // no pipes in TMPDIR, named by host and user, that outlive a kill
          "--tool=cachegrind",
          "--cache-sim=yes",  // off by default since 3.21
          option("I1", geometry.i1),
          option("D1", geometry.d1),
          option("LL", geometry.ll),
          "--cachegrind-out-file=" + output_file,
          executable};
}

std::string shell_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) {
    if (!line.empty()) line += ' ';
    if (is_plain(word)) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      if (c == '\'') {
        line += "'\\''";
      } else {
        line += c;
      }
    }
    line += '\'';
  }
  return line;
}

std::optional<ValgrindVersion> parse_valgrind_version(std::string_view text) {
  constexpr std::string_view kPrefix = "valgrind-";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  text = text.substr(0, text.find_first_of(" \t\r\n"));
  ValgrindVersion version;
  version.text = text;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{} || (minor.ptr != end && *minor.ptr != '.')) return std::nullopt;
  return version;
}

void require_least_version(const ValgrindVersion& version) {
  if (version.major > kLeastValgrindMajor ||
      (version.major == kLeastValgrindMajor && version.minor >= kLeastValgrindMinor)) {
    return;
  }
  fail(ErrorKind::kMissing,
       "found Valgrind {}, wanted {}.{} or later (older ones fail on long AVX2 code): install a "
       "newer one (sudo apt-get install valgrind)",
       version.text, kLeastValgrindMajor, kLeastValgrindMinor);
}

}  // namespace wattgrind
