// What every sampler promises: it is asked for configurations and told what became of them.
//
// Samplers know neither networks nor files. All objectives are minimised.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "search/space.h"

namespace wattgrind {

enum class TrialState {
  kRunning,     // asked, not yet told: in flight
  kComplete,    // evaluated
  kFailed,      // the evaluation broke; nothing is known but that
  kInfeasible,  // evaluated, and a limit is exceeded: worse than any that keeps them
  kPruned       // not evaluated because a bound on its value ruled it out
};

struct Trial {
  uint64_t number = 0;
  Configuration configuration;
  TrialState state = TrialState::kRunning;
  // One value an objective. Complete: the values; infeasible: the values, where they are known;
  // pruned: lower bounds of them; else not read.
  std::vector<double> values;
  // Infeasible: by how much limits are exceeded in all, on any scale that stays the same through a
  // study; absent: unknown.
  std::optional<double> violation;
};

// Complete, and every value finite. A complete trial with a NaN or an infinity counts as failed.
bool has_value(const Trial& trial);

// The complete trial with the lowest first value, the earliest of equals; null without one.
const Trial* best_trial(std::span<const Trial> history);

class Sampler {
 public:
  virtual ~Sampler() = default;

  // The configuration that trial `number` should try, knowing `history`; absent when the sampler
  // has nothing new to propose (a grid at its end, a finite space tried out).
  //
  // A function of the space, the options, the study's seed, `number` and `history` alone, whatever
  // order the history comes in: a resumed or replayed study goes on as if never interrupted.
  // History may hold running trials, failures, trials of any number (gaps included) and
  // configurations this sampler never proposed, but only of the sampler's space. What the sampler
  // remembers between calls speeds it up and changes nothing. One thread at a time.
  virtual std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) = 0;
};

enum class SamplerKind { kRandom, kGrid, kTpe };

struct SamplerOptions {
  SamplerKind kind = SamplerKind::kTpe;
  bool hyperopt = false;  // tpe: hyperopt's algorithm rather than ours
  bool noisy = false;     // tpe: two evaluations of a configuration may differ
  int grid_points = 5;    // grid: values taken from each float parameter
};

// Reads {"kind": "tpe", "variant": "hyperopt"}, {"kind": "tpe", "noisy": true}, {"kind": "random"},
// {"kind": "grid", "points": 7}. Throws Error(kInput), its message begun by `where`.
SamplerOptions parse_sampler_options(const nlohmann::ordered_json& json, std::string_view where);

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, Space space, uint64_t seed);

}  // namespace wattgrind
