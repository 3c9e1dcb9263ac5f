// `digits`: handwritten digits drawn by the program, so that everything works with no download.
//
// A digit is one of its styles of strokes, its points displaced, stretched, slanted, turned and
// shifted at random, drawn with a pen of random width and darkness, blurred a little, on noise.
// Images are 28x28, one channel, ink 1 on paper 0, in steps of 1/255.
//
// The same seed gives the same bytes on every platform: only additions, multiplications, divisions
// and square roots, which IEEE 754 rounds in one way, are used, and none are fused.
#pragma once

#include <array>
#include <cstdint>

#include "search/data/data_set.h"

namespace wattgrind {

inline constexpr int kDigitSize = 28;
inline constexpr int kDigitClasses = 10;
using DigitImage = std::array<uint8_t, size_t{kDigitSize} * kDigitSize>;  // [row][column]

// One digit, 0..9.
DigitImage draw_digit(int digit, uint64_t seed);

// A selection without sizes gets 10,000 training, 2,000 validation and 2,000 test images. Classes
// take turns, and every image is drawn once. Throws Error(kInput) for classes that are not digits,
// no training images, or more than a million in one part.
DataSet draw_digits(const DataSelection& selection);

}  // namespace wattgrind
