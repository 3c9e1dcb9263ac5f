// Native runs stay on the core that the machine `host` means.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "estimator/system/cpu_pin.h"

namespace wattgrind {

// Keeps this thread, on a system whose cores differ, on the core that `--machine host` means, or
// one like it that the process may use, as long as it lives. Changes nothing where all cores are
// alike or the system does not tell its cores. Where no such core may be used, says so on standard
// error.
class HostPin {
 public:
  explicit HostPin(const std::filesystem::path& root = "/");  // where proc and sys are

  std::optional<int> cpu() const { return pin_.cpu(); }  // absent where nothing was changed

 private:
  explicit HostPin(const std::vector<int>& cpus);

  CpuPin pin_;
};

}  // namespace wattgrind
