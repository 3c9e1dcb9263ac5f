// How the parts of the experiment print and draw what they compared.
#pragma once

#include <string>
#include <vector>

#include "experiments/meter_free/prediction.h"

namespace wattgrind {

struct Group {
  std::string name;
  std::vector<Compared> rows;
};

// A line a group: how well it agrees. Empty groups are left out.
void print_agreement(const std::string& title, const std::vector<Group>& groups);

// Both axes logarithmic, at most six groups, with a line where both are equal, to
// experiments/meter_free/NAME.svg.
void draw(const std::string& name, const std::string& title, const std::string& unit,
          const std::vector<Group>& groups);

// The rows as comma-separated values, for whoever wants to look at them one by one.
std::string rows_csv(const std::vector<Group>& groups);

}  // namespace wattgrind
