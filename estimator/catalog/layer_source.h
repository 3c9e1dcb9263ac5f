// A layer alone, told in short: "conv:filters=64,kernel=3,padding=1,input=64x56x56,batch=8".
//
// Before the colon stands the kind's word in network files, or the function's of an activation
// ("sigmoid"); conv, maxpool and avgpool stand for conv2d, maxpool2d and avgpool2d. `input` is
// CxHxW; `batch` is 1 unless it is said. A layer of two maps, as binary, matmul and concat are,
// reads another one besides, `second`, as CxHxW:
// "binary:function=add,input=64x56x56,second=64x56x56". Every other key is a member of the layer in
// a network file; of kernel, stride, padding and dilation one number stands for both dimensions,
// and axes are joined by "+", as are the loops of a rearrangement, each of them its extent, its
// axis and, unless it is 1, its step:
// "rearrange:channels=64*channels,height=4*channels*64,width=49*width,input=256x1x49".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "estimator/network/network.h"

namespace wattgrind {

struct LayerLoad {
  Network network;  // of the layer alone, called as the text without its batch
  int64_t batch = 1;
};

// Absent where the text does not begin with the word of a kind and a colon. Throws Error(kInput)
// naming the text and the key.
std::optional<LayerLoad> find_layer(const std::string& text);

}  // namespace wattgrind
