// The lines referenced since the caches were empty: what tells compulsory misses from the rest.
#pragma once

#include <bitset>
#include <cstdint>
#include <unordered_map>

namespace wattgrind {

class SeenLines {
 public:
  // True if the line was not marked before.
  bool mark(uint64_t line) {
    const uint64_t page = line / kLinesPerPage;
    if (page != last_page_ || last_lines_ == nullptr) {
      last_page_ = page;
      last_lines_ = &pages_[page];  // nodes of an unordered_map stay where they are
    }
    auto seen = (*last_lines_)[line % kLinesPerPage];
    const bool is_new = !seen;
    seen = true;
    return is_new;
  }

 private:
  static constexpr uint64_t kLinesPerPage = 32768;
  using Lines = std::bitset<kLinesPerPage>;

  std::unordered_map<uint64_t, Lines> pages_;
  uint64_t last_page_ = 0;
  Lines* last_lines_ = nullptr;
};

}  // namespace wattgrind
