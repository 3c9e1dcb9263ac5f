// Trials in parts: asynchronous successive halving (Li et al. 2020, ASHA) over epochs, with another
// sampler's proposals.
//
// A configuration is trained for few epochs, and its trial ends as paused, with its values after
// each epoch. Of the configurations that got so far, the best third is gone on with, each by
// another trial of the same configuration, up to the next rung; those that reach the last are
// complete. A sampler that finds better and better ones would have nearly all in the best third of
// their time: they are gone on with only where they are likely enough to end below the best that is
// complete.
//
//   rungs of 9 epochs:   1 ------------> 3 ------------> 9
//                        all             a third         a ninth of them
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

// How many epochs trials stop after, ascending: each a third of the next, rounded up, the first
// being 1 and the last `epochs`.
std::vector<uint64_t> rungs(uint64_t epochs);

// The paused trial that another trial of the configuration goes on with: the one that got
// furthest. Null where there is none.
const Trial* paused_trial(const Configuration& configuration, std::span<const Trial> history);

// What complete trials gained from the epoch to the end: how much lower their value became.
// Negative where it rose.
struct EpochGains {
  size_t trials = 0;
  double mean = 0, most = 0, deviation = 0;
};
EpochGains gains_from(uint64_t epoch, std::span<const Trial> history);

class FidelitySampler : public Sampler {
 public:
  // `proposals` is shown each configuration once: a paused one as if it had ended, with the value
  // that it is expected to reach, which is the one it had less what others gained on average from
  // rung to rung. Of those, trials from the 4th, 6th, 9th, 13th ... on count only from the next
  // such number on, for models are dear to fit anew.
  FidelitySampler(std::unique_ptr<Sampler> proposals, uint64_t epochs);

  // A paused configuration that is among the best third of its rung and could win, of the highest
  // rung that has one, or else a new one. Once three are complete, one could win where its value,
  // less what those gained from there on average and a deviation of it, is below the best.
  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  std::unique_ptr<Sampler> proposals_;
  std::vector<uint64_t> rungs_;
};

}  // namespace wattgrind
