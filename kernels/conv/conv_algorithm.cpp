#include "kernels/conv/conv_algorithm.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"
#include "kernels/conv/pooled_conv.h"

namespace wattgrind {
namespace {

// Multiplied out, since a share of a whole number may be none: equality has to be exact.
bool is_worth_it(const AlgorithmCandidate& candidate, double direct_cost) {
  return static_cast<double>(candidate.worth->of) * candidate.cost <=
         static_cast<double>(candidate.worth->parts) * direct_cost;
}

// The entry's functions, for problems that pool, too.
std::optional<double> cost_of(const AlgorithmEntry& entry, const ConvProblem& problem) {
  return problem.pool ? pooled_cost(entry, problem) : entry.cost(problem);
}
uint64_t scratch_bytes_of(const AlgorithmEntry& entry, const ConvProblem& problem) {
  return problem.pool ? pooled_scratch_bytes(entry, problem) : entry.scratch_bytes(problem);
}

}  // namespace

WeightForm weight_form(ConvAlgorithm algorithm) {
  switch (algorithm) {
    case ConvAlgorithm::kWinograd2:
      return WeightForm::kWinograd2;
    case ConvAlgorithm::kWinograd4:
      return WeightForm::kWinograd4;
    case ConvAlgorithm::kFft8:
      return WeightForm::kFft8;
    case ConvAlgorithm::kFft16:
      return WeightForm::kFft16;
    default:
      return WeightForm::kTaps;
  }
}

bool fills_scratch(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::kDirect || algorithm == ConvAlgorithm::kTrimmed ||
         algorithm == ConvAlgorithm::kIm2col || algorithm == ConvAlgorithm::kPointwise ||
         weight_form(algorithm) != WeightForm::kTaps;
}

std::optional<ConvAlgorithm> conv_algorithm_named(std::string_view name) {
  const auto* found = std::ranges::find(kConvAlgorithmNames, name);
  if (found == kConvAlgorithmNames.end()) return std::nullopt;
  return static_cast<ConvAlgorithm>(found - kConvAlgorithmNames.begin());
}

std::optional<AlgorithmCandidate> AlgorithmChoice::candidate(ConvAlgorithm wanted) const {
  const auto found = std::ranges::find(candidates, wanted, &AlgorithmCandidate::algorithm);
  if (found == candidates.end()) return std::nullopt;
  return *found;
}

std::string to_text(const AlgorithmChoice& choice) {
  if (!choice.why.empty()) return fmt::format("{} ({})", name(choice.algorithm), choice.why);
  std::string costs;
  for (const AlgorithmCandidate& candidate : choice.candidates) {
    if (!candidate.worth) continue;
    costs += fmt::format("{}{} {:.0f}", costs.empty() ? "" : ", ", name(candidate.algorithm),
                         candidate.cost);
    if (candidate.algorithm == choice.algorithm && choice.algorithm != ConvAlgorithm::kDirect) {
      costs += fmt::format(" of at most {:.0f}",
                           candidate.worth->share_of(choice.candidates.front().cost));
    }
  }
  return fmt::format("{} ({})", name(choice.algorithm), costs);
}

AlgorithmChoice choose_algorithm(std::span<const AlgorithmEntry> table,
                                 const ConvProblem& problem) {
  AlgorithmChoice choice;
  for (const AlgorithmEntry& entry : table) {
    if (const auto cost = cost_of(entry, problem)) {
      choice.candidates.push_back(
          {entry.algorithm, *cost, entry.worth, scratch_bytes_of(entry, problem)});
    }
  }
  CHECK(!choice.candidates.empty() && choice.candidates[0].algorithm == ConvAlgorithm::kDirect,
        "{} without a direct algorithm", name(problem.kind));
  const AlgorithmCandidate* cheapest = &choice.candidates.front();
  for (const AlgorithmCandidate& candidate : choice.candidates) {
    if (candidate.worth && candidate.cost < cheapest->cost) cheapest = &candidate;
  }
  if (is_worth_it(*cheapest, choice.candidates[0].cost)) choice.algorithm = cheapest->algorithm;
  return choice;
}

LoopNest lower_by(ConvAlgorithm algorithm, std::span<const AlgorithmEntry> table,
                  const ConvProblem& problem, std::string nest_name) {
  const auto entry = std::ranges::find_if(table, [&](const AlgorithmEntry& candidate) {
    return candidate.algorithm == algorithm && cost_of(candidate, problem);
  });
  CHECK(entry != table.end(), "{} does not apply to this {}", name(algorithm), name(problem.kind));
  NestBuilder nest(std::move(nest_name), problem.isa);
  if (problem.pool) {
    emit_pooled(nest, *entry, problem);
  } else {
    entry->emit(nest, problem);
  }
  return std::move(nest).finish();
}

}  // namespace wattgrind
