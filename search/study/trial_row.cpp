#include "search/study/trial_row.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"
#include "search/study/stored_row.h"
#include "search/study/study_definition.h"

namespace wattgrind {

// `end_rank` numbers trials in the order in which they ended: those with a higher one than the last
// that was read have ended since. It is NULL while a trial waits or is held. `process` is empty
// where no worker holds the trial, or it was given up.
const char* const kTrialsTable = R"(
  CREATE TABLE trials (
    number INTEGER PRIMARY KEY,
    configuration TEXT NOT NULL,
    state TEXT NOT NULL,
    objectives TEXT,
    violation REAL,
    result TEXT,
    lease INTEGER NOT NULL,
    workers_lost INTEGER NOT NULL DEFAULT 0,
    process TEXT NOT NULL,
    worker TEXT NOT NULL,
    renewed_unix_s REAL NOT NULL,
    started_unix_s REAL NOT NULL,
    ended_unix_s REAL,
    end_rank INTEGER);
  CREATE UNIQUE INDEX trials_by_end ON trials (end_rank);
)";

namespace {

using Json = nlohmann::ordered_json;

// The place of each in kTrialColumns.
enum TrialColumn : int {
  kNumber,
  kState,
  kObjectives,
  kViolation,
  kEnded,
  kEndRank,
  kConfiguration,
  kResult,
  kLease,
  kWorkersLost,
  kProcess,
  kWorker,
  kRenewed,
  kStarted
};
static_assert(kConfiguration == kConfigurationColumn && kStarted + 1 == kTrialColumnCount);

constexpr const char* kValues = "values";
constexpr const char* kVariances = "variances";
constexpr const char* kCurve = "curve";

constexpr std::array<std::pair<TrialState, std::string_view>, 6> kStateWords = {
    {{TrialState::kRunning, "running"},
     {TrialState::kComplete, "complete"},
     {TrialState::kFailed, "failed"},
     {TrialState::kInfeasible, "infeasible"},
     {TrialState::kPruned, "pruned"},
     {TrialState::kPaused, "paused"}}};

// JSON has null for a NaN and for an infinity. Both become a NaN: samplers take either for a
// failure.
std::vector<double> read_numbers(const Json& json, const std::string& where) {
  if (!json.is_array()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list", where, quote_ordered_json(json));
  }
  std::vector<double> values;
  for (const Json& value : json) {
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : expect_number(value, where));
  }
  return values;
}

// A trial that has ended has a state, a rank and a time of its end; any other has none of them.
void check_end(const StoredRow& row, TrialState state) {
  const bool is_running = state == TrialState::kRunning;
  for (const TrialColumn column : {kEndRank, kEnded}) {
    if (row.is_null(column) == is_running) continue;
    fail(ErrorKind::kInput, "{}: found {} of a trial that is {}", row.where(column),
         row.is_null(column) ? "none" : "one", trial_state_word(state));
  }
}

StoredRow stored_row(const ColumnReader& reader, std::string_view place) {
  return {reader, damaged_row(place, "trials", fmt::format("{}", reader.integer(kNumber)))};
}

void read_end(const StoredRow& stored, TrialRow& row) {
  row.trial.number = stored.count(kNumber);
  row.trial.state = read_trial_state(stored.text(kState), stored.where(kState));
  check_end(stored, row.trial.state);
  if (!stored.is_null(kObjectives)) {
    read_objectives(stored.json(kObjectives), stored.where(kObjectives), row.trial);
  }
  if (!stored.is_null(kViolation)) row.trial.violation = stored.number(kViolation);
  if (!stored.is_null(kEnded)) row.ended_unix_s = stored.finite(kEnded);
  if (!stored.is_null(kEndRank)) row.end_rank = stored.positive(kEndRank);
}

}  // namespace

std::string_view trial_state_word(TrialState state) {
  for (const auto& [known, word] : kStateWords) {
    if (known == state) return word;
  }
  CHECK(false, "state {}", static_cast<int>(state));
}

TrialState read_trial_state(std::string_view word, std::string_view where) {
  for (const auto& [state, name] : kStateWords) {
    if (name == word) return state;
  }
  fail(ErrorKind::kInput, "{}: found \"{}\", wanted another version of wattgrind", where, word);
}

Json objectives_json(const std::vector<double>& values, const std::vector<double>& variances,
                     const std::vector<double>& curve) {
  if (variances.empty() && curve.empty()) return Json(values);
  Json json = {{kValues, values}};
  if (!variances.empty()) json[kVariances] = variances;
  if (!curve.empty()) json[kCurve] = curve;
  return json;
}

std::string objectives_text(const std::vector<double>& values, const std::vector<double>& variances,
                            const std::vector<double>& curve) {
  return stored_json(objectives_json(values, variances, curve));
}

void read_objectives(const Json& json, const std::string& where, Trial& trial) {
  if (!json.is_object()) {
    trial.values = read_numbers(json, where);
    return;
  }
  expect_keys(json, {kValues, kVariances, kCurve}, where);
  trial.values = read_numbers(json.value(kValues, Json()), join_key(where, kValues));
  if (json.contains(kCurve)) trial.curve = read_numbers(json[kCurve], join_key(where, kCurve));
  if (!json.contains(kVariances)) return;
  const std::string at = join_key(where, kVariances);
  trial.variances = read_numbers(json[kVariances], at);
  if (trial.variances.size() != trial.values.size()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted {}", at, trial.variances.size(),
         trial.values.size());
  }
  for (const double variance : trial.variances) {
    if (!(variance >= 0)) fail(ErrorKind::kInput, "{}: found {}, wanted at least 0", at, variance);
  }
}

TrialRow read_end_row(const ColumnReader& reader, std::string_view place) {
  const StoredRow stored = stored_row(reader, place);
  TrialRow row;
  read_end(stored, row);
  return row;
}

TrialRow read_history_row(const ColumnReader& reader, const Space& space, std::string_view place) {
  const StoredRow stored = stored_row(reader, place);
  TrialRow row;
  read_end(stored, row);
  row.trial.configuration =
      parse_configuration(space, stored.json(kConfiguration), stored.where(kConfiguration));
  return row;
}

TrialRow read_trial_row(const ColumnReader& reader, const Space& space, std::string_view place) {
  TrialRow row = read_history_row(reader, space, place);
  const StoredRow stored = stored_row(reader, place);
  if (!stored.is_null(kResult)) row.result = stored.json(kResult);
  stored.count(kLease);
  stored.count(kWorkersLost);
  row.process = stored.text(kProcess);
  row.worker = stored.text(kWorker);
  row.renewed_unix_s = stored.finite(kRenewed);
  row.started_unix_s = stored.finite(kStarted);
  return row;
}

}  // namespace wattgrind
