#include "kernels/layout/tile_form.h"

#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/layout/packing.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

using Row3 = std::array<double, 3>;

// G of Lavin and Gray, section 4.1 and 4.3: the rows that turn three weights into t values.
constexpr std::array<Row3, 4> kWinograd2Filter = {
    {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
constexpr std::array<Row3, 6> kWinograd4Filter = {{{1.0 / 4, 0, 0},
                                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                   {0, 0, 1}}};

void transform_winograd(std::span<const Row3> g, std::span<const double> weights,
                        std::span<double> transformed) {
  size_t next = 0;
  for (const Row3& down : g) {
    for (const Row3& across : g) {
      double sum = 0;
      for (size_t y = 0; y < 3; ++y) {
        for (size_t x = 0; x < 3; ++x) sum += down[y] * weights[3 * y + x] * across[x];
      }
      transformed[next++] = sum;
    }
  }
}

void transform_fft(int64_t extent, int64_t rows, int64_t columns, std::span<const double> weights,
                   std::span<double> transformed) {
  const auto t = static_cast<double>(extent);
  std::vector<std::complex<double>> roots;
  for (int64_t i = 0; i < extent; ++i) {
    roots.push_back(std::polar(1 / (t * t), 2 * std::numbers::pi * static_cast<double>(i) / t));
  }
  size_t next = 0;
  for (int64_t ky = 0; ky < extent; ++ky) {
    for (int64_t kx = 0; kx <= extent / 2; ++kx) {
      std::complex<double> sum = 0;
      for (int64_t y = 0; y < rows; ++y) {
        for (int64_t x = 0; x < columns; ++x) {
          sum += weights[static_cast<size_t>(y * columns + x)] *
                 roots[static_cast<size_t>((ky * y + kx * x) % extent)];
        }
      }
      transformed[next++] = sum.real();
      transformed[next++] = sum.imag();
    }
  }
}

}  // namespace

TileForm tile_form(WeightForm form) {
  switch (form) {
    case WeightForm::kWinograd2:
      return {4, 16, 1};
    case WeightForm::kWinograd4:
      return {6, 36, 1};
    case WeightForm::kFft8:
      return {8, 8 * 5, 2};
    case WeightForm::kFft16:
      return {16, 16 * 9, 2};
    case WeightForm::kTaps:
      break;
  }
  CHECK(false, "no tiles");
}

int64_t tile_outputs(WeightForm form, int64_t taps) { return tile_form(form).extent - taps + 1; }

void transform_filter(WeightForm form, int64_t rows, int64_t columns,
                      std::span<const double> weights, std::span<double> transformed) {
  if (form == WeightForm::kWinograd2)
    return transform_winograd(kWinograd2Filter, weights, transformed);
  if (form == WeightForm::kWinograd4)
    return transform_winograd(kWinograd4Filter, weights, transformed);
  transform_fft(tile_form(form).extent, rows, columns, weights, transformed);
}

TileProducts tile_products(WeightForm form, int64_t groups, int64_t group_channels,
                           int64_t group_filters, Isa isa) {
  const int64_t parts = tile_form(form).parts;
  TileProducts products;
  products.groups = groups;
  products.channels = parts * group_channels;
  products.part_filters = padded_width(
      column_blocks(group_filters, isa, groups == 1 ? Surplus::kPad : Surplus::kExact));
  products.blocks = column_blocks(parts * products.part_filters, isa, Surplus::kPad);
  return products;
}

void pack_tiled_weights(WeightForm form, const Conv2d& conv, int64_t channels, Isa isa,
                        std::span<const float> logical, std::span<float> packed) {
  const TileForm tile = tile_form(form);
  const int64_t group_channels = channels / conv.groups, filters = conv.filters / conv.groups;
  const TileProducts products = tile_products(form, conv.groups, group_channels, filters, isa);
  const int64_t taps = conv.window.kernel_height * conv.window.kernel_width;
  const auto place = [&](int64_t value, int64_t group, int64_t row, int64_t column) -> float& {
    size_t block = 0;
    while (column >= products.blocks[block].first + products.blocks[block].width()) ++block;
    const ColumnBlock& of = products.blocks[block];
    const int64_t first = value * products.weights() + group * products.channels * products.width();
    return packed[static_cast<size_t>(first + products.channels * of.first + row * of.width() +
                                      column - of.first)];
  };
  std::vector<double> weights(static_cast<size_t>(taps));
  std::vector<double> transformed(static_cast<size_t>(tile.values * tile.parts));
  size_t next = 0;
  for (int64_t g = 0; g < conv.groups; ++g) {
    for (int64_t k = 0; k < filters; ++k) {
      for (int64_t c = 0; c < group_channels; ++c) {
        for (double& weight : weights) weight = logical[next++];
        transform_filter(form, conv.window.kernel_height, conv.window.kernel_width, weights,
                         transformed);
        for (int64_t value = 0; value < tile.values; ++value) {
          const double* of = &transformed[static_cast<size_t>(value * tile.parts)];
          place(value, g, c, k) = static_cast<float>(of[0]);
          if (tile.parts == 1) continue;
          place(value, g, c, products.part_filters + k) = static_cast<float>(of[1]);
          place(value, g, group_channels + c, k) = static_cast<float>(-of[1]);
          place(value, g, group_channels + c, products.part_filters + k) =
              static_cast<float>(of[0]);
        }
      }
    }
  }
}

}  // namespace wattgrind
