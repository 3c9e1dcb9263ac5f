// Runs the program as a user would.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "estimator/system/process.h"
#include "tests/places.h"

namespace wattgrind {

struct Ran {
  int status = -1;
  std::string out;
  std::string error;
};

inline Ran run_wattgrind(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program_path());
  const ProcessResult result =
      make_process_runner()->run({std::move(arguments), {search_path()}, "", 1 << 20});
  const auto* exited = std::get_if<ProcessExited>(&result.end);
  if (exited == nullptr) ADD_FAILURE() << "did not exit: " << result.error;
  return {exited == nullptr ? -1 : exited->status, result.out, result.error};
}

}  // namespace wattgrind
