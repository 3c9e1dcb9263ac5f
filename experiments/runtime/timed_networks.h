// What is timed: random layers, each a network of its own, and the built-in networks.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// Layers that share prices: what a model of counts leaves out differs from kind to kind.
enum class TimedKind { kConvolution, kDense, kPooling, kOther };
inline constexpr std::string_view kLayerKindNames[] = {"convolution", "dense", "pooling", "other"};

TimedKind kind_of(const Operation& operation);

// 80 convolutions, 60 dense and 60 pooling layers as published networks have them, and 60 of what
// else is in networks (ReLU, LRN, softmax): sizes even on a logarithmic scale, up to those of the
// built-in networks, at most 1e9 multiply-accumulates. The same for the same seed.
std::vector<Network> random_layers(uint64_t seed);

}  // namespace wattgrind
