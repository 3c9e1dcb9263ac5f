#include "estimator/machine/cpuinfo.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <sstream>

namespace wattgrind {
namespace {

// Reads "140" and "0xd07"; absent for anything else.
std::optional<uint64_t> parse_number(std::string_view word) {
  const bool is_hexadecimal = word.starts_with("0x");
  if (is_hexadecimal) word.remove_prefix(2);
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), number, is_hexadecimal ? 16 : 10);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

Cpuinfo::Cpuinfo(const std::string& text) {
  Block* block = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (trimmed(line).empty()) block = nullptr;
    if (colon == std::string::npos) continue;
    const std::string key(trimmed(std::string_view(line).substr(0, colon)));
    const std::string value(trimmed(std::string_view(line).substr(colon + 1)));
    if (key == "processor") {
      const auto cpu = parse_number(value);
      block = cpu && *cpu <= INT32_MAX ? &by_cpu_[static_cast<int>(*cpu)] : nullptr;
    }
    if (block != nullptr) block->emplace(key, value);
    first_.emplace(key, value);
  }
}

std::string Cpuinfo::value(int cpu, std::string_view key) const {
  if (const auto block = by_cpu_.find(cpu); block != by_cpu_.end()) {
    if (const auto found = block->second.find(key); found != block->second.end()) {
      return found->second;
    }
  }
  const auto found = first_.find(key);
  return found == first_.end() ? "" : found->second;
}

CoreId Cpuinfo::core_id(int cpu) const {
  const auto number = [&](std::string_view key) {
    return parse_number(value(cpu, key)).value_or(0);
  };
  if (const std::string implementer = value(cpu, "CPU implementer"); !implementer.empty()) {
    return {implementer, 0, number("CPU part")};
  }
  return {value(cpu, "vendor_id"), number("cpu family"), number("model")};
}

}  // namespace wattgrind
