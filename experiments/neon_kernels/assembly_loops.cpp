#include "experiments/neon_kernels/assembly_loops.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace wattgrind {
namespace {

std::optional<uint64_t> parse_hexadecimal(std::string_view word) {
  if (word.starts_with("0x")) word.remove_prefix(2);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, 16);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return number;
}

// Where a branch within the code goes; absent for what is none.
std::optional<uint64_t> branch_target(const std::string& text) {
  const bool is_branch = text.starts_with("b.") || text.starts_with("b ") ||
                         text.starts_with("cb") || text.starts_with("tb");
  const size_t place = text.find("0x");
  if (!is_branch || place == std::string::npos) return std::nullopt;
  // A test of a bit names the bit first: the target is the last number.
  const size_t last = text.rfind("0x");
  return parse_hexadecimal(std::string_view(text).substr(last, text.find(' ', last) - last));
}

}  // namespace

std::vector<AssemblyInstruction> parse_disassembly(std::string_view printed) {
  std::vector<AssemblyInstruction> code;
  while (!printed.empty()) {
    std::string_view line = printed.substr(0, printed.find('\n'));
    printed.remove_prefix(std::min(printed.find('\n'), printed.size() - 1) + 1);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view place = line.substr(0, colon);
    const auto address =
        parse_hexadecimal(place.substr(std::min(place.find_first_not_of(' '), place.size())));
    std::string text(line.substr(colon + 1));
    std::replace(text.begin(), text.end(), '\t', ' ');
    const size_t begin = text.find_first_not_of(' ');
    if (!address || begin == std::string::npos) continue;
    text = text.substr(begin, text.find(" <", begin) - begin);
    code.push_back({*address, text});
  }
  return code;
}

std::vector<std::vector<AssemblyInstruction>> innermost_loops(
    const std::vector<AssemblyInstruction>& code) {
  std::vector<std::vector<AssemblyInstruction>> loops;
  size_t last_end = 0;  // behind the last loop that was found
  for (size_t i = 0; i < code.size(); ++i) {
    const auto target = branch_target(code[i].text);
    if (!target || *target > code[i].address || *target < code.front().address) continue;
    const size_t begin = (*target - code.front().address) / 4;
    if (begin >= last_end) {
      loops.emplace_back(code.begin() + static_cast<ptrdiff_t>(begin),
                         code.begin() + static_cast<ptrdiff_t>(i + 1));
    }
    last_end = i + 1;
  }
  return loops;
}

std::vector<AssemblyInstruction> hottest_loop(const std::vector<AssemblyInstruction>& code) {
  std::vector<AssemblyInstruction> hottest;
  for (auto& loop : innermost_loops(code)) {
    if (multiply_adds(loop) > multiply_adds(hottest)) hottest = std::move(loop);
  }
  return hottest;
}

uint64_t multiply_adds(const std::vector<AssemblyInstruction>& code) {
  return static_cast<uint64_t>(std::count_if(
      code.begin(), code.end(), [](const auto& each) { return each.is_multiply_add(); }));
}

uint64_t loads(const std::vector<AssemblyInstruction>& code) {
  return static_cast<uint64_t>(std::count_if(
      code.begin(), code.end(), [](const auto& each) { return each.text.starts_with("ld"); }));
}

}  // namespace wattgrind
