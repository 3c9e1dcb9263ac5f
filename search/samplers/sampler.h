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

#include "search/space/space.h"
#include "search/space/trial.h"

namespace wattgrind {

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
  bool hyperopt = false;   // tpe: hyperopt's algorithm rather than ours
  bool noisy = false;      // tpe: two evaluations of a configuration may differ
  bool by_epochs = false;  // tpe: trials are trained in parts (search/samplers/fidelity.h)
  uint64_t epochs = 1;     // of a whole training, for by_epochs
  int grid_points = 5;     // grid: values taken from each float parameter
};

// Reads {"kind": "tpe", "variant": "hyperopt"}, {"kind": "tpe", "noisy": true},
// {"kind": "tpe", "fidelity": "epochs"}, {"kind": "random"}, {"kind": "grid", "points": 7}. Throws
// Error(kInput), its message begun by `where`.
SamplerOptions parse_sampler_options(const nlohmann::ordered_json& json, std::string_view where);

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, Space space, uint64_t seed);

}  // namespace wattgrind
