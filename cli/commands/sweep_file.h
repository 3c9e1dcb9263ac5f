// Sweep files are JSON text, as configs/schemas/sweep.json describes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wattgrind {

struct SweepFile {
  std::string what;
  std::vector<std::string> vary;
  bool one_at_a_time = false;
  int64_t batch = 1;
  bool steady = false;
};

// These take a path or the name of a built-in sweep.

// Whether it is a sweep; a network's file may end in .json, too.
bool is_sweep_file(const std::string& path);

// Throws Error(kInput) naming the file and the key, or the line of a syntax error.
SweepFile read_sweep_file(const std::string& path);

}  // namespace wattgrind
