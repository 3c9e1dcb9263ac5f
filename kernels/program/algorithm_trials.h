// The convolutions of a plan by every algorithm in question, each a step of one program: to be
// counted, or timed, side by side.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/program/engine_plan.h"

namespace wattgrind {

struct AlgorithmTrial {
  size_t plan_step = 0;  // the convolution's step in the plan
  std::string layer;     // its name in the network as read
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  size_t step = 0;  // of the trials' program
};

struct AlgorithmTrials {
  Program program;  // each step on buffers of its own
  // Layer by layer, each beginning with the plan's own algorithm. Layers whose kernel is the same
  // share their steps.
  std::vector<AlgorithmTrial> trials;
};

enum class TriedAlgorithms {
  kThatCouldPay,  // the plan's, and those asked for only that take a thirtieth fewer instructions
  kThatApply
};

// Of the steps of convolutions that `is_open` takes, by the name of the layer; layers with one
// algorithm to try are left out.
AlgorithmTrials algorithm_trials(const PlannedInference& planned, TriedAlgorithms tried,
                                 const std::function<bool(const std::string&)>& is_open);

}  // namespace wattgrind
