#include "estimator/network/layer_names.h"

#include <fmt/format.h>

namespace wattgrind {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_allowed(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') ||
         std::string_view("_-./").find(c) != std::string_view::npos;
}

// The beginning and the end, which tell layers apart better than the middle.
std::string shortened(const std::string& name, size_t length) {
  if (name.size() <= length) return name;
  const size_t tail = length / 2;
  return name.substr(0, length - tail - 1) + "_" + name.substr(name.size() - tail);
}

}  // namespace

std::string LayerNames::take(std::string_view wanted, std::string_view kind) {
  std::string name;
  for (const char c : wanted) name += is_allowed(c) ? c : '_';
  if (name.empty()) name = kind;
  if (!is_letter(name.front())) name = fmt::format("{}_{}", kind, name);
  name = shortened(name, kMaxNameLength);
  std::string free = name;
  for (int& number = last_number_[name]; !taken_.insert(free).second;) {
    const std::string suffix = fmt::format("_{}", number < 2 ? number = 2 : ++number);
    free = shortened(name, kMaxNameLength - suffix.size()) + suffix;
  }
  return free;
}

}  // namespace wattgrind
