#include "estimator/dataflow/loop_blocking.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace wattgrind {
namespace {

using Factors = std::array<uint64_t, kBlockedLoops>;

constexpr size_t kChannelLoop = index_of(BlockedLoop::kChannels);
constexpr size_t kPsum = index_of(DataKind::kPsum);
constexpr std::array<BlockedLoop, kBlockedLoops> kLoops = {
    BlockedLoop::kChannels, BlockedLoop::kFilters, BlockedLoop::kImages};

std::vector<uint64_t> divisors(uint64_t number) {
  std::vector<uint64_t> low, high;
  for (uint64_t divisor = 1; divisor * divisor <= number; ++divisor) {
    if (number % divisor != 0) continue;
    low.push_back(divisor);
    if (divisor * divisor != number) high.push_back(number / divisor);
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

// How many units of a kind so many turns of the loops hold.
uint64_t unit_count(const BlockedKind& kind, const Factors& turns) {
  uint64_t count = 1;
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    if (kind.depends[loop]) count *= turns[loop];
  }
  return count;
}

bool fits_buffer(const BlockingProblem& problem, const Factors& turns,
                 const Accelerator& accelerator) {
  double bits = 0;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const BlockedKind& kind = problem.kinds[k];
    bits += static_cast<double>(unit_count(kind, turns)) * static_cast<double>(kind.buffer_unit) *
            accelerator.word_bits[k].value;
  }
  return bits <= accelerator.buffer_bytes.value * kBitsAByte;
}

bool fits_registers(const BlockingProblem& problem, const Factors& turns,
                    const Accelerator& accelerator) {
  const RegisterFile& file = accelerator.register_file;
  double bits = 0;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const BlockedKind& kind = problem.kinds[k];
    const double words =
        static_cast<double>(unit_count(kind, turns)) * static_cast<double>(kind.register_unit);
    if (file.words[k] && words > file.words[k]->value) return false;
    bits += words * accelerator.word_bits[k].value;
  }
  return !file.shared_bytes || bits <= file.shared_bytes->value * kBitsAByte;
}

// A partial sum is read and written on every visit but for the first read.
uint64_t accesses(size_t kind, uint64_t fetches) {
  return kind == kPsum ? 2 * fetches - 1 : fetches;
}

// How often a kind is fetched from the place of these loops, when everything outside them makes it
// fetched `outside` times, or `foreign` times if something that it depends on turns between.
uint64_t fetches_at(const BlockedKind& kind, const Factors& factors, BlockedLoop innermost,
                    uint64_t outside, uint64_t foreign) {
  bool changes = false;
  uint64_t unrelated = 1;
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    if (kind.depends[loop]) {
      changes = changes || factors[loop] > 1;
    } else if (index_of(innermost) != loop) {
      unrelated *= factors[loop];
    }
  }
  return changes ? foreign * unrelated : outside;
}

// Loops that may be innermost: those of several turns or, where there is none, the first.
bool may_be_innermost(const Factors& factors, BlockedLoop loop) {
  const bool alone = std::all_of(factors.begin(), factors.end(),
                                 [](const uint64_t factor) { return factor == 1; });
  return alone ? loop == kLoops.front() : factors[index_of(loop)] > 1;
}

uint64_t unrelated_turns(const BlockedKind& kind, const Factors& factors) {
  uint64_t turns = 1;
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    if (!kind.depends[loop]) turns *= factors[loop];
  }
  return turns;
}

// Energy and cycles that fetches lead to, in one order of summing: floating-point sums and products
// of terms that are not negative never fall when a term rises, so that what is bounded in whole
// numbers is bounded in these as well.
class BlockingCost {
 public:
  BlockingCost(const BlockingProblem& problem, const Accelerator& accelerator,
               const WordPrices& prices, MappingObjective objective)
      : problem_(problem), accelerator_(accelerator), prices_(prices), objective_(objective) {}

  std::pair<double, double> value_and_secondary(const Fetches& fetches, uint64_t channels) const {
    const auto cycles =
        static_cast<double>(blocked_cycles(problem_, fetches, channels, accelerator_));
    const double energy = energy_of(fetches, cycles);
    return {objective_value(objective_, energy, cycles),
            objective_ == MappingObjective::kDelay ? energy : cycles};
  }

 private:
  double energy_of(const Fetches& fetches, double cycles) const {
    double energy = cycles * prices_.cycle;
    for (size_t k = 0; k < kDataKinds; ++k) {
      const BlockedKind& kind = problem_.kinds[k];
      const auto of_dram = static_cast<double>(accesses(k, fetches.dram[k]));
      const auto of_buffer = static_cast<double>(accesses(k, fetches.buffer[k]));
      energy += static_cast<double>(kind.dram_words) * of_dram *
                prices_.word[index_of(StorageLevel::kDram)][k];
      energy += static_cast<double>(kind.buffer_words) * of_buffer *
                prices_.word[index_of(StorageLevel::kBuffer)][k];
      energy += static_cast<double>(kind.array_words) * of_buffer *
                prices_.word[index_of(StorageLevel::kArray)][k];
    }
    return energy;
  }

  const BlockingProblem& problem_;
  const Accelerator& accelerator_;
  const WordPrices& prices_;
  const MappingObjective objective_;
};

// The loops at DRAM, and a bound of all blockings that have them so.
struct OuterChoice {
  Factors outer, held;  // factors at DRAM, and what the buffer's loops and the registers' share
  BlockedLoop innermost;
  std::array<uint64_t, kDataKinds> dram_fetches;
  double bound;
};

class BlockingSearch {
 public:
  BlockingSearch(const BlockingProblem& problem, const Accelerator& accelerator,
                 const WordPrices& prices, MappingObjective objective)
      : problem_(problem),
        accelerator_(accelerator),
        cost_(problem, accelerator, prices, objective) {
    for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
      divisors_[loop] = divisors(problem.trips[loop]);
    }
  }

  // Outer choices are tried from the lowest bound up. When a bound exceeds the best value found,
  // every choice left has a higher value than the best: none is discarded that is as good.
  std::optional<BlockingChoice> run() {
    std::vector<OuterChoice> choices = outer_choices();
    std::stable_sort(choices.begin(), choices.end(),
                     [](const OuterChoice& a, const OuterChoice& b) { return a.bound < b.bound; });
    for (const OuterChoice& choice : choices) {
      if (best_ && choice.bound > best_->value) break;
      try_inner(choice);
    }
    return best_;
  }

 private:
  // Calls visit(turns) for all factors that divide `whole` and fit; a factor that does not fit ends
  // its loop, for what is held grows with every factor.
  template <typename Fits, typename Visit>
  void for_each_fitting(const Factors& whole, const Fits& fitting, const Visit& visit) const {
    for (const uint64_t c : divisors_[0]) {
      if (whole[0] % c != 0) continue;
      if (!fitting(Factors{c, 1, 1})) break;
      for (const uint64_t m : divisors_[1]) {
        if (whole[1] % m != 0) continue;
        if (!fitting(Factors{c, m, 1})) break;
        for (const uint64_t n : divisors_[2]) {
          if (whole[2] % n != 0) continue;
          if (!fitting(Factors{c, m, n})) break;
          visit(Factors{c, m, n});
        }
      }
    }
  }

  std::vector<OuterChoice> outer_choices() const {
    std::vector<OuterChoice> choices;
    const auto fitting = [this](const Factors& turns) {
      return fits_buffer(problem_, turns, accelerator_);
    };
    for_each_fitting(problem_.trips, fitting, [&](const Factors& held) {
      Factors outer;
      for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
        outer[loop] = problem_.trips[loop] / held[loop];
      }
      for (const BlockedLoop innermost : kLoops) {
        if (!may_be_innermost(outer, innermost)) continue;
        choices.push_back({outer, held, innermost, {}, 0});
        bound(choices.back());
      }
    });
    return choices;
  }

  // Data enters the register files at least as often as it enters the buffer, whatever the inner
  // loops are, and an element adds up at most the channels that are held.
  void bound(OuterChoice& choice) const {
    Fetches fetches;
    for (size_t k = 0; k < kDataKinds; ++k) {
      fetches.dram[k] = fetches_at(problem_.kinds[k], choice.outer, choice.innermost, 1, 1);
    }
    fetches.buffer = fetches.dram;
    choice.dram_fetches = fetches.dram;
    choice.bound = cost_.value_and_secondary(fetches, choice.held[kChannelLoop]).first;
  }

  void try_inner(const OuterChoice& choice) {
    const auto fitting = [this](const Factors& turns) {
      return fits_registers(problem_, turns, accelerator_);
    };
    for_each_fitting(choice.held, fitting, [&](const Factors& inner) {
      Factors middle;
      for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
        middle[loop] = choice.held[loop] / inner[loop];
      }
      for (const BlockedLoop innermost : kLoops) {
        if (!may_be_innermost(middle, innermost)) continue;
        Fetches fetches{choice.dram_fetches, {}};
        for (size_t k = 0; k < kDataKinds; ++k) {
          const BlockedKind& kind = problem_.kinds[k];
          fetches.buffer[k] = fetches_at(kind, middle, innermost, fetches.dram[k],
                                         unrelated_turns(kind, choice.outer));
        }
        const auto [value, secondary] = cost_.value_and_secondary(fetches, inner[kChannelLoop]);
        if (best_ &&
            (value > best_->value || (value == best_->value && secondary >= best_->secondary))) {
          continue;
        }
        best_ = {{{choice.outer, middle, inner}, {choice.innermost, innermost}}, value, secondary};
      }
    });
  }

  const BlockingProblem& problem_;
  const Accelerator& accelerator_;
  const BlockingCost cost_;
  std::array<std::vector<uint64_t>, kBlockedLoops> divisors_;
  std::optional<BlockingChoice> best_;
};

}  // namespace

Fetches fetches_of(const BlockingProblem& problem, const Blocking& blocking) {
  Fetches fetches;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const BlockedKind& kind = problem.kinds[k];
    fetches.dram[k] = fetches_at(kind, blocking.factors[0], blocking.innermost[0], 1, 1);
    fetches.buffer[k] = fetches_at(kind, blocking.factors[1], blocking.innermost[1],
                                   fetches.dram[k], unrelated_turns(kind, blocking.factors[0]));
  }
  return fetches;
}

AccessCounts blocked_counts(const BlockingProblem& problem, const Fetches& fetches) {
  AccessCounts counts;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const BlockedKind& kind = problem.kinds[k];
    const auto data = static_cast<DataKind>(k);
    counts.at(StorageLevel::kDram, data) = kind.dram_words * accesses(k, fetches.dram[k]);
    counts.at(StorageLevel::kBuffer, data) = kind.buffer_words * accesses(k, fetches.buffer[k]);
    counts.at(StorageLevel::kArray, data) = kind.array_words * accesses(k, fetches.buffer[k]);
    if (kind.register_unit == 0) continue;
    counts.at(StorageLevel::kRegisterFile, data) =
        problem.register_accesses * (data == DataKind::kPsum ? 2 : 1);
  }
  return counts;
}

uint64_t blocked_cycles(const BlockingProblem& problem, const Fetches& fetches, uint64_t channels,
                        const Accelerator& accelerator) {
  auto cycles = static_cast<double>(problem.compute_cycles);
  if (const auto& hop = accelerator.timing.psum_hop_cycles) {
    cycles += hop->value * static_cast<double>(problem.compute_cycles) /
              static_cast<double>(problem.products_a_sum * channels);
  }
  double dram_bits = 0, buffer_words = 0;
  for (size_t k = 0; k < kDataKinds; ++k) {
    const BlockedKind& kind = problem.kinds[k];
    dram_bits += static_cast<double>(kind.dram_words) *
                 static_cast<double>(accesses(k, fetches.dram[k])) * accelerator.word_bits[k].value;
    buffer_words += static_cast<double>(kind.buffer_words) *
                    static_cast<double>(accesses(k, fetches.buffer[k]));
  }
  if (const auto& rate = accelerator.bandwidth.dram_bytes_per_cycle) {
    cycles = std::max(cycles, dram_bits / kBitsAByte / rate->value);
  }
  if (const auto& rate = accelerator.bandwidth.buffer_words_per_cycle) {
    cycles = std::max(cycles, buffer_words / rate->value);
  }
  return static_cast<uint64_t>(std::ceil(cycles));
}

bool fits(const BlockingProblem& problem, const Blocking& blocking,
          const Accelerator& accelerator) {
  const Factors& inner = blocking.factors[2];
  Factors held;
  for (size_t loop = 0; loop < kBlockedLoops; ++loop) {
    held[loop] = blocking.factors[1][loop] * inner[loop];
  }
  return fits_registers(problem, inner, accelerator) && fits_buffer(problem, held, accelerator);
}

std::optional<BlockingChoice> best_blocking(const BlockingProblem& problem,
                                            const Accelerator& accelerator,
                                            const WordPrices& prices, MappingObjective objective) {
  return BlockingSearch(problem, accelerator, prices, objective).run();
}

}  // namespace wattgrind
