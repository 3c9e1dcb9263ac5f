#include "search/candidates/candidate_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

template <typename Held>
using Member = std::optional<Held> CandidateResult::*;
using AnyMember = std::variant<Member<std::string>, Member<uint64_t>, Member<double>,
                               Member<Learning>, Member<EvaluationTime>,
                               Member<std::vector<std::string>>, Member<std::vector<double>>>;

struct FieldForm {
  ResultField field;
  std::string_view key;
  AnyMember member;
};

constexpr std::array<FieldForm, 25> kForms = {{
    {ResultField::kNetwork, "network", &CandidateResult::network},
    {ResultField::kBatch, "batch", &CandidateResult::batch},
    {ResultField::kParameters, "parameters", &CandidateResult::parameters},
    {ResultField::kMacs, "macs", &CandidateResult::macs},
    {ResultField::kInferCycles, "infer_cycles", &CandidateResult::infer_cycles},
    {ResultField::kInferEnergy, "infer_energy_pj", &CandidateResult::infer_energy_pj},
    {ResultField::kInferTime, "infer_time_s", &CandidateResult::infer_time_s},
    {ResultField::kInferBatchCycles, "infer_batch_cycles", &CandidateResult::infer_batch_cycles},
    {ResultField::kInferBatchEnergy, "infer_batch_energy_pj",
     &CandidateResult::infer_batch_energy_pj},
    {ResultField::kInferCost, "infer_cost", &CandidateResult::infer_cost},
    {ResultField::kLeastTrainCost, "least_train_cost", &CandidateResult::least_train_cost},
    {ResultField::kTrainCycles, "train_cycles", &CandidateResult::train_cycles},
    {ResultField::kTrainEnergy, "train_energy_pj", &CandidateResult::train_energy_pj},
    {ResultField::kTrainTime, "train_time_s", &CandidateResult::train_time_s},
    {ResultField::kTrainCost, "train_cost", &CandidateResult::train_cost},
    {ResultField::kTiming, "timing_s", &CandidateResult::timing_s},
    {ResultField::kScore, "score", &CandidateResult::score},
    {ResultField::kScores, "scores", &CandidateResult::scores},
    {ResultField::kLoss, "loss", &CandidateResult::loss},
    {ResultField::kLearning, "learning", &CandidateResult::learning},
    {ResultField::kEpochsTrained, "epochs_trained", &CandidateResult::epochs_trained},
    {ResultField::kExceeded, "exceeded", &CandidateResult::exceeded},
    {ResultField::kBound, "bound", &CandidateResult::bound},
    {ResultField::kRuledOutBy, "ruled_out_by", &CandidateResult::ruled_out_by},
    {ResultField::kError, "error", &CandidateResult::error},
}};

constexpr const FieldForm& form(ResultField field) { return kForms[static_cast<size_t>(field)]; }

constexpr bool is_in_order() {
  for (size_t i = 0; i < kForms.size(); ++i) {
    if (kForms[i].field != static_cast<ResultField>(i)) return false;
  }
  return kForms.size() == static_cast<size_t>(ResultField::kError) + 1;
}
static_assert(is_in_order());

// A trial that the bound of its training cost ruled out says so before it names that bound.
constexpr std::array kRuledOut = {ResultField::kExceeded, ResultField::kBound,
                                  ResultField::kRuledOutBy};
constexpr std::array kReferenceOrder = {ResultField::kNetwork,     ResultField::kBatch,
                                        ResultField::kParameters,  ResultField::kMacs,
                                        ResultField::kTrainCycles, ResultField::kTrainEnergy,
                                        ResultField::kInferCycles, ResultField::kInferEnergy,
                                        ResultField::kTrainCost,   ResultField::kInferCost};

void read(const Json& json, const std::string& where, std::string& value) {
  value = expect_string(json, where);
}

void read(const Json& json, const std::string& where, uint64_t& value) {
  const int64_t number = expect_integer(json, where);
  if (number < 0) fail(ErrorKind::kInput, "{}: found {}, wanted at least 0", where, number);
  value = static_cast<uint64_t>(number);
}

void read(const Json& json, const std::string& where, double& value) {
  value = expect_number(json, where);
}

void read(const Json& json, const std::string& where, Learning& value) {
  const std::string word = expect_string(json, where);
  const std::optional<Learning> learning = learning_named(word);
  if (!learning) {
    fail(ErrorKind::kInput, "{}: found \"{}\", wanted \"{}\", \"{}\" or \"{}\"", where, word,
         name(Learning::kFell), name(Learning::kDidNotFall), name(Learning::kNotANumber));
  }
  value = *learning;
}

void read(const Json& json, const std::string& where, EvaluationTime& value) {
  expect_object(json, where);
  if (json.contains("costs")) read(json["costs"], join_key(where, "costs"), value.costs_s);
  if (json.contains("training")) {
    read(json["training"], join_key(where, "training"), value.training_s.emplace());
  }
}

template <typename Element>
void read(const Json& json, const std::string& where, std::vector<Element>& value) {
  if (!json.is_array()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list", where, quote_ordered_json(json));
  }
  for (const Json& element : json) read(element, where, value.emplace_back());
}

template <typename Held>
Json written(const Held& value) {
  return value;
}

Json written(Learning learning) { return name(learning); }

Json written(const EvaluationTime& time) {
  Json json = {{"costs", time.costs_s}};
  if (time.training_s) json["training"] = *time.training_s;
  return json;
}

void write(const CandidateResult& result, ResultField field, Json& json) {
  const FieldForm& wanted = form(field);
  std::visit(
      [&](const auto member) {
        if (const auto& value = result.*member) json[std::string(wanted.key)] = written(*value);
      },
      wanted.member);
}

}  // namespace

std::string_view field_key(ResultField field) { return form(field).key; }

ResultValue field_value(const CandidateResult& result, ResultField field) {
  return std::visit(
      [&](const auto member) -> ResultValue {
        const auto& value = result.*member;
        using Held = typename std::decay_t<decltype(value)>::value_type;
        if (!value) return {};
        if constexpr (std::is_same_v<Held, Learning>) {
          return std::string(name(*value));
        } else if constexpr (std::is_constructible_v<ResultValue, Held>) {
          return *value;
        } else {
          return {};
        }
      },
      form(field).member);
}

std::optional<double> goal_result(const CandidateResult& result, Goal goal) {
  switch (goal) {
    case Goal::kScore:
      return result.score;
    case Goal::kTrainCost:
      return result.train_cost;
    case Goal::kInferCost:
      return result.infer_cost;
  }
  CHECK(false, "goal {}", static_cast<int>(goal));
}

CandidateResult read_result(const Json& json, std::string_view where) {
  CandidateResult result;
  if (json.is_null()) return result;
  expect_object(json, where);
  for (const FieldForm& form : kForms) {
    const auto found = json.find(form.key);
    if (found == json.end() || found->is_null()) continue;
    std::visit(
        [&](const auto member) {
          read(*found, join_key(where, form.key), (result.*member).emplace());
        },
        form.member);
  }
  return result;
}

Json write_result(const CandidateResult& result) {
  Json json = Json::object();
  for (const FieldForm& form : kForms) {
    if (form.field == ResultField::kLeastTrainCost && result.least_train_cost) {
      for (const ResultField field : kRuledOut) write(result, field, json);
    }
    write(result, form.field, json);  // a key that is there keeps its place
  }
  return json;
}

Json write_reference(const CandidateResult& result) {
  Json json = Json::object();
  for (const ResultField field : kReferenceOrder) write(result, field, json);
  return json;
}

}  // namespace wattgrind
