// The loops over a convolution's groups and blocks of filters, around what goes over its pixels.
#pragma once

#include <cstdint>
#include <functional>

#include "kernels/conv/direct_conv.h"

namespace wattgrind {

// Calls body(tile) in a loop over the groups: of the tile the addresses of the group are set.
void for_each_group(NestBuilder& nest, const DirectConv& conv,
                    const std::function<void(const ProductTile&)>& body);

// The filters of a block, and how many blocks one tile takes together: more than one where a tile
// of few pixels leaves registers for more sums.
struct BlockWidth {
  int64_t one = 0;
  int64_t together = 1;
};

// Calls body(tile, width) in a loop over the blocks of a group: of the tile the vectors are set,
// and the addresses are the block's.
void for_each_block(NestBuilder& nest, const DirectConv& conv, const ProductTile& group,
                    const std::function<void(const ProductTile&, const BlockWidth&)>& body);

}  // namespace wattgrind
