// What is timed must be the same work: candidates' results beside one another.
#pragma once

#include <span>
#include <string>

namespace wattgrind {

// Throws Error(kFailed) where a value differs from the expected one by more than 1e-5 of the
// largest expected one, which is many roundings of a long sum and less than an approximation of
// gelu by tanh. `what` tells whose they are.
void check_agreement(const std::string& what, std::span<const float> values,
                     std::span<const float> expected);

}  // namespace wattgrind
