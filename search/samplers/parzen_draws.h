// Draws near good points: the l(x) of tree-structured Parzen estimators (Bergstra et al. 2011), as
// a multivariate mixture with one kernel a good point.
//
// A kernel moves few parameters at a time (one, and each further one with probability 0.4), so that
// draws in many dimensions do not lose what was good, and its bandwidth is log-normal about the
// given one, so that near and far are both tried. Ordered parameters move by at least one level;
// choices are drawn anew.
#pragma once

#include <span>

#include "search/space/unit_space.h"

namespace wattgrind {

Point draw_near(const UnitSpace& space, std::span<const double> centre, double bandwidth,
                Random& random);

Point draw_anywhere(const UnitSpace& space, Random& random);

}  // namespace wattgrind
