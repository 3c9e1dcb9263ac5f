// How far long work has got: one line, rewritten in place, on a terminal only.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace wattgrind {

class ProgressLine {
 public:
  // On standard error; nothing is ever written unless it is a terminal and `quiet` is false.
  explicit ProgressLine(bool quiet);
  // On a stream, for tests.
  ProgressLine(std::FILE* stream, bool enabled);
  // Wipes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // "AlexNet: conv2 3/24". At most ten times a second, but always the first time and when done.
  void show(std::string_view what, uint64_t done, uint64_t total);

 private:
  void write(std::string_view line);

  std::FILE* stream_;
  bool enabled_;
  std::string shown_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace wattgrind
