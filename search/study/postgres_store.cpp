#include "search/study/postgres_store.h"

#include <atomic>
#include <utility>

#include "estimator/base/error.h"
#include "search/study/worker_process.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kPostgresVersion = 1;

// Tables as those of a study file (trial_row.cpp). `ends` gives `end_rank`, which in this engine
// tells the ended from the others and numbers them nearly in the order in which they ended.
constexpr const char* kPostgresTables = R"(
  CREATE SCHEMA wattgrind;
  CREATE TABLE wattgrind.version (version bigint NOT NULL);
  CREATE TABLE wattgrind.studies (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE);
  CREATE TABLE wattgrind.notes (
    study integer NOT NULL REFERENCES wattgrind.studies ON DELETE CASCADE,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (study, name));
  CREATE TABLE wattgrind.trials (
    study integer NOT NULL REFERENCES wattgrind.studies ON DELETE CASCADE,
    number bigint NOT NULL,
    configuration text NOT NULL,
    state text NOT NULL,
    objectives text,
    violation float8,
    result text,
    lease bigint NOT NULL,
    workers_lost bigint NOT NULL DEFAULT 0,
    process text NOT NULL,
    worker text NOT NULL,
    renewed_unix_s float8 NOT NULL,
    started_unix_s float8 NOT NULL,
    ended_unix_s float8,
    end_rank bigint,
    PRIMARY KEY (study, number));
  CREATE INDEX trials_unfinished ON wattgrind.trials (study, number) WHERE end_rank IS NULL;
  CREATE SEQUENCE wattgrind.ends;
)";

const PostgresUrl& with_study(const PostgresUrl& url) {
  if (url.study.empty()) {
    fail(ErrorKind::kUsage, "{}: names no study, wanted ?study=NAME", url.text);
  }
  return url;
}

// Stores of one process are told apart too.
std::string store_identity() {
  static std::atomic<uint64_t> stores = 0;
  return fmt::format("{} {}", process_identity(), ++stores);
}

}  // namespace

PostgresStore::PostgresStore(PostgresUrl url, Options options, std::string process)
    : connection_(with_study(url), options.notice),
      options_(std::move(options)),
      process_(std::move(process)) {}

PostgresStore::PostgresStore(PostgresUrl url, const StudyDefinition& definition, IfThere if_there,
                             Options options)
    : PostgresStore(std::move(url), std::move(options), store_identity()) {
  bool was_there = false, committing = false;
  connection_.repeat([&](int) {
    if (has_tables() && find_study()) {
      was_there = !committing;  // an earlier attempt may have made it without hearing so
      return;
    }
    connection_.execute("BEGIN");
    const bool made = make_study(definition);
    was_there = !made;
    committing = made;
    connection_.execute("COMMIT");
    connection_.flush();
  });
  open_study();
  if (was_there && if_there == IfThere::kRefuse) {
    throw StudyConflict(StudyConflict::Reason::kMayNotResume,
                        fmt::format("{}: holds a study with {} trials", place(), trials().size()));
  }
  expect_same_definition(definition_, definition, place());
}

PostgresStore::PostgresStore(PostgresUrl url, Options options)
    : PostgresStore(std::move(url), std::move(options), store_identity()) {
  open_study();
}

void PostgresStore::make(PostgresUrl url, const StudyContents& contents) {
  PostgresStore store(std::move(url), Options(), store_identity());
  bool committing = false;
  store.connection_.repeat([&](int) {
    store.connection_.execute("BEGIN");
    if (!store.make_study(contents.definition)) {
      if (committing) return;  // an earlier attempt made it without hearing so
      throw StudyConflict(StudyConflict::Reason::kMayNotResume,
                          fmt::format("{}: holds a study already", store.place()));
    }
    store.open_definition();
    for (const TrialRecord& record : contents.records) store.insert(record);
    for (const auto& [name, value] : contents.notes) store.set_note(name, value);
    committing = true;
    store.connection_.execute("COMMIT");
    store.connection_.flush();
  });
}

void PostgresStore::remove(PostgresUrl url) {
  PostgresStore store(std::move(url), Options(), store_identity());
  store.open_study();
  store.connection_.repeat([&](int) {
    store.connection_.query("DELETE FROM wattgrind.studies WHERE id = $1", {store.study()});
    store.connection_.flush();
  });
}

std::vector<std::string> PostgresStore::studies(PostgresUrl url) {
  url.study = "any";  // the connection is of the database
  PostgresStore store(std::move(url), Options(), store_identity());
  std::vector<std::string> names;
  store.connection_.repeat([&](int) {
    names.clear();
    if (!store.has_tables()) return;
    PostgresRows rows = store.connection_.query("SELECT name FROM wattgrind.studies ORDER BY name");
    while (rows.step()) names.push_back(rows.text(0));
  });
  return names;
}

bool PostgresStore::has_tables() {
  PostgresRows schema = connection_.query("SELECT 1 FROM pg_namespace WHERE nspname = 'wattgrind'");
  if (!schema.step()) return false;
  PostgresRows row = connection_.query("SELECT version FROM wattgrind.version");
  const int64_t version = row.step() ? row.integer(0) : 0;
  if (version != kPostgresVersion) {
    fail(ErrorKind::kInput,
         "{}: found studies of version {} in the schema wattgrind, wanted {}: use the wattgrind "
         "that made them or a newer one, or another database",
         place(), version, kPostgresVersion);
  }
  return true;
}

// The caller has begun a transaction.
void PostgresStore::make_tables() {
  // Others may make them at the same time.
  connection_.execute(fmt::format("SELECT pg_advisory_xact_lock({}, 0)", kLock));
  if (has_tables()) return;
  connection_.execute(kPostgresTables);
  connection_.query("INSERT INTO wattgrind.version VALUES ($1)",
                    {postgres_value(kPostgresVersion)});
}

bool PostgresStore::find_study() {
  PostgresRows row =
      connection_.query("SELECT id FROM wattgrind.studies WHERE name = $1", {title()});
  if (!row.step()) return false;
  study_ = static_cast<uint64_t>(row.integer(0));
  return true;
}

// The caller has begun a transaction. False where the study is there, which another process may
// have made just now.
bool PostgresStore::make_study(const StudyDefinition& definition) {
  make_tables();
  PostgresRows row = connection_.query(
      "INSERT INTO wattgrind.studies (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id",
      {title()});
  if (!row.step()) return false;
  study_ = static_cast<uint64_t>(row.integer(0));
  connection_.query(
      "INSERT INTO wattgrind.notes (study, name, value) VALUES ($1, $2, $3)",
      {study(), std::string(kDefinitionNote), stored_json(write_definition(definition))});
  return true;
}

void PostgresStore::insert(const TrialRecord& record) {
  const Trial& trial = record.trial;
  const std::string configuration = stored_json(to_json(*space_, trial.configuration));
  if (!record.ended_unix_s) {
    connection_.query(
        "INSERT INTO wattgrind.trials (study, number, configuration, state, lease, process, "
        "worker, renewed_unix_s, started_unix_s) VALUES ($1, $2, $3, 'running', 0, '', '', 0, 0)",
        {study(), postgres_value(trial.number), configuration});
    return;
  }
  connection_.query(
      "INSERT INTO wattgrind.trials (study, number, configuration, state, objectives, violation, "
      "result, lease, process, worker, renewed_unix_s, started_unix_s, ended_unix_s, end_rank) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', $8, 0, $9, $10, nextval('wattgrind.ends'))",
      {study(), postgres_value(trial.number), configuration,
       std::string(trial_state_word(trial.state)),
       objectives_text(trial.values, trial.variances, trial.curve), postgres_value(trial.violation),
       stored_json(record.result), record.worker, postgres_value(record.started_unix_s),
       postgres_value(record.ended_unix_s)});
}

void PostgresStore::open_study() {
  connection_.repeat([&](int) {
    if (!has_tables() || !find_study()) {
      fail(ErrorKind::kInput,
           "{}: the database has no study of that name; `wattgrind study {}` lists those it has",
           place(), connection_.url().database);
    }
    open_definition();
  });
}

void PostgresStore::open_definition() {
  const std::optional<Json> stored = note(kDefinitionNote);
  if (!stored) {
    fail(ErrorKind::kInput, "{}: is damaged: found no definition of the study", place());
  }
  definition_ = read_definition(*stored, note_place(kDefinitionNote));
  space_ = read_space(definition_, note_place(kDefinitionNote));
}

std::optional<Json> PostgresStore::note(std::string_view name) {
  std::optional<Json> note;
  connection_.repeat([&](int) {
    PostgresRows row =
        connection_.query("SELECT value FROM wattgrind.notes WHERE study = $1 AND name = $2",
                          {study(), std::string(name)});
    note.reset();
    if (row.step()) note = StoredRow(row, note_place(name)).json(0);
  });
  return note;
}

std::vector<std::string> PostgresStore::note_names() {
  std::vector<std::string> names;
  connection_.repeat([&](int) {
    names.clear();
    PostgresRows rows = connection_.query(
        "SELECT name FROM wattgrind.notes WHERE study = $1 ORDER BY name", {study()});
    while (rows.step()) names.push_back(rows.text(0));
  });
  return names;
}

void PostgresStore::set_note(std::string_view name, const Json& value) {
  connection_.repeat([&](int) {
    connection_.query(
        "INSERT INTO wattgrind.notes (study, name, value) VALUES ($1, $2, $3) "
        "ON CONFLICT (study, name) DO UPDATE SET value = excluded.value",
        {study(), std::string(name), stored_json(value)});
    connection_.flush();
  });
}

}  // namespace wattgrind
