#include "search/candidates/study_notes.h"

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// Names of notes in a study store.
constexpr std::string_view kData = "data";
constexpr std::string_view kReference = "reference";
constexpr std::string_view kWinner = "winner";
constexpr std::string_view kTrials = "trials";

constexpr const char* kTestAccuracy = "test_accuracy";
constexpr const char* kAnew = "anew";
constexpr const char* kScore = "score";
constexpr const char* kColdCycles = "cold_infer_cycles";
constexpr const char* kColdEnergy = "cold_infer_energy_pj";
constexpr const char* kColdTime = "cold_infer_time_s";

const Json& member(const Json& json, const char* key, std::string_view where) {
  const auto found = json.find(key);
  if (found == json.end()) fail(ErrorKind::kInput, "{}: found no \"{}\", wanted one", where, key);
  return *found;
}

std::optional<double> optional_number(const Json& json, const char* key, std::string_view where) {
  if (!json.contains(key)) return std::nullopt;
  return expect_number(json.at(key), join_key(where, key));
}

MeanEstimate estimate_of(std::span<const FreshTraining> trainings, double FreshTraining::*member) {
  std::vector<double> values;
  for (const FreshTraining& training : trainings) values.push_back(training.*member);
  return estimate_mean(values);
}

std::vector<FreshTraining> read_fresh(const Json& json, std::string_view where) {
  std::vector<FreshTraining> fresh;
  if (!json.contains(kAnew)) return fresh;
  const std::string at = join_key(where, kAnew);
  if (!json[kAnew].is_array()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list", at, quote_ordered_json(json[kAnew]));
  }
  for (const Json& each : json[kAnew]) {
    expect_object(each, at);
    fresh.push_back({expect_number(member(each, kScore, at), join_key(at, kScore)),
                     expect_number(member(each, kTestAccuracy, at), join_key(at, kTestAccuracy))});
  }
  return fresh;
}

Winner read_winner(const Json& json, std::string_view where) {
  expect_object(json, where);
  const std::string at = join_key(where, "trial");
  const int64_t trial = expect_integer(member(json, "trial", where), at);
  if (trial < 0) fail(ErrorKind::kInput, "{}: found {}, wanted at least 0", at, trial);
  const double accuracy =
      expect_number(member(json, kTestAccuracy, where), join_key(where, kTestAccuracy));
  return {static_cast<uint64_t>(trial),
          accuracy,
          optional_number(json, kColdCycles, where),
          optional_number(json, kColdEnergy, where),
          optional_number(json, kColdTime, where),
          read_fresh(json, where)};
}

}  // namespace

MeanEstimate fresh_score(std::span<const FreshTraining> trainings) {
  return estimate_of(trainings, &FreshTraining::score);
}

MeanEstimate test_accuracy(std::span<const FreshTraining> trainings) {
  return estimate_of(trainings, &FreshTraining::test_accuracy);
}

StudyNotes read_notes(TrialStore& store) {
  StudyNotes notes;
  if (const auto data = store.note(kData))
    notes.data = expect_string(*data, store.note_place(kData));
  if (const auto found = store.note(kReference)) {
    notes.reference = read_result(*found, store.note_place(kReference));
  }
  if (const auto winner = store.note(kWinner))
    notes.winner = read_winner(*winner, store.note_place(kWinner));
  if (const auto found = store.note(kTrials)) {
    const int64_t trials = expect_integer(*found, store.note_place(kTrials));
    if (trials < 1) {
      fail(ErrorKind::kInput, "{}: found {}, wanted at least 1", store.note_place(kTrials), trials);
    }
    notes.trials = static_cast<uint64_t>(trials);
  }
  return notes;
}

void note_trials(TrialStore& store, uint64_t trials) { store.set_note(kTrials, trials); }

void note_data(TrialStore& store, const std::string& data) { store.set_note(kData, data); }

void note_reference(TrialStore& store, const CandidateResult& reference) {
  store.set_note(kReference, write_reference(reference));
}

void note_winner(TrialStore& store, const Winner& winner) {
  Json json = {{"trial", winner.trial}, {kTestAccuracy, winner.test_accuracy}};
  if (winner.cold_infer_cycles) json[kColdCycles] = *winner.cold_infer_cycles;
  if (winner.cold_infer_energy_pj) json[kColdEnergy] = *winner.cold_infer_energy_pj;
  if (winner.cold_infer_time_s) json[kColdTime] = *winner.cold_infer_time_s;
  for (const FreshTraining& each : winner.anew) {
    json[kAnew].push_back({{kScore, each.score}, {kTestAccuracy, each.test_accuracy}});
  }
  store.set_note(kWinner, json);
}

}  // namespace wattgrind
