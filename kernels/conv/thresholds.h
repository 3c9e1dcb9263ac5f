// The numbers that decide which algorithm a convolution or a dense layer takes, and what each was
// measured on.
//
// An algorithm has to save more than its count of instructions says where it copies values into
// another order: caches and short loops make copies dearer than their number.
#pragma once

#include <cstdint>

#include "kernels/conv/conv_algorithm.h"

namespace wattgrind {

// Planes and dot products on copied weights. On AVX-512, ten layers of five 10x10 filters on planes
// take 21 us an image instead of 57; LeNet-5's second convolution takes its data gradient as dot
// products in less than half the time; a dense layer of 784 x 5 at a large batch takes 0.037 us an
// image instead of 0.13. The third to be saved is for the copies; no measurement of the
// share itself is recorded.
inline constexpr Share kWorthOfCopies = {2, 3};

// Taps as columns, of maps: LeNet-5's first layer, where they cost more than half of what filters
// as columns do, takes as long either way.
inline constexpr Share kWorthOfTapColumns = {1, 2};

// Taps as columns, of one pixel an image, their copy counted: at batch 128 ten units take two
// thirds of the time, and twenty units seven eighths.
inline constexpr Share kWorthOfTapColumnsOfVectors = {4, 5};

// A weight gradient on planes, and a dense layer's data gradient as dot products, which copies
// nothing: any gain is taken. On planes, windows of 3 x 3 and 5 x 5 of one channel take a quarter
// to a half of the time, and 5 filters of 5 x 10 x 10 seven eighths. A data gradient of 1568 x 128
// at batch 3 takes 8 us as dot products instead of 40.
inline constexpr Share kWorthAtAnyGain = {1, 1};

// The most channels, filters or units that planes and dot products are made for: as many fill an
// AVX2 vector themselves, and every one takes registers from the pixels of a tile.
inline constexpr int64_t kMostNarrowChannels = 8;

// The fewest lanes of a dot product's vectors. Two lanes halve the multiply-adds at best, which the
// sum of the lanes at the end eats up.
inline constexpr int kLeastDotLanes = 4;

}  // namespace wattgrind
