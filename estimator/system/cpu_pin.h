// Keeps a thread on one CPU.
#pragma once

#include <optional>
#include <vector>

namespace wattgrind {

// As long as it lives, the thread that made it runs on the first of `cpus` (Linux's numbers) that
// it is allowed to run on; then it may run where it could before. Threads it starts meanwhile
// inherit that. It changes nothing where none is allowed, or none is named.
class CpuPin {
 public:
  explicit CpuPin(const std::vector<int>& cpus);
  ~CpuPin();
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;

  // The CPU the thread is kept on; absent where nothing was changed.
  std::optional<int> cpu() const { return cpu_; }

 private:
  std::vector<int> before_;  // where it might run before
  std::optional<int> cpu_;
};

}  // namespace wattgrind
