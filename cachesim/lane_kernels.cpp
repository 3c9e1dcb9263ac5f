#include "cachesim/lane_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/lane_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A vector holds up to sixteen lanes: a row is one vector or a few.
using Lanes = hn::CappedTag<uint32_t, kLanes>;
using Vector = hn::Vec<Lanes>;
using Mask = hn::Mask<Lanes>;
constexpr Lanes kLaneTag;

HWY_INLINE Mask mask_of(uint32_t bits, size_t first) {
  const uint32_t shifted = bits >> first;
  const uint8_t bytes[8] = {static_cast<uint8_t>(shifted), static_cast<uint8_t>(shifted >> 8)};
  return hn::LoadMaskBits(kLaneTag, bytes);
}

HWY_INLINE uint16_t bits_of(Mask mask, size_t first) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(kLaneTag, mask, bytes);
  return static_cast<uint16_t>((bytes[0] | (bytes[1] << 8)) << first);
}

HWY_INLINE bool has_lanes(uint32_t bits, size_t first) {
  const uint32_t in_vector = static_cast<uint32_t>((uint64_t{1} << hn::Lanes(kLaneTag)) - 1);
  return ((bits >> first) & in_vector) != 0;
}

HWY_INLINE Vector dirty_bit() { return hn::Set(kLaneTag, 1); }

HWY_INLINE Mask same_line(Vector entry, Vector dirty_tag) {
  return hn::Eq(hn::Or(entry, dirty_bit()), dirty_tag);
}

HWY_INLINE void touch_vector(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes,
                             uint32_t dirty_lanes, size_t first, LaneRow* evicted,
                             LaneTouch& outcome) {
  const Vector dirty_tag = hn::Set(kLaneTag, tag | 1);
  Mask pending = mask_of(lanes, first);  // not found yet
  Vector carried = hn::IfThenElse(mask_of(dirty_lanes, first), dirty_tag, hn::Set(kLaneTag, tag));
  Vector found = hn::Zero(kLaneTag);
  // Each row takes what the row before held, down to the row the line was in.
  for (uint32_t way = 0; way < ways; ++way) {
    LaneTag* row = group[way].lane + first;
    const Vector entry = hn::Load(kLaneTag, row);
    hn::Store(hn::IfThenElse(pending, carried, entry), kLaneTag, row);
    const Mask here = hn::And(pending, same_line(entry, dirty_tag));
    found = hn::Or(found, hn::IfThenElseZero(here, entry));
    pending = hn::AndNot(here, pending);
    carried = entry;
    if (hn::AllFalse(kLaneTag, pending)) {
      break;
    }
  }
  LaneTag* newest = group[0].lane + first;
  hn::Store(hn::Or(hn::Load(kLaneTag, newest), hn::And(found, dirty_bit())), kLaneTag, newest);
  if (hn::AllFalse(kLaneTag, pending)) {
    return;
  }
  hn::Store(carried, kLaneTag, evicted->lane + first);
  const Mask valid = hn::AndNot(hn::Eq(carried, hn::Set(kLaneTag, kInvalidTag)), pending);
  const Mask dirty = hn::And(valid, hn::Ne(hn::And(carried, dirty_bit()), hn::Zero(kLaneTag)));
  outcome.missed = static_cast<uint16_t>(outcome.missed | bits_of(pending, first));
  outcome.evicted = static_cast<uint16_t>(outcome.evicted | bits_of(valid, first));
  outcome.evicted_dirty = static_cast<uint16_t>(outcome.evicted_dirty | bits_of(dirty, first));
}

LaneTouch touch(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes, uint32_t dirty_lanes,
                LaneRow* evicted) {
  LaneTouch outcome;
  for (size_t first = 0; first < kLanes; first += hn::Lanes(kLaneTag)) {
    if (has_lanes(lanes, first)) {
      touch_vector(group, ways, tag, lanes, dirty_lanes, first, evicted, outcome);
    }
  }
  return outcome;
}

LaneFound remove(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes) {
  LaneFound outcome;
  const Vector dirty_tag = hn::Set(kLaneTag, tag | 1);
  const Vector invalid = hn::Set(kLaneTag, kInvalidTag);
  for (size_t first = 0; first < kLanes; first += hn::Lanes(kLaneTag)) {
    if (!has_lanes(lanes, first)) {
      continue;
    }
    const Mask wanted = mask_of(lanes, first);
    Mask found = hn::MaskFromVec(hn::Zero(kLaneTag));
    Vector found_entry = hn::Zero(kLaneTag);
    // From the row the line was in, each row takes what the row after held.
    for (uint32_t way = 0; way < ways; ++way) {
      LaneTag* row = group[way].lane + first;
      const Vector entry = hn::Load(kLaneTag, row);
      const Vector next =
          way + 1 < ways ? hn::Load(kLaneTag, group[way + 1].lane + first) : invalid;
      const Mask here = hn::And(wanted, same_line(entry, dirty_tag));
      found = hn::Or(found, here);
      found_entry = hn::Or(found_entry, hn::IfThenElseZero(here, entry));
      hn::Store(hn::IfThenElse(found, next, entry), kLaneTag, row);
    }
    const Mask dirty = hn::Ne(hn::And(found_entry, dirty_bit()), hn::Zero(kLaneTag));
    outcome.held = static_cast<uint16_t>(outcome.held | bits_of(found, first));
    outcome.dirty = static_cast<uint16_t>(outcome.dirty | bits_of(dirty, first));
  }
  return outcome;
}

uint16_t mark_dirty(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes) {
  uint16_t held = 0;
  const Vector dirty_tag = hn::Set(kLaneTag, tag | 1);
  for (size_t first = 0; first < kLanes; first += hn::Lanes(kLaneTag)) {
    if (!has_lanes(lanes, first)) {
      continue;
    }
    const Mask wanted = mask_of(lanes, first);
    Mask found = hn::MaskFromVec(hn::Zero(kLaneTag));
    for (uint32_t way = 0; way < ways; ++way) {
      LaneTag* row = group[way].lane + first;
      const Vector entry = hn::Load(kLaneTag, row);
      const Mask here = hn::And(wanted, same_line(entry, dirty_tag));
      found = hn::Or(found, here);
      hn::Store(hn::Or(entry, hn::IfThenElseZero(here, dirty_bit())), kLaneTag, row);
    }
    held = static_cast<uint16_t>(held | bits_of(found, first));
  }
  return held;
}

LaneKernels make_kernels() { return {touch, remove, mark_dirty}; }

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(make_kernels);

const LaneKernels& lane_kernels() {
  static const LaneKernels kernels = HWY_DYNAMIC_DISPATCH(make_kernels)();
  return kernels;
}

}  // namespace wattgrind
#endif
