// What this system must have for each part of the program, and whether it has it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "estimator/system/clock.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {

struct SystemCheck {
  std::string name;
  std::string serves;      // what does not work without it
  bool is_needed = false;  // false: the rest of the program does without
  bool works = false;
  std::string finding;  // what was found or, where it does not work, what is wrong and the remedy
};

// The system as the checks see it.
struct CheckedSystem {
  ProcessRunner& runner;
  std::filesystem::path root;  // "/": where proc and sys are
  Sysfs& sysfs;
  Clock& clock;
};

// Runs every check, the one that runs cachegrind on a generated executable included (a fraction
// of a second). Throws Error(kInterrupted) only.
std::vector<SystemCheck> check_system(const CheckedSystem& system);

}  // namespace wattgrind
