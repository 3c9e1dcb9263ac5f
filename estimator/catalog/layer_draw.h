// Layers drawn at random from stated ranges, told in short as find_layer reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/random.h"

namespace wattgrind {

// A size is drawn from `least` to `most`, evenly on a logarithmic scale, or among `choices` where
// there are some.
struct DrawnSize {
  std::string key;
  int64_t least = 1, most = 1;
  std::vector<int64_t> choices = {};
};

// What layers of a kind are drawn from: kernels, strides, maps and so on, and "work", their
// multiply-accumulates or, of a kind without any, the values they read, with the batch. Work is
// even on a logarithmic scale: else hardly a layer were as large as a network's.
struct DrawnKind {
  std::string kind;  // as layer models have it: "conv2d", "depthwise_conv2d", "relu"
  std::vector<DrawnSize> sizes;

  const DrawnSize& size(std::string_view key) const;  // CHECKs that it is there
};

// Ranges that cover the layers of the built-in networks, kind by kind.
std::vector<DrawnKind> default_draws();

// Reads "conv2d.kernel=1,3,5", "dense.units=10..4096", and changes the kind's size. Throws
// Error(kUsage) for a kind or a size that there is not, and for a range that is empty.
void change_draw(std::vector<DrawnKind>& kinds, const std::string& text);

struct DrawnLayer {
  std::string workload;  // without its batch
  int64_t batch = 1;
};

// Throws Error(kUsage) where in many tries none of the ranges' layers has the work.
DrawnLayer draw_layer(const DrawnKind& kind, Random& random);

}  // namespace wattgrind
