// Functional analysis of variance (Sobol 1993; Hutter, Hoos and Leyton-Brown 2014 of search
// spaces): how much of what a function varies over a space each parameter does by itself, and each
// pair of parameters beyond what its two do by themselves.
//
// Every configuration of the space is as likely as its parameters make it, which are independent
// and uniform on their scales. A parameter that is not active in a configuration is given a value
// that does nothing there, so that conditions need no care: they are interactions.
//
//   f(x) = mean + sum of f_i(x_i) + sum of f_ij(x_i, x_j) + ...,   V = sum V_i + sum V_ij + ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "search/space/unit_space.h"

namespace wattgrind {

// The function's value at each of some points.
using PointFunction = std::function<std::vector<double>(std::span<const Point> points)>;

struct VarianceDecomposition {
  struct Pair {
    size_t first = 0, second = 0;  // parameters; first < second
    double share = 0;
  };

  double mean = 0, variance = 0;
  std::vector<double> main;  // of each parameter: its part of the variance
  std::vector<Pair> pairs;   // every pair, in the order of parameters
};

// Parameters take at most 12 values each (of more, the middles of twelve equal parts of their
// scale), other parameters are drawn, and all of it about half a million times in all; what is
// drawn is a function of `seed`. Parts are of the variance (all 0 where that is 0), those of pairs
// at least 0.
VarianceDecomposition decompose_variance(const UnitSpace& space, const PointFunction& function,
                                         uint64_t seed);

}  // namespace wattgrind
