// Says what to ask cachegrind for: the geometries that a machine needs, and the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

// The caches that one run simulates.
struct CachegrindGeometry {
  CacheGeometry i1;
  CacheGeometry d1;
  CacheGeometry ll;
};

// The runs that tell the misses of every level of a machine.
struct CachegrindPlan {
  // D1 is always the first level. Run i has level i + 2 of the machine as its LL, so that there
  // is one run fewer than levels; a machine of one level takes one run, whose LL is not read.
  std::vector<CachegrindGeometry> runs;
  std::vector<std::string> substitutions;  // one sentence for each level not counted as it is
};

// Returns why cachegrind refuses the geometry for any of its caches, or nothing where it takes it.
// It refuses sets that are no power of two, lines that are no power of two or shorter than the
// widest register, caches of a single line, and sizes of 2 GiB and more.
std::optional<std::string> cachegrind_refusal(const CacheGeometry& geometry);

// Plans the runs for a machine, with a level's substitute where cachegrind refuses its geometry.
// Throws Error(kInput) that names machine, level, geometry and remedy where there is no substitute,
// or where that is refused too.
CachegrindPlan plan_cachegrind(const Machine& machine);

// Returns the command as an argument vector. What it does depends on these arguments alone: neither
// start-up files nor environment variables add options to it, and no cache is autodetected.
// `output_file` and `executable` are as seen from the folder it is run in.
std::vector<std::string> cachegrind_command(const CachegrindGeometry& geometry,
                                            const std::string& output_file,
                                            const std::string& executable);

// Writes an argument vector as one line for a POSIX shell.
std::string shell_line(const std::vector<std::string>& argv);

struct ValgrindVersion {
  int major = 0;
  int minor = 0;
  std::string text;  // "3.19.0"
};

// AVX2 came with 3.9; up to 3.12 its translator fails on long blocks of AVX2 code, which is what
// generated kernels are (NEWS of 3.13.0: "fixes for JIT failure problems on long AVX2 code
// blocks").
inline constexpr int kLeastValgrindMajor = 3;
inline constexpr int kLeastValgrindMinor = 13;

// Reads what `valgrind --version` prints ("valgrind-3.19.0"); nothing where it is not that.
std::optional<ValgrindVersion> parse_valgrind_version(std::string_view text);

// Throws Error(kMissing) where the version is older than the least one.
void require_least_version(const ValgrindVersion& version);

}  // namespace wattgrind
