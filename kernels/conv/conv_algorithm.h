// The ways to compute a convolution and its gradients, and which of them is taken.
//
// Each kind of problem has a table of algorithms (forward_algorithms.h, and gradient_algorithms.h
// of kernels/gradients), a file an algorithm. To add one: write its file, add its entry to the
// table and, where its name is new, to ConvAlgorithm; the tests of all algorithms then run it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/conv/conv_problem.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

enum class ConvAlgorithm : uint8_t {
  kDirect,      // a product on maps as they lie, with channels as lanes; applies to every problem
  kDots,        // dot products: the values of a sum are the lanes, added at the end
  kTapColumns,  // a weight gradient with the window's taps as lanes
  kPlanar,      // a row's pixels are the lanes, on maps copied to planes
};

inline constexpr std::array<std::string_view, 4> kConvAlgorithmNames = {"direct", "dots",
                                                                        "tap_columns", "planar"};
static_assert(kConvAlgorithmNames.size() == static_cast<size_t>(ConvAlgorithm::kPlanar) + 1);

constexpr std::string_view name(ConvAlgorithm algorithm) {
  return kConvAlgorithmNames[static_cast<size_t>(algorithm)];
}

// The algorithm of that name; none for a word that names none.
std::optional<ConvAlgorithm> conv_algorithm_named(std::string_view name);

// So many parts of so many: two thirds are {2, 3}.
struct Share {
  int64_t parts = 1, of = 1;

  double share_of(double whole) const {
    return whole * static_cast<double>(parts) / static_cast<double>(of);
  }
  friend bool operator==(const Share&, const Share&) = default;
};

struct AlgorithmEntry {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  // The algorithm is worth it up to this share of what direct costs.
  Share worth;
  // Vector instructions for the whole batch, as an estimate that is only held against those of the
  // problem's other algorithms; none where the algorithm does not apply.
  std::optional<double> (*cost)(const ConvProblem&) = nullptr;
  // How many bytes the scratch buffers take that emit declares.
  uint64_t (*scratch_bytes)(const ConvProblem&) = nullptr;
  // Declares the problem's operands and scratch buffers and writes the loops over the batch.
  void (*emit)(NestBuilder&, const ConvProblem&) = nullptr;
};

// An algorithm that applies to a problem, and the numbers it was judged by.
struct AlgorithmCandidate {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  double cost = 0;  // as in AlgorithmEntry
  Share worth;
  uint64_t scratch_bytes = 0;
};

struct AlgorithmChoice {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  std::vector<AlgorithmCandidate> candidates;  // direct first

  // Absent where the algorithm does not apply.
  std::optional<AlgorithmCandidate> candidate(ConvAlgorithm wanted) const;
};

// "planar (direct 7680, planar 3200 of at most 5120)": the algorithm, then what each candidate
// costs and, of the chosen one, what it may cost.
std::string to_text(const AlgorithmChoice& choice);

// The cheapest of the algorithms that apply, of equals the one that stands first in the table,
// where it is worth it; direct otherwise. The table begins with a direct algorithm that applies.
AlgorithmChoice choose_algorithm(std::span<const AlgorithmEntry> table, const ConvProblem& problem);

// The problem's nest by an algorithm, which has to apply to it.
LoopNest lower_by(ConvAlgorithm algorithm, std::span<const AlgorithmEntry> table,
                  const ConvProblem& problem, std::string nest_name);

}  // namespace wattgrind
