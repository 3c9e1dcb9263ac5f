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
#include "kernels/layout/tile_form.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

enum class ConvAlgorithm : uint8_t {
  kDirect,      // a product on maps as they lie, with channels as lanes; applies to every problem
  kDots,        // dot products: the values of a sum are the lanes, added at the end
  kTapColumns,  // a weight gradient with the window's taps as lanes
  kPlanar,      // a row's pixels are the lanes, on maps copied to planes
  kIm2col,      // what each pixel reads is copied side by side; then a product of matrices
  kPointwise,   // kernels of one tap: a product of matrices over the pixels of all images
  kWinograd2,   // Winograd's F(2x2, 3x3)
  kWinograd4,   // Winograd's F(4x4, 3x3)
  kFft8,        // Fourier transforms of tiles of 8 x 8
  kFft16,       // and of 16 x 16
  kTrimmed,     // direct, without the taps on padding
};

inline constexpr std::array<std::string_view, 11> kConvAlgorithmNames = {
    "direct",    "dots",      "tap_columns", "planar", "im2col", "pointwise",
    "winograd2", "winograd4", "fft8",        "fft16",  "trimmed"};
static_assert(kConvAlgorithmNames.size() == static_cast<size_t>(ConvAlgorithm::kTrimmed) + 1);

constexpr std::string_view name(ConvAlgorithm algorithm) {
  return kConvAlgorithmNames[static_cast<size_t>(algorithm)];
}

// How the algorithm wants its weights.
WeightForm weight_form(ConvAlgorithm algorithm);

// Whether it reads of its scratch memory only what it has written before, in the same call.
bool fills_scratch(ConvAlgorithm algorithm);

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
  // The algorithm is worth it up to this share of what direct costs; none where it is taken only if
  // it is asked for, because it rounds otherwise or moves more than instructions can tell.
  std::optional<Share> worth;
  // Vector instructions for the whole batch, as an estimate that is only held against those of the
  // problem's other algorithms; none where the algorithm does not apply.
  std::optional<double> (*cost)(const ConvProblem&) = nullptr;
  // How many bytes the scratch buffers take that emit declares.
  uint64_t (*scratch_bytes)(const ConvProblem&) = nullptr;
  // Declares the problem's operands and scratch buffers and writes the loops over the batch. Like
  // the functions above, of problems that do not pool (pooled_conv.h).
  void (*emit)(NestBuilder&, const ConvProblem&) = nullptr;
};

// An algorithm that applies to a problem, and the numbers it was judged by.
struct AlgorithmCandidate {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  double cost = 0;  // as in AlgorithmEntry
  std::optional<Share> worth;
  uint64_t scratch_bytes = 0;
};

struct AlgorithmChoice {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  std::vector<AlgorithmCandidate> candidates;  // direct first; those taken only if asked for last
  // Why it is this one, where whoever planned the program said so: "asked for".
  std::string why = {};

  // Absent where the algorithm does not apply.
  std::optional<AlgorithmCandidate> candidate(ConvAlgorithm wanted) const;
};

// "planar (direct 7680, planar 3200 of at most 5120)": the algorithm, then what each candidate
// that is taken unasked costs and, of the chosen one, what it may cost; or "winograd4 (asked for)".
std::string to_text(const AlgorithmChoice& choice);

// The cheapest of the algorithms that apply and may be taken unasked, of equals the one that stands
// first in the table, where it is worth it; direct otherwise. The table begins with a direct
// algorithm that applies.
AlgorithmChoice choose_algorithm(std::span<const AlgorithmEntry> table, const ConvProblem& problem);

// The problem's nest by an algorithm, which has to apply to it.
LoopNest lower_by(ConvAlgorithm algorithm, std::span<const AlgorithmEntry> table,
                  const ConvProblem& problem, std::string nest_name);

}  // namespace wattgrind
