// Reads the output file that cachegrind writes.
//
// The format is that of the Cachegrind manual ("Cachegrind Output File Format"), as written by
// Valgrind 3.13 and later: description lines, a command, the names of the events, records of
// counts by file, function and line, and a summary. Counts at the end of a line may be left out
// and a "." may stand for one: both mean zero. Comments (#) and empty lines are allowed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// The events of a run with cache simulation: references and misses of instruction reads, data
// reads and data writes, at the first level (1) and at the last (L).
enum class CachegrindEvent { kIr, kI1mr, kILmr, kDr, kD1mr, kDLmr, kDw, kD1mw, kDLmw };

inline constexpr std::array<std::string_view, 9> kCachegrindEventNames = {
    "Ir", "I1mr", "ILmr", "Dr", "D1mr", "DLmr", "Dw", "D1mw", "DLmw"};

struct CachegrindCounts {
  std::array<uint64_t, kCachegrindEventNames.size()> values{};

  uint64_t operator[](CachegrindEvent event) const { return values[static_cast<size_t>(event)]; }
  uint64_t& operator[](CachegrindEvent event) { return values[static_cast<size_t>(event)]; }
  friend bool operator==(const CachegrindCounts&, const CachegrindCounts&) = default;
};

struct CachegrindFunction {
  std::string name;
  CachegrindCounts counts;  // over every line and file the function appears in
};

struct CachegrindOutput {
  std::vector<std::string> descriptions;      // what follows "desc:"
  std::string command;                        // what follows "cmd:"
  std::vector<CachegrindFunction> functions;  // each name once, in the order of the file
  CachegrindCounts summary;                   // equal to the sum of the functions
};

// Reads a whole output file. `file_name` is for messages only. Events other than the nine above
// are skipped. Throws Error(kFailed) that names the line where the text is malformed, where a sum
// exceeds 64 bits, where one of the nine events is missing, where the text ends early (a full
// disk: cachegrind itself reports none), and where the functions do not add up to the summary.
CachegrindOutput parse_cachegrind_output(std::string_view text, std::string_view file_name);

}  // namespace wattgrind
