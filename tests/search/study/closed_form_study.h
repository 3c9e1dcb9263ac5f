// A study whose objective is a formula.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "search/study/study_file.h"

namespace wattgrind {

inline StudyDefinition closed_form_definition(uint64_t seed = 1) {
  return {"bowl", seed, nlohmann::ordered_json::parse(R"({
      "space": {"x": {"int": [0, 999]}, "y": {"float": [-1, 1]}},
      "objective": {"alpha": 0.5}})")};
}

inline double bowl(const Configuration& configuration) {
  const double x = static_cast<double>(std::get<int64_t>(*configuration[0])) / 1000;
  const double y = std::get<double>(*configuration[1]);
  return (x - 0.3) * (x - 0.3) + y * y;
}

inline Outcome bowl_outcome(const Configuration& configuration) {
  return {TrialState::kComplete,
          {bowl(configuration)},
          std::nullopt,
          {{"twice", 2 * bowl(configuration)}}};
}

class ClosedForm : public Evaluation {
 public:
  using Before = std::function<void(const Configuration&, std::span<const Trial>)>;
  explicit ClosedForm(Before before = {}) : before_(std::move(before)) {}

  Outcome evaluate(const Configuration& configuration, std::span<const Trial> history) override {
    if (before_) before_(configuration, history);
    ++evaluations;
    return bowl_outcome(configuration);
  }

  Outcome give_up(const Configuration&, const std::string& why) override {
    return {TrialState::kFailed, {}, std::nullopt, {{"error", why}}};
  }

  std::atomic<uint64_t> evaluations = 0;

 private:
  Before before_;  // may throw
};

inline std::unique_ptr<Sampler> closed_form_sampler(const TrialStore& store,
                                                    SamplerKind kind = SamplerKind::kTpe) {
  SamplerOptions options;
  options.kind = kind;
  return make_sampler(options, store.space(), store.definition().seed);
}

inline std::vector<std::string> configurations(TrialStore& store) {
  std::vector<std::string> texts;
  for (const Trial& trial : store.trials()) {
    texts.push_back(to_string(store.space(), trial.configuration));
  }
  return texts;
}

}  // namespace wattgrind
