// A line that says how far long work has got. It is rewritten in place, and only on a terminal; or,
// where the environment has WATTGRIND_PROGRESS=lines, a line each time, for a program that reads
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace wattgrind {

class ProgressLine {
 public:
  // A line on standard error. Nothing is ever written unless that is a terminal, or a program asks
  // for lines, and `quiet` is false.
  explicit ProgressLine(bool quiet);
  // A line on any stream, for tests.
  ProgressLine(std::FILE* stream, bool enabled, bool line_each_time = false);
  // Wipes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Writes "AlexNet: conv2 3/24", but at most ten times a second. The first call and the one that
  // says all is done always write.
  void show(std::string_view what, uint64_t done, uint64_t total);

 private:
  void write(std::string_view line);

  std::FILE* stream_;
  bool enabled_;
  bool line_each_time_;
  std::string shown_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace wattgrind
