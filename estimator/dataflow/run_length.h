// Eyeriss's compression of maps in DRAM (Chen et al., JSSC 2017): a value of 16 bits with the
// number of zeros before it, up to 31; three such pairs and one bit in 64 bits. A longer run is cut
// by pairs of 31 zeros and a value that is one more zero.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace wattgrind {

// The pairs (zeros, value) of a map; the zeros at its end are a pair of their own.
std::vector<std::pair<unsigned, int16_t>> run_length_pairs(std::span<const int16_t> values);

// The words of 16 bits that so many pairs take.
uint64_t run_length_words(uint64_t pairs);

// What remains of a map of which so large a part is zero, spread at random: less than 1 where it
// shrinks. A map that would grow is stored as it is.
double run_length_ratio(double zeros);

}  // namespace wattgrind
