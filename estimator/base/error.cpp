#include "estimator/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace wattgrind {

void check_failed(const char* file, int line, const char* condition, const std::string& values) {
  fmt::print(stderr, "{}:{}: internal check failed: {} ({})\n", file, line, condition, values);
  std::abort();
}

}  // namespace wattgrind
