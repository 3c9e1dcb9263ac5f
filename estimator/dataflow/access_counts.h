// What a mapping does, in whole numbers that know no prices.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "estimator/accelerator/accelerator.h"

namespace wattgrind {

// Words accessed, by level and kind. At the array an access is a word sent to one element. Partial
// sums count reads and writes alike.
class AccessCounts {
 public:
  uint64_t& at(StorageLevel level, DataKind kind) {
    return words_[index_of(level)][index_of(kind)];
  }
  uint64_t at(StorageLevel level, DataKind kind) const {
    return words_[index_of(level)][index_of(kind)];
  }
  uint64_t level(StorageLevel level) const {
    uint64_t sum = 0;
    for (const uint64_t words : words_[index_of(level)]) sum += words;
    return sum;
  }
  // The same done so many times.
  AccessCounts times(uint64_t count) const {
    AccessCounts all = *this;
    for (auto& level : all.words_) {
      for (uint64_t& words : level) words *= count;
    }
    return all;
  }
  AccessCounts& operator+=(const AccessCounts& other) {
    for (size_t level = 0; level < kStorageLevels; ++level) {
      for (size_t kind = 0; kind < kDataKinds; ++kind) {
        words_[level][kind] += other.words_[level][kind];
      }
    }
    return *this;
  }

  friend bool operator==(const AccessCounts&, const AccessCounts&) = default;

 private:
  std::array<std::array<uint64_t, kDataKinds>, kStorageLevels> words_{};
};

// One loop of a mapping, as the field writes it: "DRAM: for M in 6", "array: parallel E in 14".
struct MappingLoop {
  StorageLevel level = StorageLevel::kDram;  // where the data lies that its body takes turns with
  bool parallel = false;                     // over the elements of the array
  std::string dimension;  // "N", "M", "C", "E", "F", "R", "S", or a product of them
  uint64_t extent = 1;
};

struct MappingParameter {
  std::string name;  // as the paper calls it: "p"
  uint64_t value = 0;
};

// The loops are outermost first, those with one turn left out.
struct Mapping {
  std::vector<MappingLoop> loops;
  std::vector<MappingParameter> parameters;
};

// A layer with the mapping that was found for it, of all its groups and images.
struct MappedLayer {
  AccessCounts counts;
  uint64_t macs = 0;
  uint64_t active_elements = 0;  // that have work while the array is fullest
  uint64_t cycles = 0;
  Mapping mapping;
};

// The loops, one a line and each indented under the one before it.
std::string to_text(const Mapping& mapping);

}  // namespace wattgrind
