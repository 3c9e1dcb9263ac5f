#include "estimator/network/rearrangement.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "estimator/network/map_axes.h"

namespace wattgrind {
namespace {

using Factors = std::vector<RearrangeFactor>;

constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;

Factors& factors_of(Rearrange& rearrange, MapAxis axis) {
  return axis == kC ? rearrange.channels : axis == kH ? rearrange.height : rearrange.width;
}

int64_t product(const Factors& factors) {
  int64_t result = 1;
  for (const RearrangeFactor& factor : factors) result *= factor.extent;
  return result;
}

Rearrange unchanged(const FeatureShape& input) {
  return {0, 0, 0, {{input.channels, kC, 1}}, {{input.height, kH, 1}}, {{input.width, kW, 1}}};
}

// How far one step of a factor goes in a dense map of the shape, in values.
int64_t step_values(const RearrangeFactor& factor, const FeatureShape& shape) {
  const int64_t values = factor.axis == kC   ? 1
                         : factor.axis == kW ? shape.channels
                                             : shape.channels * shape.width;
  return factor.step * values;
}

// Whether a map of the shape holds its values in the same order by pixel and by channel.
bool is_plain(const FeatureShape& shape) {
  return shape.channels == 1 || shape.height * shape.width == 1;
}

}  // namespace

Rearrange rearrangement(const Slice& slice, const FeatureShape& input) {
  Rearrange result = unchanged(input);
  factors_of(result, slice.axis) = {{slice.size, slice.axis, slice.step}};
  (slice.axis == kC   ? result.first_channel
   : slice.axis == kH ? result.first_row
                      : result.first_column) = slice.start;
  return result;
}

Rearrange rearrangement(const Transpose& transpose, const FeatureShape& input) {
  Rearrange result;
  for (size_t i = 0; i < kMapAxes.size(); ++i) {
    const MapAxis from = transpose.order[i];
    factors_of(result, kMapAxes[i]) = {{extent(input, from), from, 1}};
  }
  return result;
}

Rearrange rearrangement(const ChannelShuffle& shuffle, const FeatureShape& input) {
  Rearrange result = unchanged(input);
  const int64_t size = input.channels / shuffle.groups;
  result.channels = {{size, kC, 1}, {shuffle.groups, kC, size}};
  return result;
}

Rearrange rearrangement(const DepthToSpace& depth_to_space, const FeatureShape& input) {
  const int64_t block = depth_to_space.block;
  const int64_t channels = input.channels / (block * block);
  const bool by_channel = depth_to_space.column_row_depth;
  const int64_t column = by_channel ? 1 : channels;
  return {0,
          0,
          0,
          {{channels, kC, by_channel ? block * block : 1}},
          {{input.height, kH, 1}, {block, kC, block * column}},
          {{input.width, kW, 1}, {block, kC, column}}};
}

Rearrange rearrangement(const SpaceToDepth& space_to_depth, const FeatureShape& input) {
  const int64_t block = space_to_depth.block;
  return {0,
          0,
          0,
          {{block, kH, 1}, {block, kW, 1}, {input.channels, kC, 1}},
          {{input.height / block, kH, block}},
          {{input.width / block, kW, block}}};
}

// Walks both shapes from the last axis to the first and cuts them into common factors: an extent
// must divide the other's, or there are none.
std::optional<Rearrange> rearrangement(const Reshape& reshape, const FeatureShape& input) {
  Rearrange result;
  size_t from_axis = kMapAxes.size() - 1;
  int64_t from = extent(input, kMapAxes[from_axis]);
  int64_t step = 1;
  for (size_t to_axis = kMapAxes.size(); to_axis-- > 0;) {
    Factors& factors = factors_of(result, kMapAxes[to_axis]);
    int64_t to = extent(reshape.shape, kMapAxes[to_axis]);
    while (to > 1) {
      while (from == 1) {
        from = extent(input, kMapAxes[--from_axis]);
        step = 1;
      }
      if (from % to != 0 && to % from != 0) return std::nullopt;
      const int64_t common = std::min(from, to);
      factors.insert(factors.begin(), {common, kMapAxes[from_axis], step});
      from /= common;
      to /= common;
      step *= common;
    }
  }
  return result;
}

std::optional<Rearrange> find_rearrangement(const Operation& operation, const FeatureShape& input) {
  return std::visit(
      [&](const auto& known) -> std::optional<Rearrange> {
        if constexpr (requires { rearrangement(known, input); }) {
          return rearrangement(known, input);
        } else {
          const auto* rearrange = std::get_if<Rearrange>(&operation);
          return rearrange != nullptr ? std::optional(*rearrange) : std::nullopt;
        }
      },
      operation);
}

FeatureShape rearranged_shape(const Rearrange& rearrange) {
  return {product(rearrange.channels), product(rearrange.height), product(rearrange.width)};
}

bool moves_nothing(const Operation& operation, const FeatureShape& input) {
  const auto* reshape = std::get_if<Reshape>(&operation);
  if (reshape != nullptr && (reshape->shape.channels == input.channels ||
                             (is_plain(input) && is_plain(reshape->shape)))) {
    return true;
  }
  const std::optional<Rearrange> rearrange = find_rearrangement(operation, input);
  if (!rearrange || rearrange->first_channel != 0 || rearrange->first_row != 0 ||
      rearrange->first_column != 0) {
    return false;
  }
  // Values of the output one after the other: the innermost factor of its channels first.
  int64_t next = 1;
  for (const Factors* factors : {&rearrange->channels, &rearrange->width, &rearrange->height}) {
    for (auto factor = factors->rbegin(); factor != factors->rend(); ++factor) {
      if (factor->extent == 1) continue;
      if (step_values(*factor, input) != next) return false;
      next *= factor->extent;
    }
  }
  return next == input.elements();
}

// Along an axis no place is reached twice where each factor steps over all that the smaller ones
// reach.
bool repeats(const Rearrange& rearrange) {
  for (const MapAxis axis : kMapAxes) {
    std::vector<std::pair<int64_t, int64_t>> steps;  // and extents
    for (const Factors* factors : {&rearrange.channels, &rearrange.height, &rearrange.width}) {
      for (const RearrangeFactor& factor : *factors) {
        if (factor.axis == axis && factor.extent > 1) {
          steps.emplace_back(std::abs(factor.step), factor.extent);
        }
      }
    }
    std::ranges::sort(steps);
    int64_t reach = 0;
    for (const auto& [step, extent] : steps) {
      if (step <= reach) return true;
      reach += step * (extent - 1);
    }
  }
  return false;
}

}  // namespace wattgrind
