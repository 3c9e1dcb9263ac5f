#include "search/study/ask_tell.h"

#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// A loss that diverged is what most often is no number: Python writes it as NaN or Infinity.
constexpr std::string_view kFailedForm =
    "{\"trial\": 0, \"state\": \"failed\"} where the value is no finite number";

Json parse_line(std::string_view line, std::string_view where) {
  try {
    return parse_ordered_json(line, where);
  } catch (const Error& error) {
    fail(error.kind(), "{}; wanted {{\"trial\": 0, \"value\": 1.25}}, or {}", error.what(),
         kFailedForm);
  }
}

double parse_value(const Json& json, std::string_view where) {
  if (json.is_number()) return json.get<double>();
  fail(ErrorKind::kInput, "{}: found {}, wanted a number, or {}", where, quote_ordered_json(json),
       kFailedForm);
}

TrialState parse_state(const Json& json, std::string_view where) {
  const std::string state = expect_string(json, where);
  if (state == "complete") return TrialState::kComplete;
  if (state == "failed") return TrialState::kFailed;
  if (state == "infeasible") return TrialState::kInfeasible;
  if (state == "pruned") return TrialState::kPruned;
  fail(ErrorKind::kInput,
       "{}: found \"{}\", wanted \"complete\", \"failed\", \"infeasible\" or \"pruned\"", where,
       state);
}

std::vector<double> parse_values(const Json& json, std::string_view where) {
  if (json.contains("value")) return {parse_value(json["value"], join_key(where, "value"))};
  std::vector<double> values;
  if (!json.contains("values")) return values;
  const std::string at = join_key(where, "values");
  if (!json["values"].is_array() || json["values"].empty()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list of numbers", at,
         quote_ordered_json(json["values"]));
  }
  for (const Json& value : json["values"]) values.push_back(parse_value(value, at));
  return values;
}

}  // namespace

AskTell::AskTell(Space space, std::unique_ptr<Sampler> sampler, size_t parallel)
    : space_(std::move(space)), sampler_(std::move(sampler)), parallel_(parallel) {}

std::vector<std::string> AskTell::ask() {
  std::vector<std::string> lines;
  while (in_flight_ < parallel_ && !exhausted_) {
    const uint64_t number = history_.size();
    std::optional<Configuration> asked = sampler_->ask(number, history_);
    if (!asked) {
      exhausted_ = true;
      break;
    }
    lines.push_back(compact_json({{"trial", number}, {"params", to_json(space_, *asked)}}));
    history_.push_back({number, std::move(*asked), TrialState::kRunning, {}, std::nullopt});
    ++in_flight_;
  }
  return lines;
}

void AskTell::tell(std::string_view line, std::string_view where) {
  const Json json = parse_line(line, where);
  expect_object(json, where);
  const std::string line_of = fmt::format("{}: ", where);
  expect_keys(json, {"trial", "value", "values", "state", "violation"}, line_of);
  if (!json.contains("trial"))
    fail(ErrorKind::kInput, "{}: no \"trial\", wanted its number", where);
  const std::string at = join_key(line_of, "trial");
  const int64_t number = expect_integer(json["trial"], at);
  if (number < 0 || static_cast<size_t>(number) >= history_.size() ||
      history_[static_cast<size_t>(number)].state != TrialState::kRunning) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a trial that was proposed and not told yet", at,
         number);
  }
  Trial told = history_[static_cast<size_t>(number)];
  told.state = json.contains("state") ? parse_state(json["state"], join_key(line_of, "state"))
                                      : TrialState::kComplete;
  told.values = parse_values(json, line_of);
  if (told.state == TrialState::kComplete && told.values.empty()) {
    fail(ErrorKind::kInput, "{}: no \"value\", wanted one (or \"state\": \"failed\")", where);
  }
  if (json.contains("violation")) {
    told.violation = expect_number(json["violation"], join_key(line_of, "violation"));
  }
  history_[static_cast<size_t>(number)] = std::move(told);
  --in_flight_;
}

std::string AskTell::refusal(std::string_view message) const {
  Json in_flight = Json::array();
  for (const Trial& trial : history_) {
    if (trial.state == TrialState::kRunning) in_flight.push_back(trial.number);
  }
  return compact_json({{"error", message}, {"in_flight", in_flight}});
}

AskTellConfig parse_ask_tell_config(const Json& json, std::string_view where) {
  expect_object(json, where);
  const std::string at = fmt::format("{}: ", where);
  expect_keys(json, {"space", "sampler", "seed"}, at);
  if (!json.contains("space")) {
    fail(ErrorKind::kInput, "{}: no \"space\", wanted an object of parameters", where);
  }
  AskTellConfig config{parse_space(json["space"], join_key(at, "space")), {}, 0};
  if (json.contains("sampler")) {
    config.sampler = parse_sampler_options(json["sampler"], join_key(at, "sampler"));
  }
  if (json.contains("seed")) {
    const std::string seed_at = join_key(at, "seed");
    const int64_t seed = expect_integer(json["seed"], seed_at);
    if (seed < 0) fail(ErrorKind::kInput, "{}: found {}, wanted at least 0", seed_at, seed);
    config.seed = static_cast<uint64_t>(seed);
  }
  return config;
}

}  // namespace wattgrind
