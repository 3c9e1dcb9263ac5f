#include "cachesim/program/line_owners.h"

#include <algorithm>

namespace wattgrind {

LineOwners::LineOwners(const std::vector<AccessBuffer>& buffers, uint32_t line_bytes)
    : nobody_(buffers.size()) {
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].bytes > 0) {
      ranges_.push_back({buffers[i].address / line_bytes,
                         (buffers[i].address + buffers[i].bytes - 1) / line_bytes, i});
    }
  }
  // Buffers are disjoint, so sorting by first line also sorts by last line, once several buffers
  // within one line are ordered by address.
  std::ranges::sort(ranges_, [&](const Range& a, const Range& b) {
    return buffers[a.buffer].address < buffers[b.buffer].address;
  });
  for (size_t i = 1; i < ranges_.size(); ++i) {
    disjoint_ = disjoint_ && ranges_[i - 1].last < ranges_[i].first;
  }
  if (!ranges_.empty()) {
    fill_blocks();
  }
}

void LineOwners::fill_blocks() {
  first_block_ = ranges_.front().first / kLinesPerBlock;
  const uint64_t blocks = ranges_.back().last / kLinesPerBlock - first_block_ + 1;
  if (blocks > kMostBlocks) {
    return;
  }
  blocks_.assign(blocks, static_cast<uint32_t>(nobody_));
  for (const Range& range : ranges_) {
    const uint64_t first = range.first / kLinesPerBlock - first_block_;
    const uint64_t last = range.last / kLinesPerBlock - first_block_;
    std::fill_n(blocks_.begin() + static_cast<int64_t>(first), last - first + 1,
                static_cast<uint32_t>(range.buffer));
  }
  for (const Range& range : ranges_) {
    blocks_[range.first / kLinesPerBlock - first_block_] = kSeveral;
    blocks_[range.last / kLinesPerBlock - first_block_] = kSeveral;
  }
}

size_t LineOwners::find(uint64_t line) const {
  const auto range = std::ranges::lower_bound(ranges_, line, {}, &Range::last);
  return range != ranges_.end() && range->first <= line ? range->buffer : nobody_;
}

std::optional<LineOwners::Lines> LineOwners::lines(size_t buffer) const {
  const auto range = std::ranges::find(ranges_, buffer, &Range::buffer);
  if (range == ranges_.end()) {
    return std::nullopt;
  }
  return Lines{range->first, range->last};
}

}  // namespace wattgrind
