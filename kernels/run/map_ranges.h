// The ranges of a network's maps, measured on images: what a quantisation takes its scales from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "estimator/network/quantization.h"

namespace wattgrind {

// Runs the network of one input natively on the images, [image][channel][row][column]. `progress`
// hears how many are done.
MapRanges measured_ranges(const NetworkValues& values, std::span<const float> images,
                          const std::function<void(uint64_t done, uint64_t total)>& progress = {});

// The share of images whose class, by label, gets the largest value of the network's first output.
double native_accuracy(const NetworkValues& values, std::span<const float> images,
                       std::span<const uint8_t> labels,
                       const std::function<void(uint64_t done, uint64_t total)>& progress = {});

}  // namespace wattgrind
