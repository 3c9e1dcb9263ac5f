#include "estimator/network/topology_parts.h"

#include <fmt/format.h>

#include "estimator/base/error.h"

namespace wattgrind {

std::string task_text(const Task& task) {
  const Task standard;
  std::string text;
  if (task.classes != standard.classes) text += fmt::format(",classes={}", task.classes);
  if (task.input != standard.input) {
    text +=
        fmt::format(",input={}x{}x{}", task.input.channels, task.input.height, task.input.width);
  }
  return text;
}

void check_size(int64_t size, std::string_view key, int64_t most, std::string_view where) {
  if (size < 1 || size > most) {
    fail(ErrorKind::kInput, "{}: {}: found {}, wanted 1 to {}", where, key, size, most);
  }
}

}  // namespace wattgrind
