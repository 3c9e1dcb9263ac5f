#include "search/study/optuna_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "search/study/database.h"
#include "search/study/optuna_file.h"
#include "search/study/optuna_space.h"
#include "search/study/trial_row.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// The first of the tables that we know, and the last one, which adds an index to them.
constexpr std::string_view kFirstRevision = "v3.0.0.d", kLastRevision = "v3.2.0.a";

// A trial as Optuna has it.
struct Imported {
  int64_t number = 0;
  std::string state;
  std::string started, ended;  // empty where unknown
  std::vector<OptunaParameter> parameters;
  std::vector<double> values, curve;
  Json attributes = Json::object(), constraints;
};

class OptunaReader {
 public:
  OptunaReader(const std::filesystem::path& path, std::string_view name);

  OptunaStudy read();

 private:
  std::string where(std::string_view table, int64_t row) const {
    return damaged_row(database_.path().string(), table, fmt::format("{}", row));
  }
  void check_tables();
  void find_study(std::string_view name);
  void read_directions();
  void read_trials();
  void read_parameters();
  void read_values();
  void read_attributes();
  Json study_attributes();
  std::optional<Configuration> configuration_of(const Imported& trial, const Space& space) const;
  TrialRecord record_of(const Imported& trial, uint64_t number, Configuration configuration) const;

  Database database_;
  Transaction transaction_;
  int64_t study_ = 0;
  std::string name_;
  std::vector<bool> maximised_;
  std::map<int64_t, Imported> trials_;  // by Optuna's number of the row
};

const std::filesystem::path& there(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    fail(ErrorKind::kInput, "{}: no such file, wanted a study of Optuna's", path.string());
  }
  return path;
}

// "2026-11-30 00:04:34.314974", which tells no time zone.
double unix_time(const std::string& text, const std::string& where) {
  std::tm time{};
  const char* const rest = strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &time);
  double fraction = 0;
  if (rest != nullptr && *rest == '.') {
    char* end = nullptr;
    fraction = std::strtod(rest, &end);
    if (*end == '\0') return static_cast<double>(timegm(&time)) + fraction;
  }
  if (rest == nullptr || *rest != '\0') {
    fail(ErrorKind::kInput, "{}: found the time \"{}\", wanted 2026-11-30 10:20:30.5", where, text);
  }
  return static_cast<double>(timegm(&time));
}

// A value, and the word beside it that tells what SQL has no number for.
double told_value(const StoredRow& row, int value, int word) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string type = row.text(word);
  if (type == "FINITE") return row.finite(value);
  if (type == "INF_POS") return kInfinity;
  if (type == "INF_NEG") return -kInfinity;
  return std::numeric_limits<double>::quiet_NaN();
}

OptunaReader::OptunaReader(const std::filesystem::path& path, std::string_view name)
    : database_(there(path), false), transaction_(database_, Transaction::Kind::kRead) {
  check_tables();
  find_study(name);
}

void OptunaReader::check_tables() {
  const std::string place = database_.path().string();
  Query tables(database_,
               "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
               "('alembic_version', 'studies', 'trials', 'trial_params')");
  if (!tables.step() || tables.integer(0) != 4) {
    fail(ErrorKind::kInput, "{}: found no tables of Optuna's, wanted its storage sqlite:///FILE",
         place);
  }
  Query revision(database_, "SELECT version_num FROM alembic_version");
  const std::string found = revision.step() ? revision.text(0) : "none";
  if (found != kFirstRevision && found != kLastRevision) {
    fail(ErrorKind::kInput,
         "{}: found tables of Optuna's revision {}, wanted {} (Optuna 3.0) or {} (3.2 to 4): bring "
         "them there with `optuna storage upgrade --storage sqlite:///{}`",
         place, found, kFirstRevision, kLastRevision, place);
  }
}

void OptunaReader::find_study(std::string_view name) {
  Query studies(database_, "SELECT study_id, study_name FROM studies ORDER BY study_id");
  std::vector<std::string> names;
  while (studies.step()) {
    const StoredRow row(studies, where("studies", studies.integer(0)));
    names.push_back(row.text(1));
    if (!name.empty() && names.back() != name) continue;
    study_ = static_cast<int64_t>(row.positive(0));
    name_ = names.back();
  }
  if (name.empty() ? names.size() == 1 : study_ != 0) return;
  fail(ErrorKind::kInput, "{}: found {}, wanted ?study=NAME with one of them",
       database_.path().string(),
       names.empty() ? "no study" : fmt::format("the studies \"{}\"", fmt::join(names, "\", \"")));
}

void OptunaReader::read_directions() {
  Query directions(database_,
                   "SELECT direction FROM study_directions WHERE study_id = ?1 ORDER BY objective");
  directions.bind(1, study_);
  while (directions.step()) {
    maximised_.push_back(StoredRow(directions, where("study_directions", study_)).text(0) ==
                         "MAXIMIZE");
  }
  if (maximised_.empty()) {
    fail(ErrorKind::kInput, "{}: found no direction", where("study_directions", study_));
  }
}

void OptunaReader::read_trials() {
  Query rows(database_,
             "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials "
             "WHERE study_id = ?1");
  rows.bind(1, study_);
  while (rows.step()) {
    const StoredRow row(rows, where("trials", rows.integer(0)));
    Imported trial{static_cast<int64_t>(row.count(1)), row.text(2), {}, {}};
    if (!row.is_null(3)) trial.started = row.text(3);
    if (!row.is_null(4)) trial.ended = row.text(4);
    trials_[static_cast<int64_t>(row.positive(0))] = std::move(trial);
  }
}

void OptunaReader::read_parameters() {
  Query rows(database_,
             "SELECT p.trial_id, p.param_name, p.param_value, p.distribution_json, p.param_id "
             "FROM trial_params p JOIN trials t USING (trial_id) WHERE t.study_id = ?1 "
             "ORDER BY p.param_id");
  rows.bind(1, study_);
  while (rows.step()) {
    const std::string at = where("trial_params", rows.integer(4));
    const StoredRow row(rows, at);
    trials_.at(rows.integer(0))
        .parameters.push_back(
            {row.text(1), row.json(3), row.finite(2), at + ": distribution_json"});
  }
}

void OptunaReader::read_values() {
  Query values(database_,
               "SELECT v.trial_id, v.value, v.value_type, v.objective FROM trial_values v "
               "JOIN trials t USING (trial_id) WHERE t.study_id = ?1 "
               "ORDER BY v.trial_id, v.objective");
  values.bind(1, study_);
  while (values.step()) {
    const double value =
        told_value(StoredRow(values, where("trial_values", values.integer(0))), 1, 2);
    std::vector<double>& all = trials_.at(values.integer(0)).values;
    all.push_back(maximised_[all.size() % maximised_.size()] ? -value : value);
  }
  Query steps(database_,
              "SELECT v.trial_id, v.intermediate_value, v.intermediate_value_type "
              "FROM trial_intermediate_values v JOIN trials t USING (trial_id) "
              "WHERE t.study_id = ?1 ORDER BY v.trial_id, v.step");
  steps.bind(1, study_);
  while (steps.step()) {
    const double value =
        told_value(StoredRow(steps, where("trial_intermediate_values", steps.integer(0))), 1, 2);
    trials_.at(steps.integer(0)).curve.push_back(maximised_[0] ? -value : value);
  }
}

void OptunaReader::read_attributes() {
  Query user(database_,
             "SELECT a.trial_id, a.\"key\", a.value_json FROM trial_user_attributes a "
             "JOIN trials t USING (trial_id) WHERE t.study_id = ?1 "
             "ORDER BY a.trial_user_attribute_id");
  user.bind(1, study_);
  while (user.step()) {
    const StoredRow row(user, where("trial_user_attributes", user.integer(0)));
    trials_.at(user.integer(0)).attributes[row.text(1)] = row.json(2);
  }
  Query limits(
      database_,
      "SELECT a.trial_id, a.value_json FROM trial_system_attributes a "
      "JOIN trials t USING (trial_id) WHERE t.study_id = ?1 AND a.\"key\" = 'constraints'");
  limits.bind(1, study_);
  while (limits.step()) {
    trials_.at(limits.integer(0)).constraints =
        StoredRow(limits, where("trial_system_attributes", limits.integer(0))).json(1);
  }
}

Json OptunaReader::study_attributes() {
  Json attributes = Json::object();
  Query rows(database_,
             "SELECT \"key\", value_json FROM study_user_attributes WHERE study_id = ?1 "
             "ORDER BY study_user_attribute_id");
  rows.bind(1, study_);
  while (rows.step()) {
    const StoredRow row(rows, where("study_user_attributes", study_));
    attributes[row.text(0)] = row.json(1);
  }
  return attributes;
}

// Absent where the trial's parameters are no configuration of the space.
std::optional<Configuration> OptunaReader::configuration_of(const Imported& trial,
                                                            const Space& space) const {
  Configuration configuration(space.size());
  for (const OptunaParameter& parameter : trial.parameters) {
    const std::optional<size_t> place = space.find(parameter.name);
    if (!place) return std::nullopt;
    configuration[*place] = optuna_value(parameter);
  }
  for (size_t i = 0; i < space.size(); ++i) {
    if (configuration[i].has_value() != space.active(i, configuration)) return std::nullopt;
  }
  return parse_configuration(space, to_json(space, configuration),
                             where("trials", trial.number) + ": parameters");
}

TrialState state_of(const Imported& trial) {
  if (trial.constraints.is_array()) {
    for (const Json& constraint : trial.constraints) {
      if (constraint.is_number() && constraint.get<double>() > 0) return TrialState::kInfeasible;
    }
  }
  if (trial.state == "COMPLETE") return TrialState::kComplete;
  return trial.state == "PRUNED" ? TrialState::kPruned : TrialState::kFailed;
}

// What write_optuna_file() kept of a trial beside what Optuna knows.
void recall(const Json& kept, const std::string& where, TrialRecord& record) {
  expect_object(kept, where);
  expect_keys(
      kept,
      {"state", "objectives", "violation", "worker", "result", "started_unix_s", "ended_unix_s"},
      where);
  Trial& trial = record.trial;
  const std::string state_at = join_key(where, "state"), worker_at = join_key(where, "worker");
  trial.state = read_trial_state(expect_string(kept.value("state", Json()), state_at), state_at);
  trial.values.clear();
  trial.curve.clear();
  read_objectives(kept.value("objectives", Json()), join_key(where, "objectives"), trial);
  trial.violation.reset();
  if (kept.contains("violation")) {
    trial.violation = kept["violation"].is_null()
                          ? std::numeric_limits<double>::infinity()
                          : expect_number(kept["violation"], join_key(where, "violation"));
  }
  record.worker = expect_string(kept.value("worker", Json()), worker_at);
  record.started_unix_s =
      expect_number(kept.value("started_unix_s", Json()), join_key(where, "started_unix_s"));
  record.ended_unix_s =
      expect_number(kept.value("ended_unix_s", Json()), join_key(where, "ended_unix_s"));
  if (kept.contains("result")) record.result = kept["result"];
}

TrialRecord OptunaReader::record_of(const Imported& trial, uint64_t number,
                                    Configuration configuration) const {
  TrialRecord record{{number, std::move(configuration), TrialState::kRunning, {}, std::nullopt},
                     {},
                     "",
                     true,
                     0,
                     std::nullopt};
  const std::string at = where("trials", trial.number);
  Json result = Json::object();
  for (const auto& [key, value] : trial.attributes.items()) {
    if (!key.starts_with(kOptunaPrefix)) result[key] = value;
  }
  if (trial.state == "RUNNING" || trial.state == "WAITING") return record;
  record.waiting = false;
  if (!trial.started.empty()) record.started_unix_s = unix_time(trial.started, at);
  record.ended_unix_s = trial.ended.empty() ? record.started_unix_s : unix_time(trial.ended, at);
  record.trial.state = state_of(trial);
  record.trial.values = trial.values;
  record.trial.curve = trial.curve;
  if (record.trial.state == TrialState::kInfeasible) {
    double violation = 0;
    for (const Json& constraint : trial.constraints) {
      if (constraint.is_number()) violation += std::max(0.0, constraint.get<double>());
    }
    record.trial.violation = violation;
  }
  if (!result.empty()) record.result = std::move(result);
  if (trial.attributes.contains(kOptunaTrial)) {
    recall(trial.attributes[kOptunaTrial], at + ": " + std::string(kOptunaTrial), record);
  }
  return record;
}

OptunaStudy OptunaReader::read() {
  read_directions();
  read_trials();
  read_parameters();
  read_values();
  read_attributes();
  std::vector<const Imported*> ordered;
  for (const auto& [id, trial] : trials_) ordered.push_back(&trial);
  std::ranges::stable_sort(ordered, {}, [](const Imported* trial) { return trial->number; });

  OptunaStudy study{.objectives = maximised_.size()};
  study.negated = std::find(maximised_.begin(), maximised_.end(), true) != maximised_.end();
  StudyContents& contents = study.contents;
  const Json attributes = study_attributes();
  const std::string at = where("studies", study_);
  if (attributes.contains(kOptunaDefinition)) {
    contents.definition = read_definition(attributes[kOptunaDefinition], at);
  } else {
    std::vector<std::vector<OptunaParameter>> complete;
    for (const Imported* trial : ordered) {
      if (trial->state == "COMPLETE") complete.push_back(trial->parameters);
    }
    contents.definition = {name_, 0, {{"space", optuna_space(complete, at)}}};
  }
  for (const auto& [key, value] : attributes.items()) {
    if (key.starts_with(kOptunaNote)) contents.notes[key.substr(kOptunaNote.size())] = value;
  }
  const Space space = read_space(contents.definition, at);
  for (const Imported* trial : ordered) {
    if (auto configuration = configuration_of(*trial, space)) {
      contents.records.push_back(
          record_of(*trial, contents.records.size(), std::move(*configuration)));
    } else {
      ++study.left_out;
    }
  }
  return study;
}

}  // namespace

OptunaStudy read_optuna_file(const std::filesystem::path& path, std::string_view name) {
  return OptunaReader(path, name).read();
}

}  // namespace wattgrind
