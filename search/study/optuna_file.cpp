#include "search/study/optuna_file.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <system_error>

#include "estimator/base/error.h"
#include "search/study/database.h"
#include "search/study/trial_row.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// As SQLAlchemy makes them of optuna/storages/_rdb/models.py.
constexpr const char* kOptunaTables = R"(
  CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL,
    PRIMARY KEY (study_id));
  CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
  CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER,
    library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id = 1));
  INSERT INTO version_info VALUES (1, 12, '3.1.0');
  CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
  INSERT INTO alembic_version VALUES ('v3.0.0.d');
  CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
    study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id),
    UNIQUE (study_id, objective), FOREIGN KEY (study_id) REFERENCES studies (study_id));
  CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER,
    "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_user_attribute_id),
    UNIQUE (study_id, "key"), FOREIGN KEY (study_id) REFERENCES studies (study_id));
  CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL,
    study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
    FOREIGN KEY (study_id) REFERENCES studies (study_id));
  CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER,
    state VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME,
    PRIMARY KEY (trial_id), FOREIGN KEY (study_id) REFERENCES studies (study_id));
  CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER,
    "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_user_attribute_id),
    UNIQUE (trial_id, "key"), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL,
    trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
    PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512),
    param_value FLOAT, distribution_json TEXT, PRIMARY KEY (param_id),
    UNIQUE (trial_id, param_name), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
    objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL,
    PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL,
    trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value FLOAT,
    intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id),
    UNIQUE (trial_id, step), FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
  CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
    heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
    FOREIGN KEY (trial_id) REFERENCES trials (trial_id));
)";

Json distribution(const Domain& domain) {
  if (const auto* range = std::get_if<IntRange>(&domain)) {
    return {
        {"name", "IntDistribution"},
        {"attributes",
         {{"log", range->log}, {"step", range->step}, {"low", range->low}, {"high", range->high}}}};
  }
  if (const auto* range = std::get_if<FloatRange>(&domain)) {
    return {{"name", "FloatDistribution"},
            {"attributes",
             {{"step", nullptr}, {"low", range->low}, {"high", range->high}, {"log", range->log}}}};
  }
  Json choices = Json::array();
  for (const Value& option : std::get<Choice>(domain).options) choices.push_back(to_json(option));
  return {{"name", "CategoricalDistribution"}, {"attributes", {{"choices", std::move(choices)}}}};
}

// A number stands for itself, a choice's value for its place among the options.
double internal_value(const Domain& domain, const Value& value) {
  if (const auto* choice = std::get_if<Choice>(&domain)) {
    const auto found = std::find(choice->options.begin(), choice->options.end(), value);
    return static_cast<double>(found - choice->options.begin());
  }
  const auto* integer = std::get_if<int64_t>(&value);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(value);
}

std::string optuna_time(double unix_s) {
  const double whole_s = std::floor(unix_s);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06d}", fmt::gmtime(static_cast<std::time_t>(whole_s)),
                     static_cast<int>((unix_s - whole_s) * 1e6));
}

std::string optuna_state(const TrialRecord& record, size_t objectives) {
  const Trial& trial = record.trial;
  const bool has_values = trial.values.size() == objectives &&
                          std::all_of(trial.values.begin(), trial.values.end(),
                                      [](double value) { return std::isfinite(value); });
  switch (trial.state) {
    case TrialState::kComplete:
      return has_values ? "COMPLETE" : "FAIL";
    case TrialState::kInfeasible:
      return has_values ? "COMPLETE" : "PRUNED";
    case TrialState::kPruned:
    case TrialState::kPaused:
      return "PRUNED";
    case TrialState::kFailed:
      return "FAIL";
    case TrialState::kRunning:
      break;
  }
  return "WAITING";
}

void insert_attribute(Database& database, const char* sql, int64_t owner, std::string_view key,
                      const Json& value) {
  Query(database, sql).bind(1, owner).bind(2, key).bind(3, stored_json(value)).run();
}

// What Optuna's tables have no place for.
Json kept(const TrialRecord& record) {
  const Trial& trial = record.trial;
  Json json = {{"state", trial_state_word(trial.state)},
               {"objectives", objectives_json(trial.values, trial.variances, trial.curve)},
               {"worker", record.worker},
               {"started_unix_s", record.started_unix_s},
               {"ended_unix_s", *record.ended_unix_s}};
  if (trial.violation) json["violation"] = *trial.violation;
  const bool is_in_attributes = record.result.is_object() && !record.result.empty();
  if (!is_in_attributes && !record.result.is_null()) json["result"] = record.result;
  return json;
}

constexpr const char* kUserAttribute =
    "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES (?1, ?2, ?3)";
constexpr const char* kSystemAttribute =
    "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (?1, ?2, ?3)";

void insert_params(Database& database, int64_t id, const Space& space,
                   const Configuration& configuration) {
  for (size_t i = 0; i < configuration.size(); ++i) {
    if (!configuration[i]) continue;
    const Parameter& parameter = space.parameters()[i];
    Query(database,
          "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
          "VALUES (?1, ?2, ?3, ?4)")
        .bind(1, id)
        .bind(2, parameter.name)
        .bind(3, internal_value(parameter.domain, *configuration[i]))
        .bind(4, stored_json(distribution(parameter.domain)))
        .run();
  }
}

void insert_trial(Database& database, const TrialRecord& record, const Space& space,
                  size_t objectives, bool has_limits) {
  const Trial& trial = record.trial;
  const auto id = static_cast<int64_t>(trial.number) + 1;
  const std::string state = optuna_state(record, objectives);
  Query row(database,
            "INSERT INTO trials (trial_id, number, study_id, state, datetime_start, "
            "datetime_complete) VALUES (?1, ?2, 1, ?3, ?4, ?5)");
  row.bind(1, id).bind(2, static_cast<int64_t>(trial.number)).bind(3, state);
  if (record.ended_unix_s) {
    row.bind(4, optuna_time(record.started_unix_s)).bind(5, optuna_time(*record.ended_unix_s));
  }
  row.run();
  insert_params(database, id, space, trial.configuration);
  for (size_t i = 0; state == "COMPLETE" && i < trial.values.size(); ++i) {
    Query(database,
          "INSERT INTO trial_values (trial_id, objective, value, value_type) "
          "VALUES (?1, ?2, ?3, 'FINITE')")
        .bind(1, id)
        .bind(2, static_cast<int64_t>(i))
        .bind(3, trial.values[i])
        .run();
  }
  for (size_t i = 0; i < trial.curve.size(); ++i) {
    Query(database,
          "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
          "intermediate_value_type) VALUES (?1, ?2, ?3, 'FINITE')")
        .bind(1, id)
        .bind(2, static_cast<int64_t>(i) + 1)
        .bind(3, trial.curve[i])
        .run();
  }
  if (has_limits && record.ended_unix_s) {
    const bool exceeds = trial.state == TrialState::kInfeasible;
    insert_attribute(database, kSystemAttribute, id, "constraints",
                     Json::array({exceeds ? trial.violation.value_or(1) : 0.0}));
  }
  insert_attribute(database, kUserAttribute, id, kOptunaState, trial_state_word(record));
  if (record.ended_unix_s)
    insert_attribute(database, kUserAttribute, id, kOptunaTrial, kept(record));
  if (!record.result.is_object()) return;
  for (const auto& [key, value] : record.result.items()) {
    insert_attribute(database, kUserAttribute, id, key, value);
  }
}

}  // namespace

void write_optuna_file(const std::filesystem::path& path, std::string_view name,
                       const StudyContents& contents, const Space& space) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    fail(ErrorKind::kUsage, "{}: is there already, wanted a new file", path.string());
  }
  size_t objectives = 1;
  bool has_limits = false;
  for (const TrialRecord& record : contents.records) {
    if (record.trial.state == TrialState::kComplete) {
      objectives = std::max(objectives, record.trial.values.size());
    }
    has_limits = has_limits || record.trial.state == TrialState::kInfeasible;
  }
  Database database(path, true);
  Transaction transaction(database, Transaction::Kind::kWrite);
  database.execute(kOptunaTables);
  Query(database, "INSERT INTO studies VALUES (1, ?1)").bind(1, name).run();
  for (size_t i = 0; i < objectives; ++i) {
    Query(database,
          "INSERT INTO study_directions (direction, study_id, objective) "
          "VALUES ('MINIMIZE', 1, ?1)")
        .bind(1, static_cast<int64_t>(i))
        .run();
  }
  constexpr const char* kStudyAttribute =
      "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (?1, ?2, ?3)";
  insert_attribute(database, kStudyAttribute, 1, kOptunaDefinition,
                   write_definition(contents.definition));
  for (const auto& [note, value] : contents.notes) {
    insert_attribute(database, kStudyAttribute, 1, std::string(kOptunaNote) + note, value);
  }
  for (const TrialRecord& record : contents.records) {
    insert_trial(database, record, space, objectives, has_limits);
  }
  transaction.commit();
}

}  // namespace wattgrind
