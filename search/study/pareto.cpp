#include "search/study/pareto.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {

bool dominates(std::span<const double> a, std::span<const double> b) {
  CHECK(a.size() == b.size(), "{} and {} values", a.size(), b.size());
  bool lower = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    lower = lower || a[i] < b[i];
  }
  return lower;
}

std::vector<const Trial*> pareto_front(std::span<const Trial> history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history) {
    if (!has_value(trial)) continue;
    if (trials.empty() || trials[0]->values.size() == trial.values.size()) trials.push_back(&trial);
  }
  std::sort(trials.begin(), trials.end(), [](const Trial* a, const Trial* b) {
    return a->values < b->values || (a->values == b->values && a->number < b->number);
  });
  // In this order only those already on the front can dominate a trial.
  std::vector<const Trial*> front;
  for (const Trial* trial : trials) {
    const bool beaten = std::any_of(front.begin(), front.end(), [trial](const Trial* other) {
      return other->values == trial->values || dominates(other->values, trial->values);
    });
    if (!beaten) front.push_back(trial);
  }
  return front;
}

}  // namespace wattgrind
