// A sampler driven from outside, by lines of JSON: proposals go out, results come in.
//
// A proposal is {"trial": 0, "params": {"x": 0.5, "widths": [4, 7]}}. A result names its trial and
// says what became of it:
//   {"trial": 0, "value": 1.25}                          complete (or "values": [1.25, 3])
//   {"trial": 0, "state": "failed"}
//   {"trial": 0, "state": "infeasible", "violation": 2}  the violation is optional
//   {"trial": 0, "state": "pruned", "value": 1}          the value is a lower bound, and optional
// A value is a finite number: a loss that diverged is a failed trial. A line that is none of these
// changes nothing and is answered, so that who waits for a line after each of theirs gets one:
//   {"error": "line 3: ...", "in_flight": [0]}           the trials whose results are still awaited
//
// A trial is in flight from its proposal until its result was taken. The caller calls ask() once at
// the start and after every tell(), until ended().
// 1. After ask(), `parallel` trials are in flight, or fewer where the sampler has nothing new to
//    propose.
// 2. Trials are numbered from 0 without gaps, and results may come in any order.
// 3. A result that is refused changes nothing: its trial stays in flight and may be told again.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "search/samplers/sampler.h"

namespace wattgrind {

class AskTell {
 public:
  AskTell(Space space, std::unique_ptr<Sampler> sampler, size_t parallel);

  // Proposes until `parallel` trials are in flight, and returns a line for each, without its end.
  std::vector<std::string> ask();

  // Takes a result. Throws Error(kInput), begun by `where`, when the line is no result or not one
  // of a trial in flight.
  void tell(std::string_view line, std::string_view where);

  // The answer to a line that tell() refused with `message`: a line without its end.
  std::string refusal(std::string_view message) const;

  // Whether nothing is in flight and nothing is left to propose.
  bool ended() const { return exhausted_ && in_flight_ == 0; }

 private:
  Space space_;
  std::unique_ptr<Sampler> sampler_;
  size_t parallel_;
  size_t in_flight_ = 0;
  bool exhausted_ = false;
  std::vector<Trial> history_;  // trial n at n
};

// Read from {"space": {...}, "sampler": {...}, "seed": 1}. The last two are optional: without them
// it is TPE with seed 0.
struct AskTellConfig {
  Space space;
  SamplerOptions sampler;
  uint64_t seed = 0;
};

// `where` is the file's name. Throws Error(kInput).
AskTellConfig parse_ask_tell_config(const nlohmann::ordered_json& json, std::string_view where);

}  // namespace wattgrind
