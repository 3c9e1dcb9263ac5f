#include "search/candidates/earlier_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostTrials = 500;
constexpr const char* kStudy = "study";
constexpr const char* kTrials = "trials";
constexpr const char* kParams = "params";
constexpr const char* kValue = "value";

// The values in the space's words; absent where one lies outside its domain.
std::optional<Json> in_space(const Space& space, const Json& values, const Json& middle) {
  Json mapped = Json::object();
  for (const auto& [name, value] : middle.items()) {
    mapped[name] = values.contains(name) ? values[name] : value;
  }
  try {
    parse_configuration(space, mapped, "");
  } catch (const Error&) {
    return std::nullopt;
  }
  return mapped;
}

}  // namespace

Json earlier_study(TrialStore& store, const Space& space) {
  const Json middle = to_json(space, configuration_at_share(space, 0.5));
  std::vector<std::pair<double, Json>> ranked;
  for (const Trial& trial : store.trials()) {
    if (!has_value(trial)) continue;
    if (trial.values.size() != 1) {
      fail(ErrorKind::kInput, "{}: found {} objectives, wanted one of a study to start from",
           store.place(), trial.values.size());
    }
    if (auto mapped = in_space(space, to_json(store.space(), trial.configuration), middle)) {
      ranked.emplace_back(trial.values[0], std::move(*mapped));
    }
  }
  if (ranked.empty()) {
    fail(ErrorKind::kInput,
         "{}: found no complete trial of the search's space, wanted one to start from",
         store.place());
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t count = std::min(ranked.size(), kMostTrials);
  Json trials = Json::array();
  for (size_t i = 0; i < count; ++i) {
    const auto& [value, params] = ranked[i * ranked.size() / count];
    trials.push_back({{kParams, params}, {kValue, value}});
  }
  return {{kStudy, store.title()}, {kTrials, std::move(trials)}};
}

PriorStudy read_earlier_study(const Json& json, const Space& space, std::string_view where) {
  PriorStudy prior{json.at(kStudy).get<std::string>(), {}};
  const Json& trials = json.at(kTrials);
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::string at = fmt::format("{}.{}[{}].{}", where, kTrials, i, kParams);
    prior.findings.push_back({parse_configuration(space, trials[i].at(kParams), at),
                              trials[i].at(kValue).get<double>()});
  }
  return prior;
}

std::unique_ptr<Sampler> search_sampler(const SearchConfig& config) {
  auto sampler = make_sampler(config.sampler, config.space, config.seed);
  if (config.priors.empty()) return sampler;
  return std::make_unique<WarmStartSampler>(std::move(sampler), config.space, config.priors);
}

}  // namespace wattgrind
