// Copies between buffers in which a value's place is the sum of steps along a few dimensions.
//
// A slice of a map, a transpose, a part of a concatenation: each is loops around one load and one
// store. Dimensions that follow on from each other in both buffers become one; the innermost loop
// goes over neighbouring values, as vectors, wherever there are such.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// So many values, and how far the next one lies in the source and in the result. A distance may be
// zero or negative.
struct CopyDimension {
  std::string_view name;  // of its loop, for readers
  int64_t extent = 1;
  int64_t from_bytes = 0;
  int64_t to_bytes = 0;
};

// What a copy moves at a time: `lanes` neighbouring values of the result, which are as many of the
// source or, in a broadcast, one value.
struct CopyVector {
  int lanes = 1;
  bool is_broadcast = false;
  Address from, to;

  // The source's values; `offset_bytes` moves on from there.
  Register load(NestBuilder& nest, int64_t offset_bytes = 0) const;
};

// Calls body(CopyVector) in loops over all values. Their order is that of the result's addresses,
// with exceptions that keep both sides in the cache: no value may depend on another.
void for_each_copied(NestBuilder& nest, const Address& from, const Address& to,
                     std::vector<CopyDimension> dimensions,
                     const std::function<void(const CopyVector&)>& body);

// The copy itself.
void emit_copy(NestBuilder& nest, const Address& from, const Address& to,
               std::vector<CopyDimension> dimensions);

// Adds the source to the result.
void emit_addition(NestBuilder& nest, const Address& from, const Address& to,
                   std::vector<CopyDimension> dimensions);

// Stores a constant everywhere; distances in the source do not count.
void emit_fill(NestBuilder& nest, float value, const Address& to,
               std::vector<CopyDimension> dimensions);

// The values of a part of a map that has this shape: its channels, rows and columns, in two
// layouts.
std::vector<CopyDimension> map_dimensions(const FeatureShape& part, const MapLayout& from,
                                          const MapLayout& to);

// Calls body(from, to) in a loop over images, with the addresses of each one's first byte.
void for_each_image(NestBuilder& nest, int64_t batch, const Address& from,
                    const MapLayout& from_layout, const Address& to, const MapLayout& to_layout,
                    const std::function<void(const Address& from, const Address& to)>& body);

}  // namespace wattgrind
