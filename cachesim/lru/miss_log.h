// The misses of the first level, in the order in which they happened.
//
// A miss is not passed on to the levels below at once: it waits in the log, and many are passed on
// together, which is faster. While a loop's iterations are recorded for replay, the log keeps
// misses even after they were passed on.
//
//     0            passed_on_            size_             misses_.size()
//     |  passed on, and kept  |  waiting   |  room for more  |
//
// Calls come in this order, again and again:
//   append() or append_written()   any number of times, while there is room
//   settle()                       once those in waiting() have been passed on
// keep() and stop_keeping() are called when no miss waits.
//
// 1. Misses wait in the order of their happening, behind all that were passed on.
// 2. A log that does not keep its misses holds none but those that wait.
// 3. After settle() there is room for at least one miss.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cachesim/lru/first_level_miss.h"

namespace wattgrind {

class MissLog {
 public:
  // A log that would have to keep more misses gives up keeping them.
  static constexpr size_t kMostKept = size_t{1} << 23;

  MissLog() { misses_.resize(kFewest); }

  bool is_full() const { return size_ == misses_.size(); }

  // The log must not be full.
  void append(const FirstLevelMiss& miss) { misses_[size_++] = miss; }

  // The place for misses to come. The first of them may be written there, and then are appended by
  // telling how many they are.
  std::span<FirstLevelMiss> room() { return std::span(misses_).subspan(size_); }
  void append_written(size_t misses) { size_ += misses; }

  std::span<const FirstLevelMiss> waiting() const {
    return std::span(misses_).subspan(passed_on_, size_ - passed_on_);
  }

  // Says that all misses which wait have been passed on.
  void settle() {
    passed_on_ = size_;
    keeps_ = keeps_ && size_ < kMostKept;
    if (!keeps_) {
      clear();
    } else if (is_full()) {
      misses_.resize(misses_.size() * 2);
    }
  }

  // The log forgets what it kept, and keeps the misses to come.
  void keep() {
    clear();
    keeps_ = true;
  }
  void stop_keeping() {
    clear();
    keeps_ = false;
  }
  // Whether every miss since keep() is in the log.
  bool keeps_all() const { return keeps_; }

  // What was kept and what waits.
  std::span<FirstLevelMiss> misses() { return std::span(misses_).first(size_); }

 private:
  static constexpr size_t kFewest = 512;

  void clear() { size_ = passed_on_ = 0; }

  std::vector<FirstLevelMiss> misses_;
  size_t size_ = 0;
  size_t passed_on_ = 0;
  bool keeps_ = false;
};

}  // namespace wattgrind
