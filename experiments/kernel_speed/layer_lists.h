// Layers of published networks that are not built in, by their sizes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "experiments/kernel_speed/timed_layer.h"

namespace wattgrind {

// The convolutions, dense layers and products of "resnet50" (He et al. 2015, strides in the 3x3 as
// torchvision has them), "mobilenet_v2" (Sandler et al. 2018), "squeezenet" (Iandola et al. 2016,
// version 1.1) at 224 x 224 pixels, and of "transformer", a block of BERT's base size (Devlin et
// al. 2018) on 128 tokens and one of ViT's (Dosovitskiy et al. 2020) on 197, with softmax, layer
// normalisation and gelu, these also of the sizes of bert_tiny and vit_tiny. Each shape once; none
// for other names.
std::vector<TimedLayer> listed_layers(std::string_view network, int64_t batch);

}  // namespace wattgrind
