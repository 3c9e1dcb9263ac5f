// A line that says how far long work has got. It is rewritten in place, and only on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace wattgrind {

class ProgressLine {
 public:
  // A line on standard error. Nothing is ever written unless that is a terminal and `quiet` is
  // false.
  explicit ProgressLine(bool quiet);
  // A line on any stream, for tests.
  ProgressLine(std::FILE* stream, bool enabled);
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
  std::string shown_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace wattgrind
