#include "kernels/parts/strided_copy.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

using Dimensions = std::vector<CopyDimension>;

// Outermost first by their distance in the result, with those that follow on from each other in
// both buffers made one.
Dimensions merged(Dimensions dimensions) {
  std::erase_if(dimensions, [](const CopyDimension& d) { return d.extent == 1; });
  std::ranges::stable_sort(dimensions, std::greater<>{},
                           [](const CopyDimension& d) { return std::abs(d.to_bytes); });
  Dimensions result;
  for (const CopyDimension& inner : dimensions) {
    if (!result.empty() && result.back().from_bytes == inner.from_bytes * inner.extent &&
        result.back().to_bytes == inner.to_bytes * inner.extent) {
      result.back().extent *= inner.extent;
      result.back().from_bytes = inner.from_bytes;
      result.back().to_bytes = inner.to_bytes;
    } else {
      result.push_back(inner);
    }
  }
  return result;
}

bool is_vector(const CopyDimension& d) {
  return d.to_bytes == kFloatBytes && (d.from_bytes == kFloatBytes || d.from_bytes == 0);
}

class CopyLoops {
 public:
  CopyLoops(NestBuilder& nest, const std::function<void(const CopyVector&)>& body)
      : nest_(nest), body_(body) {}

  void emit(const Dimensions& dimensions, size_t next, const Address& from, const Address& to) {
    if (next == dimensions.size()) return body_({1, false, from, to});
    const CopyDimension& d = dimensions[next];
    if (next + 1 == dimensions.size() && is_vector(d)) return emit_vectors(d, from, to);
    nest_.loop(std::string(d.name), d.extent, [&](LoopVariable i) {
      emit(dimensions, next + 1, stepped(from, i, d.from_bytes), stepped(to, i, d.to_bytes));
    });
  }

 private:
  void emit_vectors(const CopyDimension& d, const Address& from, const Address& to) {
    for (const Tiles& piece : vector_pieces(d.extent, nest_.max_lanes())) {
      nest_.loop(std::string(d.name), piece.count, [&](LoopVariable i) {
        const auto at = [&](const Address& address, int64_t bytes) {
          return stepped(moved(address, piece.start * bytes), i, piece.size * bytes);
        };
        body_({static_cast<int>(piece.size), d.from_bytes == 0, at(from, d.from_bytes),
               at(to, d.to_bytes)});
      });
    }
  }

  NestBuilder& nest_;
  const std::function<void(const CopyVector&)>& body_;
};

// Values that are neighbours in the result and lie apart in the source, while others are
// neighbours there: a transpose. Lines of the source are read whole while they are in the first
// cache if the result's values pass in blocks of a line.
constexpr int64_t kBlock = kLineBytes / kFloatBytes;

bool holds_lines(const CopyDimension& d) {
  return std::abs(d.from_bytes) == kFloatBytes && d.extent > kBlock;
}

bool is_transpose(const Dimensions& dimensions) {
  return !dimensions.empty() && dimensions.back().to_bytes == kFloatBytes &&
         dimensions.back().extent > kBlock && !holds_lines(dimensions.back()) &&
         std::ranges::any_of(dimensions, holds_lines);
}

}  // namespace

Register CopyVector::load(NestBuilder& nest, int64_t offset_bytes) const {
  const Address address = moved(from, offset_bytes);
  return is_broadcast ? nest.broadcast(lanes, address) : nest.load(lanes, address);
}

void for_each_copied(NestBuilder& nest, const Address& from, const Address& to,
                     std::vector<CopyDimension> dimensions,
                     const std::function<void(const CopyVector&)>& body) {
  dimensions = merged(std::move(dimensions));
  CopyLoops loops(nest, body);
  const auto vector = std::ranges::find_if(dimensions, is_vector);
  if (vector != dimensions.end()) {
    std::rotate(vector, vector + 1, dimensions.end());
  } else if (is_transpose(dimensions)) {
    const CopyDimension inner = dimensions.back();
    dimensions.pop_back();
    const auto lines = std::ranges::find_if(dimensions, holds_lines);
    std::rotate(lines, lines + 1, dimensions.end());
    for (const Tiles& block : full_tiles(inner.extent, kBlock)) {
      Dimensions blocked = dimensions;
      blocked.insert(blocked.end() - 1, {"block", block.count, block.size * inner.from_bytes,
                                         block.size * inner.to_bytes});
      blocked.push_back({inner.name, block.size, inner.from_bytes, inner.to_bytes});
      loops.emit(blocked, 0, moved(from, block.start * inner.from_bytes),
                 moved(to, block.start * inner.to_bytes));
    }
    return;
  }
  loops.emit(dimensions, 0, from, to);
}

void emit_copy(NestBuilder& nest, const Address& from, const Address& to,
               std::vector<CopyDimension> dimensions) {
  for_each_copied(nest, from, to, std::move(dimensions),
                  [&](const CopyVector& at) { nest.store(at.load(nest), at.to); });
}

void emit_addition(NestBuilder& nest, const Address& from, const Address& to,
                   std::vector<CopyDimension> dimensions) {
  for_each_copied(nest, from, to, std::move(dimensions), [&](const CopyVector& at) {
    const Register sum = nest.load(at.lanes, at.to);
    nest.store(nest.apply(Opcode::kAdd, sum, at.load(nest)), at.to);
  });
}

void emit_fill(NestBuilder& nest, float value, const Address& to,
               std::vector<CopyDimension> dimensions) {
  for (CopyDimension& d : dimensions) d.from_bytes = 0;
  for_each_copied(nest, to, to, std::move(dimensions),
                  [&](const CopyVector& at) { nest.store(nest.constant(at.lanes, value), at.to); });
}

std::vector<CopyDimension> map_dimensions(const FeatureShape& part, const MapLayout& from,
                                          const MapLayout& to) {
  return {{"row", part.height, from.row_bytes(), to.row_bytes()},
          {"column", part.width, from.channel_bytes(), to.channel_bytes()},
          {"channel", part.channels, kFloatBytes, kFloatBytes}};
}

void for_each_image(NestBuilder& nest, int64_t batch, const Address& from,
                    const MapLayout& from_layout, const Address& to, const MapLayout& to_layout,
                    const std::function<void(const Address& from, const Address& to)>& body) {
  nest.loop("image", batch, [&](LoopVariable n) {
    body(stepped(from, n, from_layout.image_bytes()), stepped(to, n, to_layout.image_bytes()));
  });
}

}  // namespace wattgrind
