// Start designs: points that fill a space evenly.
#pragma once

#include <vector>

#include "search/space/unit_space.h"

namespace wattgrind {

// `count` points of a maximin Latin hypercube (Morris and Mitchell 1995): each parameter's range
// cut into `count` shares with one point in each, the best of 50 draws by the distance between
// the two nearest points.
std::vector<Point> latin_hypercube(const UnitSpace& space, size_t count, Random& random);

}  // namespace wattgrind
