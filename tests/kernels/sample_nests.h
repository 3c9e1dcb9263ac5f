// Nests to try code generation on, written by hand and drawn at random.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nest/nest.h"

namespace wattgrind {

// `product[rows][columns] += left[rows][depth] * right[depth][columns]` on one register tile: the
// innermost loop of every dense layer and convolution. `columns` is a number of vectors.
LoopNest tile_product(Isa isa, int rows, int vectors, uint64_t depth);

// References that a compiler would like to merge or split: a value loaded three times, neighbouring
// stores of a constant, a store overwritten at once, a wide load whose halves are used.
LoopNest tempting_references(Isa isa);

// More values alive at once than the instruction set has vector registers: some are spilled.
LoopNest crowded_vectors(Isa isa);

// More loops around one body than there are general registers to count them in.
LoopNest deep_loops(Isa isa);

// A nest of nested loops, repeated and short, over three buffers; registers of every lane count
// live across loops; strides of both signs; every opcode. The same seed draws the same nest.
LoopNest random_nest(Isa isa, uint64_t seed);

// Buffers of the sizes the nest names, filled with values in [-4, 4] by the seed.
std::vector<std::vector<uint8_t>> random_buffers(const LoopNest& nest, uint64_t seed);

}  // namespace wattgrind
