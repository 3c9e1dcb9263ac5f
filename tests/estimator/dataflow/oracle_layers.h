// Layers, accelerators and published rows that tests of dataflows share.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "estimator/accelerator/accelerator.h"
#include "estimator/dataflow/layer_problem.h"
#include "estimator/formats/csv.h"
#include "tests/places.h"

namespace wattgrind {

// What tables of accesses are asked for, in short.
inline constexpr auto kI = DataKind::kIfmap;
inline constexpr auto kW = DataKind::kWeights;
inline constexpr auto kO = DataKind::kPsum;
inline constexpr auto kDram = StorageLevel::kDram;
inline constexpr auto kBuffer = StorageLevel::kBuffer;
inline constexpr auto kArray = StorageLevel::kArray;
inline constexpr auto kRegisters = StorageLevel::kRegisterFile;

inline LayerProblem square_conv(uint64_t images, uint64_t channels, uint64_t filters,
                                uint64_t ofmap, uint64_t filter, uint64_t stride,
                                uint64_t groups = 1) {
  LayerProblem problem;
  problem.groups = groups;
  problem.images = images;
  problem.channels = channels;
  problem.filters = filters;
  problem.ofmap_rows = problem.ofmap_columns = ofmap;
  problem.filter_rows = problem.filter_columns = filter;
  problem.span_rows = problem.span_columns = filter;
  problem.stride_rows = problem.stride_columns = stride;
  return problem;
}

// DRAM, buffer, array, registers, and a multiply-accumulate.
inline AccessPrices test_prices(const std::array<double, kStorageLevels>& levels, double mac) {
  AccessPrices prices;
  for (size_t level = 0; level < kStorageLevels; ++level)
    prices.levels[level] = {levels[level], ""};
  prices.mac = {mac, ""};
  return prices;
}

// Words of 16 bits; the register file is shared.
inline Accelerator test_accelerator(uint64_t rows, uint64_t columns, double buffer_words,
                                    double register_words) {
  Accelerator accelerator;
  accelerator.name = "test";
  accelerator.rows = {static_cast<double>(rows), ""};
  accelerator.columns = {static_cast<double>(columns), ""};
  accelerator.buffer_bytes = {2 * buffer_words, ""};
  accelerator.register_file.shared_bytes = Sourced<double>{2 * register_words, ""};
  for (auto& bits : accelerator.word_bits) bits = {16, ""};
  accelerator.price_bits = {16, ""};
  // The normalised energies of ISCA'16.
  accelerator.macs = test_prices({200, 6, 2, 1}, 1);
  return accelerator;
}

// A published table beside the checkout, which is not part of the project.
inline std::optional<CsvTable> published_table(const std::string& name) {
  const std::filesystem::path path = shared_folder() / "reference" / "oracles" / name;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return parse_csv(text, name);
}

#define WATTGRIND_PUBLISHED_OR_SKIP(table, name) \
  const auto table = published_table(name);      \
  if (!table) GTEST_SKIP() << "reference/oracles/" << name << " is not in " << shared_folder()

}  // namespace wattgrind
