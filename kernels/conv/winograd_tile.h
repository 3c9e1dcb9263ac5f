// Winograd's transforms of data and of outputs, B' d B and A' m A, for F(2x2, 3x3) and F(4x4, 3x3)
// (Lavin and Gray, CVPR 2016, sections 4.1 and 4.3), with the terms that rows share computed once.
#pragma once

#include "kernels/conv/tile_transform.h"

namespace wattgrind {

void emit_winograd_inputs(NestBuilder& nest, int64_t outputs, const TileInputs& tile);
void emit_winograd_outputs(NestBuilder& nest, int64_t outputs, const TileOutputs& tile);

}  // namespace wattgrind
