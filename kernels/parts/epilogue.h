// What a kernel does with each value of its output before it stores it, instead of other layers
// that would read and write the whole map again: normalises it (which is in the weights already),
// adds the value of another map in its place, applies a function.
#pragma once

#include <functional>
#include <vector>

#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// Takes a sum and where it is going to be stored; returns what is stored there.
using Epilogue = std::function<Register(Register sum, const Address& output)>;

// Declares the other maps, which lie as the output does, as inputs of the numbers that the fused
// layers name, and returns what is to be done; empty where nothing is. The nest must outlive it.
Epilogue make_epilogue(NestBuilder& nest, const std::vector<FusedLayer>& fused,
                       const MapLayout& output, int64_t batch);

// Whether another map is read.
bool reads_maps(const std::vector<FusedLayer>& fused);

}  // namespace wattgrind
