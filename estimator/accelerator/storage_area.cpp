#include "estimator/accelerator/storage_area.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace wattgrind {
namespace {

struct TablePoint {
  double at;
  double value;
};

// Square micrometres a byte, by size in bytes.
constexpr std::array<TablePoint, 12> kAreaAByte = {{{2, 103.47},
                                                    {4, 172.07},
                                                    {8, 177.07},
                                                    {16, 169.89},
                                                    {32, 96.06},
                                                    {64, 59.15},
                                                    {128, 39.94},
                                                    {256, 27.48},
                                                    {512, 20.87},
                                                    {1024, 16.14},
                                                    {2048, 13.89},
                                                    {4096, 12.70}}};

// Bytes, by square micrometres.
constexpr std::array<TablePoint, 12> kSizeOfArea = {{{207, 2},
                                                     {689, 4},
                                                     {1417, 8},
                                                     {2718, 16},
                                                     {3074, 32},
                                                     {3785, 64},
                                                     {5112, 128},
                                                     {7034, 256},
                                                     {10685, 512},
                                                     {16523, 1024},
                                                     {28455, 2048},
                                                     {52020, 4096}}};

double interpolated(const std::array<TablePoint, 12>& table, double at) {
  const auto above = std::find_if(table.begin(), table.end(),
                                  [&](const TablePoint& point) { return point.at >= at; });
  if (above == table.begin()) return table.front().value;
  if (above == table.end()) return table.back().value;
  const auto below = above - 1;
  const double share = (at - below->at) / (above->at - below->at);
  return below->value + share * (above->value - below->value);
}

}  // namespace

double storage_area_um2(double bytes) { return bytes * interpolated(kAreaAByte, bytes); }

double storage_bytes(double area_um2) {
  if (area_um2 < kSizeOfArea.front().at) return 0;
  const TablePoint& largest = kSizeOfArea.back();
  if (area_um2 > largest.at) return area_um2 / largest.at * largest.value;
  return interpolated(kSizeOfArea, area_um2);
}

double accelerator_area_um2(const Accelerator& accelerator) {
  const auto elements = static_cast<double>(accelerator.elements());
  return elements * (kElementLogicUm2 + storage_area_um2(accelerator.register_bytes())) +
         storage_area_um2(accelerator.buffer_bytes.value);
}

Accelerator with_equal_area(const Accelerator& accelerator, double register_bytes) {
  const auto elements = static_cast<double>(accelerator.elements());
  const double all = elements * storage_area_um2(accelerator.register_bytes()) +
                     storage_area_um2(accelerator.buffer_bytes.value);
  const double left = all - elements * storage_area_um2(register_bytes);
  Accelerator resized = accelerator;
  const std::string source = accelerator.equal_area_source.value_or("computed");
  resized.register_file = {Sourced<double>{register_bytes, source, Basis::kScaled}, {}};
  resized.buffer_bytes = {storage_bytes(std::max(left, 0.0)), source, Basis::kScaled};
  return resized;
}

}  // namespace wattgrind
