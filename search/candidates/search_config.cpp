#include "search/candidates/search_config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "estimator/base/error.h"
#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/dataflow/dataflow.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "search/candidates/earlier_study.h"
#include "search/candidates/limit_check.h"
#include "search/data/digits.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kDefaultSeed = 1;

DataRequest read_data(const Json& json) {
  DataRequest request;
  request.set = json.at("set").get<std::string>();
  if (json.contains("path")) request.path = json.at("path").get<std::string>();
  DataSelection& selection = request.selection;
  selection.classes = json.value("classes", std::vector<int>());
  if (json.contains("train")) selection.train = json.at("train").get<uint64_t>();
  selection.validation = json.at("validation").get<uint64_t>();
  if (json.contains("test")) selection.test = json.at("test").get<uint64_t>();
  selection.seed = json.value("seed", kDefaultSeed);
  return request;
}

Task task_of(const DataRequest& data, std::string_view where) {
  const std::vector<int> classes =
      selected_classes(effective_selection(data), kDigitClasses, where);
  return {{1, kDigitSize, kDigitSize}, static_cast<int64_t>(classes.size())};
}

Initializer read_initializer(const Json& training) {
  const std::string word = training.value("initializer", "glorot");
  if (word == "uniform") return Initializer::kUniform;
  return word == "he" ? Initializer::kHeUniform : Initializer::kGlorotUniform;
}

Json read_fixed(const Json& json) {
  Json fixed = json.value("fixed", Json::object());
  const Json& training = json.at("training");
  fixed["batch"] = training.value("batch", int64_t{32});
  fixed["optimizer"] = training.value("optimizer", "adam");
  if (training.contains("learning_rate")) fixed["learning_rate"] = training.at("learning_rate");
  return fixed;
}

// The values that bound a domain: its ends, or all of its options.
std::vector<Json> extreme_values(const Domain& domain) {
  if (const auto* range = std::get_if<IntRange>(&domain)) return {range->low, range->high};
  if (const auto* range = std::get_if<FloatRange>(&domain)) return {range->low, range->high};
  std::vector<Json> options;
  for (const Value& option : std::get<Choice>(domain).options) options.push_back(to_json(option));
  return options;
}

void check_space(const SearchConfig& config, const Json& json, std::string_view where) {
  const std::string at = fmt::format("{}: space", where);
  for (const Parameter& parameter : config.space.parameters()) {
    const bool is_list = !parameter.group.empty();
    const std::string& name = is_list ? parameter.group : parameter.name;
    const std::string key = join_key(at, name);
    check_parameter(config.form.topology, name, is_list, key);
    const Parameter* parent =
        is_list ? &config.space.parameters()[parameter.condition->parent] : nullptr;
    if (parent != nullptr && parent->name != "layers") {
      fail(ErrorKind::kInput, "{}.per: found \"{}\", wanted \"layers\"", key, parent->name);
    }
    for (const Json& value : extreme_values(parameter.domain)) check_value(name, value, key);
    if (json.contains("fixed") && json.at("fixed").contains(name)) {
      fail(ErrorKind::kInput, "{}: fixed.{}: found it under space as well, wanted one of them",
           where, name);
    }
  }
}

Candidate candidate_at_share(const SearchConfig& config, double share, std::string_view where) {
  const Configuration configuration = configuration_at_share(config.space, share);
  return make_candidate(config.form, to_json(config.space, configuration), where);
}

std::optional<Candidate> read_reference(const SearchConfig& config, const Json& objective,
                                        std::string_view where) {
  if (!objective.contains("reference")) return candidate_at_share(config, 0.5, where);
  const Json& reference = objective.at("reference");
  if (reference.is_string()) return std::nullopt;  // "first-trial"
  return make_candidate(config.form, reference, fmt::format("{}: objective.reference", where));
}

// Empty where the key is not there.
std::string word_of(const Json& json, const char* key, const std::string& at) {
  return json.contains(key) ? expect_string(json.at(key), join_key(at, key)) : std::string();
}

std::vector<Goal> read_goals(const Json& json, const std::string& at) {
  if (!json.is_array()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list", at, quote_ordered_json(json));
  }
  std::vector<Goal> goals;
  for (const Json& word : json) {
    const std::optional<Goal> goal = goal_named(expect_string(word, at));
    if (!goal) {
      fail(ErrorKind::kInput, "{}: found {}, wanted \"{}\", \"{}\" or \"{}\"", at, word.dump(),
           goal_name(Goal::kScore), goal_name(Goal::kTrainCost), goal_name(Goal::kInferCost));
    }
    if (std::find(goals.begin(), goals.end(), *goal) != goals.end()) {
      fail(ErrorKind::kInput, "{}: found {} twice, wanted each once", at, word.dump());
    }
    goals.push_back(*goal);
  }
  return goals;
}

Limits read_limits(const Json& json, const std::string& at) {
  expect_object(json, at);
  const auto read = [&](std::string_view key) -> std::optional<double> {
    const auto found = json.find(key);
    if (found == json.end()) return std::nullopt;
    return expect_number(*found, join_key(at, key));
  };
  Limits limits;
  limits.infer_energy_pj = read("infer_energy_pj");
  limits.infer_cycles = read("infer_cycles");
  limits.train_energy_pj = read("train_energy_pj");
  limits.train_cycles = read("train_cycles");
  limits.parameters = read("parameters");
  limits.macs = read("macs");
  limits.area_mm2 = read("area_mm2");
  limits.score = read("score");
  return limits;
}

// A machine, or an accelerator and the machine that trains.
void read_machines(const Json& json, const MachineProfiles* profiles, SearchConfig& config) {
  if (json.is_string()) {
    config.machine =
        profiles != nullptr ? profiles->machine : find_machine(json.get<std::string>());
    return;
  }
  AcceleratorTarget target{profiles != nullptr && profiles->accelerator
                               ? *profiles->accelerator
                               : find_accelerator(json.at("accelerator").get<std::string>()),
                           ""};
  target.dataflow = json.value("dataflow", target.accelerator.dataflow);
  find_dataflow(target.dataflow);
  config.target = std::move(target);
  config.machine =
      profiles != nullptr ? profiles->machine : find_machine(json.value("host", "host"));
}

// Parameters of an accelerator and limits of its area need one.
void check_designs(const SearchConfig& config, std::string_view where) {
  if (config.target) return;
  for (const Parameter& parameter : config.space.parameters()) {
    if (!is_design_parameter(parameter.name)) continue;
    fail(ErrorKind::kInput,
         "{}: space.{}: found a parameter of an accelerator, wanted machine.accelerator", where,
         parameter.name);
  }
}

std::vector<PriorStudy> read_priors(const SearchConfig& config, const Json& json,
                                    std::string_view where) {
  std::vector<PriorStudy> priors;
  if (!json.contains("warm_start")) return priors;
  if (!config.objective.goals.empty()) {
    fail(ErrorKind::kInput,
         "{}: warm_start: found beside objective.objectives, wanted one objective", where);
  }
  const Json& studies = json.at("warm_start");
  for (size_t i = 0; i < studies.size(); ++i) {
    priors.push_back(
        read_earlier_study(studies[i], config.space, fmt::format("{}: warm_start[{}]", where, i)));
  }
  return priors;
}

// Trials in parts are compared by one value, of one training.
void check_fidelity(const SearchConfig& config, std::string_view where) {
  if (!config.sampler.by_epochs) return;
  const char* other = !config.objective.goals.empty() ? "objective.objectives"
                      : config.repeats > 1            ? "training.repeats above 1"
                                                      : nullptr;
  if (other == nullptr) return;
  fail(ErrorKind::kInput, "{}: sampler.fidelity: found beside {}, wanted one of them", where,
       other);
}

std::string machine_word(const Json& json, const std::string& at) {
  if (!json.contains("machine") || !json.at("machine").is_object()) {
    return word_of(json, "machine", at);
  }
  return word_of(json.at("machine"), "accelerator", join_key(at, "machine"));
}

}  // namespace

CostUnit read_cost_unit(std::string_view word, const std::string& at) {
  const auto unit = std::ranges::find(kCostUnitNames, word);
  if (unit == kCostUnitNames.end()) {
    fail(ErrorKind::kInput, "{}.cost: found \"{}\", wanted one of {}", at, word,
         fmt::join(kCostUnitNames, ", "));
  }
  return static_cast<CostUnit>(unit - kCostUnitNames.begin());
}

Objective read_objective(const Json& json, std::string_view where) {
  const std::string at(where);
  expect_object(json, at);
  Objective objective;
  if (json.contains("alpha")) objective.alpha = expect_number(json["alpha"], at + ".alpha");
  if (json.contains("beta")) objective.beta = expect_number(json["beta"], at + ".beta");
  // Decimals that add up to 1 may add up to a little more as binary numbers.
  if (objective.alpha + objective.beta > 1 + std::numeric_limits<double>::epsilon()) {
    fail(ErrorKind::kInput, "{}.alpha: found alpha + beta = {} + {}, wanted at most 1 together", at,
         objective.alpha, objective.beta);
  }
  objective.score_squared = word_of(json, "form", at) == "powerml-code";
  if (json.contains("objectives")) {
    for (const std::string_view key : {"alpha", "beta", "form"}) {
      if (json.contains(key)) {
        fail(ErrorKind::kInput, "{}.{}: found beside \"objectives\", wanted one of them", at, key);
      }
    }
    objective.goals = read_goals(json.at("objectives"), at + ".objectives");
  }
  if (json.contains("cost")) objective.unit = read_cost_unit(word_of(json, "cost", at), at);
  if (json.contains("limits")) objective.limits = read_limits(json.at("limits"), at + ".limits");
  return objective;
}

SearchTerms read_search_terms(const Json& config, std::string_view where) {
  const std::string at(where);
  SearchTerms terms{word_of(config, "topology", at), machine_word(config, at), {}};
  if (config.contains("objective")) {
    terms.objective = read_objective(config["objective"], join_key(at, "objective"));
  }
  return terms;
}

SearchConfig read_search_config(std::string_view text, std::string_view where,
                                const MachineProfiles* profiles) {
  const Json json = parse_ordered_json(text, where);
  builtin_schema("search").validate(nlohmann::json(json), where);
  SearchConfig config{.space = parse_space(json.at("space"), fmt::format("{}: space", where))};
  config.name = json.at("name").get<std::string>();
  config.data = read_data(json.at("data"));
  config.form = {json.at("topology").get<std::string>(),
                 task_of(config.data, fmt::format("{}: data.classes", where)), read_fixed(json)};
  check_space(config, json, where);
  const std::string at = fmt::format("{}: space", where);
  const Candidate smallest = candidate_at_share(config, 0, at);
  candidate_at_share(config, 1, at);  // what can be built of the ends, can be built between them
  config.epochs = json.at("training").at("epochs").get<uint64_t>();
  config.repeats = json.at("training").value("repeats", uint64_t{1});
  config.initializer = read_initializer(json.at("training"));
  within(fmt::format("{}: machine", where),
         [&] { read_machines(json.at("machine"), profiles, config); });
  check_designs(config, where);
  const Json& objective = json.at("objective");
  config.objective = read_objective(objective, fmt::format("{}: objective", where));
  if (config.objective.limits.area_mm2 && !config.target) {
    fail(ErrorKind::kInput,
         "{}: objective.limits.area_mm2: found a limit of an accelerator, wanted "
         "machine.accelerator",
         where);
  }
  config.infer_batch = objective.value("infer_batch", int64_t{1});
  config.reference = read_reference(config, objective, where);
  if (json.contains("sampler")) {
    config.sampler = parse_sampler_options(json.at("sampler"), fmt::format("{}: sampler", where));
  }
  check_fidelity(config, where);
  config.sampler.epochs = config.epochs;
  config.priors = read_priors(config, json, where);
  config.trials = json.at("trials").get<uint64_t>();
  config.seed = json.value("seed", kDefaultSeed);
  check_limits(config, smallest, where);
  return config;
}

}  // namespace wattgrind
