// Fourier transforms of tiles of 8 x 8 and 16 x 16 real values, by radices 2 and 4 (Cooley and
// Tukey 1965): rows from real values to half a spectrum, then its columns. The way back computes
// only the outputs that a tile has, and leaves out the division by t * t, which the weights hold.
#pragma once

#include "kernels/conv/tile_transform.h"

namespace wattgrind {

// Vectors of work memory for tiles of t x t.
int64_t fft_work_vectors(int64_t extent);

void emit_fft_inputs(NestBuilder& nest, int64_t extent, const TileInputs& tile);
void emit_fft_outputs(NestBuilder& nest, const TileTransform& transform, const TileOutputs& tile);

}  // namespace wattgrind
