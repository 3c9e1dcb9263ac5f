#include "cachesim/lru_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/lru_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Vectors of up to kWidth entries; kPadded entries from one set to the next, 0 where only the shape
// tells.
template <size_t kWidth, uint32_t kPadded>
struct LruSet {
  using Entries = hn::CappedTag<uint32_t, kWidth>;
  static constexpr Entries kEntries{};
  using Vector = hn::Vec<Entries>;

  static HWY_INLINE uint32_t padded_ways(LruShape shape) {
    return kPadded != 0 ? kPadded : shape.padded_ways;
  }

  // Masks travel as whole words, never as bytes that a wider load would have to wait for.
  static HWY_INLINE uint64_t bits_of(hn::Mask<Entries> mask) {
    uint64_t bits = 0;
    hn::StoreMaskBits(kEntries, mask, reinterpret_cast<uint8_t*>(&bits));
    return bits;
  }

  static HWY_INLINE hn::Mask<Entries> mask_of(uint64_t bits) {
    return hn::LoadMaskBits(kEntries, reinterpret_cast<const uint8_t*>(&bits));
  }

  // Bit i: way i holds the line.
  static HWY_INLINE uint64_t matches(const LruEntry* set, LruShape shape, LruEntry entry) {
    const Vector dirty = hn::Set(kEntries, 1);
    const Vector wanted = hn::Set(kEntries, entry | 1);
    uint64_t bits = 0;
    for (uint32_t way = 0; way < padded_ways(shape); way += hn::Lanes(kEntries)) {
      const Vector held = hn::Or(hn::Load(kEntries, set + way), dirty);
      bits |= bits_of(hn::Eq(held, wanted)) << way;
    }
    return bits;
  }

  // What lies in front of each entry of a vector: `front` before the first.
  static HWY_INLINE Vector shifted_back(Vector entries, LruEntry front) {
    const auto one_back = hn::SetTableIndices(kEntries, kOneBack);
    return hn::IfThenElse(hn::FirstN(kEntries, 1), hn::Set(kEntries, front),
                          hn::TableLookupLanes(entries, one_back));
  }

  static LruTouch touch(LruEntry* set, LruShape shape, LruEntry entry, uint32_t dirty) {
    const uint64_t held = matches(set, shape, entry);
    // The ways up to the one that held the line take what was in front of them; where none held
    // it, all ways do, and the last entry drops out.
    const uint64_t place = held != 0 ? held : uint64_t{1} << (shape.ways - 1);
    const uint64_t moved = place ^ (place - 1);
    const LruEntry displaced = set[hwy::Num0BitsBelowLS1Bit_Nonzero64(place)];
    LruEntry front = entry | dirty | (held != 0 ? displaced & 1 : 0);
    for (uint32_t way = 0; way < padded_ways(shape); way += hn::Lanes(kEntries)) {
      const Vector entries = hn::Load(kEntries, set + way);
      const LruEntry last = set[way + hn::Lanes(kEntries) - 1];
      hn::Store(hn::IfThenElse(mask_of(moved >> way), shifted_back(entries, front), entries),
                kEntries, set + way);
      front = last;
    }
    return {displaced, held == 0};
  }

  static uint32_t find(const LruEntry* set, LruShape shape, LruEntry entry) {
    const uint64_t held = matches(set, shape, entry);
    return held != 0 ? static_cast<uint32_t>(hwy::Num0BitsBelowLS1Bit_Nonzero64(held)) : shape.ways;
  }

  static constexpr int32_t kOneBack[16] = {0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
};

template <typename Set>
LruKernels kernels_of() {
  return {Set::touch, Set::find};
}

LruKernels make_kernels(uint32_t padded_ways) {
  switch (padded_ways) {
    case 8:
      return kernels_of<LruSet<8, 8>>();
    case 16:
      return kernels_of<LruSet<16, 16>>();
    default:
      return kernels_of<LruSet<16, 0>>();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(make_kernels);

LruShape lru_shape(uint32_t ways) { return {ways, ways <= 8 ? 8 : (ways + 15) / 16 * 16}; }

LruKernels lru_kernels(LruShape shape) {
  return HWY_DYNAMIC_DISPATCH(make_kernels)(shape.padded_ways);
}

}  // namespace wattgrind
#endif
