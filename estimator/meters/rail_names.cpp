#include "estimator/meters/rail_names.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {

std::vector<std::string> distinct_names(const std::vector<std::string>& names,
                                        const std::vector<std::string>& places) {
  CHECK(names.size() == places.size(), "{} names, {} places", names.size(), places.size());
  std::vector<std::string> distinct;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_shared = std::count(names.begin(), names.end(), names[i]) > 1;
    distinct.push_back(is_shared ? fmt::format("{} ({})", names[i], places[i]) : names[i]);
  }
  return distinct;
}

}  // namespace wattgrind
