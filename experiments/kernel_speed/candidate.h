// What is timed against what: an implementation of layers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "estimator/base/isa.h"
#include "experiments/kernel_speed/timed_layer.h"

namespace wattgrind {

// A layer with its operands in place, in the implementation's own layouts.
struct PreparedLayer {
  std::string implementation;  // what was chosen, for the log: "jit:avx2", "6x16 direct"
  std::function<void()> run;   // computes the layer once, with bias; one thread; may be repeated
  // What the last run gave, [image][channel][row][column]. Empty where it is not to be compared.
  std::function<std::vector<float>()> output = {};
};

struct KernelImplementation {
  std::string name;  // a column's title
  // Everything that is not to be timed: choosing, compiling, packing, reordering. Absent where
  // this implementation has no way to compute the layer.
  std::function<std::optional<PreparedLayer>(const TimedLayer&, Isa)> prepare;
};

}  // namespace wattgrind
