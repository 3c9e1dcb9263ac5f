#include "estimator/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace wattgrind {

void check_failed(const char* file, int line, const char* condition, const std::string& values) {
  // Not fmt::print, which throws where standard error is closed.
  std::fputs(
      fmt::format("{}:{}: internal check failed: {} ({})\n", file, line, condition, values).c_str(),
      stderr);
  std::abort();
}

}  // namespace wattgrind
