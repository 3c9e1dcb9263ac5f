#include "cachesim/walk/reference_body.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cachesim/walk/reference_body.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cachesim/lru/first_level-inl.h"

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

template <uint32_t kPadded>
void walk_references_of(LruHierarchy& caches, const ReferenceBody& body, uint64_t iterations,
                        uint32_t line_shift) {
  FirstLevel& level = caches.first_level();
  const SetTouch<kPadded> set_touch(level);
  for (uint64_t i = 0; i < iterations; ++i) {
    for (size_t k = 0; k < body.accesses.size(); ++k) {
      const FlatAccess& access = body.accesses[k];
      const uint64_t address = body.addresses[k] + i * static_cast<uint64_t>(body.strides[k]);
      const uint64_t first = address >> line_shift;
      const uint64_t last = (address + access.bytes - 1) >> line_shift;
      const bool dirties = access.is_write && caches.writes_back();
      if (!dirties && set_touch.touch_held(first, level.reserve(1) + 1) &&
          (first == last ||
           (first + 1 == last && set_touch.touch_held(last, level.reserve(1) + 1)))) {
        continue;
      }
      caches.touch(first, last, {access.buffer, access.is_write});
    }
  }
}

void walk_any_references(LruHierarchy& caches, const ReferenceBody& body, uint64_t iterations,
                         uint32_t line_shift) {
  switch (caches.first_level().padded_ways()) {
    case 8:
      return walk_references_of<8>(caches, body, iterations, line_shift);
    case 16:
      return walk_references_of<16>(caches, body, iterations, line_shift);
    default:
      return walk_references_of<0>(caches, body, iterations, line_shift);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(walk_any_references);

void walk_references(LruHierarchy& caches, const ReferenceBody& body, uint64_t iterations,
                     uint32_t line_shift) {
  HWY_DYNAMIC_DISPATCH(walk_any_references)(caches, body, iterations, line_shift);
}

}  // namespace wattgrind
#endif
