// A spatial accelerator: an array of processing elements, each with a register file and a
// multiplier, around a global buffer, beside DRAM.
//
// Every number has its source. Data moves in words, whose width depends on what they hold; an
// access is one word read or written. What is not known is absent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/sourced.h"

namespace wattgrind {

// What an accelerator moves. Partial sums are output maps that are not complete yet.
enum class DataKind : uint8_t { kIfmap, kWeights, kPsum };
inline constexpr size_t kDataKinds = 3;
inline constexpr std::array<std::string_view, kDataKinds> kDataKindNames = {"ifmap", "weights",
                                                                            "psum"};

// Where it moves, from the outside in. The array is the wires between processing elements.
enum class StorageLevel : uint8_t { kDram, kBuffer, kArray, kRegisterFile };
inline constexpr size_t kStorageLevels = 4;
inline constexpr std::array<std::string_view, kStorageLevels> kStorageLevelNames = {
    "dram", "buffer", "array", "register_file"};

inline constexpr double kBitsAByte = 8;

template <typename Enum>
constexpr size_t index_of(Enum value) {
  return static_cast<size_t>(value);
}

// What one access to each level and one multiply-accumulate cost, for words of word_bits.
struct AccessPrices {
  std::array<Sourced<double>, kStorageLevels> levels;
  Sourced<double> mac;
};

// A register file holds words of any kind up to so many bytes, or so many words of each kind.
struct RegisterFile {
  std::optional<Sourced<double>> shared_bytes;
  std::array<std::optional<Sourced<double>>, kDataKinds> words;  // all there where not shared
};

// What the array loses beside the cycles of its multiplications.
struct ArrayTiming {
  std::optional<Sourced<double>> psum_hop_cycles;  // for a partial sum passed to a neighbour
};

struct Bandwidth {
  std::optional<Sourced<double>> dram_bytes_per_cycle;
  std::optional<Sourced<double>> buffer_words_per_cycle;
};

struct Accelerator {
  std::string name;
  std::string description;
  std::string dataflow;  // what it is built for: the name of a dataflow
  Sourced<double> rows, columns;
  RegisterFile register_file;
  Sourced<double> buffer_bytes;
  std::array<Sourced<double>, kDataKinds> word_bits;
  Sourced<double> price_bits;        // the width of the words that prices are of
  std::optional<AccessPrices> pj;    // picojoules
  std::optional<AccessPrices> macs;  // multiples of one multiply-accumulate's energy
  std::optional<Sourced<double>> clock_hz;
  std::optional<Sourced<double>> idle_w;  // drawn all the time, whatever it does
  Bandwidth bandwidth;
  ArrayTiming timing;
  // Present where zeros of input maps stop the multiplier and what belongs to it.
  std::optional<std::string> zero_gating_source;
  // Present where maps are compressed in DRAM by run lengths of zeros (run_length.h).
  std::optional<std::string> compression_source;
  // Present where other dataflows are given as much silicon for storage as this one has, divided
  // between register files and buffer as they need it (storage_area.h).
  std::optional<std::string> equal_area_source;
  std::vector<std::string> notes;

  uint64_t elements() const {
    return static_cast<uint64_t>(rows.value) * static_cast<uint64_t>(columns.value);
  }
  uint64_t bits(DataKind kind) const {
    return static_cast<uint64_t>(word_bits[index_of(kind)].value);
  }
  // The widest word, in bits: closed forms count in words of one width.
  uint64_t widest_bits() const;
  // The words of the widest width that the buffer and one register file hold.
  uint64_t buffer_words() const;
  uint64_t register_words() const;
  // All that one register file holds, in bytes.
  double register_bytes() const;
};

}  // namespace wattgrind
