#include "search/study/postgres_store.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "search/study/worker_process.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kPostgresVersion = 1;

// The first of the two numbers of our advisory locks: "WgSt". The second is the study's number, or
// 0 for the tables as a whole.
constexpr int64_t kLock = 0x57675374;

// The database's clock, in seconds since the start of 1970.
constexpr std::string_view kNow = "extract(epoch FROM clock_timestamp())::float8";

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

// kTrialColumns without what samplers do not read.
constexpr const char* kChangedColumns =
    "number, configuration, state, objectives, violation, NULL::text AS result, lease, "
    "workers_lost, ''::text AS process, ''::text AS worker, renewed_unix_s, started_unix_s, "
    "ended_unix_s, end_rank";

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

// '{"a","b"}', as PostgreSQL reads an array of texts.
std::string text_array(const std::vector<std::string>& texts) {
  std::string array = "{";
  for (const std::string& text : texts) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

}  // namespace

PostgresStore::PostgresStore(PostgresUrl url, Options options, std::string process)
    : connection_(with_study(url), options.notice),
      options_(std::move(options)),
      process_(std::move(process)) {}

PostgresStore::PostgresStore(PostgresUrl url, const StudyDefinition& definition, IfThere if_there,
                             Options options)
    : PostgresStore(std::move(url), std::move(options), store_identity()) {
  bool was_there = false, made = false;
  connection_.repeat([&](int) {
    if (has_tables() && find_study()) {
      was_there = !made;  // an earlier attempt may have made it without hearing so
      return;
    }
    connection_.execute("BEGIN");
    made = make_study(definition);
    was_there = !made;
    connection_.execute("COMMIT");
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
  store.connection_.repeat([&](int) {
    store.connection_.execute("BEGIN");
    if (!store.make_study(contents.definition)) {
      throw StudyConflict(StudyConflict::Reason::kMayNotResume,
                          fmt::format("{}: holds a study already", store.place()));
    }
    store.open_definition();
    for (const TrialRecord& record : contents.records) store.insert(record);
    for (const auto& [name, value] : contents.notes) store.set_note(name, value);
    store.connection_.execute("COMMIT");
  });
}

void PostgresStore::remove(PostgresUrl url) {
  PostgresStore store(std::move(url), Options(), store_identity());
  store.open_study();
  store.connection_.repeat([&](int) {
    store.connection_.query("DELETE FROM wattgrind.studies WHERE id = $1", {store.study()});
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

std::optional<uint64_t> PostgresStore::find_study() {
  PostgresRows row =
      connection_.query("SELECT id FROM wattgrind.studies WHERE name = $1", {title()});
  if (!row.step()) return std::nullopt;
  return study_ = static_cast<uint64_t>(row.integer(0));
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
       std::string(trial_state_word(trial.state)), stored_json(Json(trial.values)),
       postgres_value(trial.violation), stored_json(record.result), record.worker,
       postgres_value(record.started_unix_s), postgres_value(record.ended_unix_s)});
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

Claim PostgresStore::claim(uint64_t trials, Sampler& sampler) {
  Claim claim;
  connection_.repeat([&](int attempts) {
    std::optional<ClaimedTrial> taken;
    bool exhausted = false;
    if (attempts > 0) taken = take_orphan();
    if (!taken) {
      look_for_the_dead();
      taken = take_waiting(trials);
    }
    if (!taken) taken = propose(trials, sampler, exhausted);
    if (taken) {
      held_[taken->lease.trial] = taken->lease.token;
      claim = std::move(*taken);
      return;
    }
    NothingToClaim nothing{0, exhausted};
    for (const uint64_t number : unfinished_) nothing.in_flight += number < trials ? 1 : 0;
    claim = nothing;
  });
  return claim;
}

// Every so often, for it takes a look at each trial that is held.
void PostgresStore::look_for_the_dead() {
  constexpr double kEvery_s = 5;
  const double now_s = system_clock().now_s();
  if (looked_s_ > 0 && now_s < looked_s_ + kEvery_s) return;
  looked_s_ = now_s;
  PostgresRows rows = connection_.query(
      "SELECT DISTINCT process FROM wattgrind.trials "
      "WHERE study = $1 AND end_rank IS NULL AND process <> ''",
      {study()});
  std::vector<std::string> dead;
  while (rows.step()) {
    if (has_ended(rows.text(0))) dead.push_back(rows.text(0));
  }
  dead_ = text_array(dead);
}

// A trial that waits although a process still stands beside it has lost a worker: who gives a trial
// up takes its process out.
std::optional<ClaimedTrial> PostgresStore::take_waiting(uint64_t trials) {
  static const std::string kTake = fmt::format(
      "WITH waiting AS MATERIALIZED ("
      "  SELECT number FROM wattgrind.trials WHERE study = $1 AND end_rank IS NULL AND number < $2 "
      "  AND (process = '' OR renewed_unix_s < {0} - $3::float8 OR process = ANY ($4::text[])) "
      "  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED) "
      "UPDATE wattgrind.trials AS t SET lease = lease + 1, "
      "workers_lost = workers_lost + (process <> '')::int, process = $5, worker = $6, "
      "renewed_unix_s = {0}, started_unix_s = {0} "
      "FROM waiting WHERE t.study = $1 AND t.number = waiting.number "
      "RETURNING t.number, t.lease, t.workers_lost",
      kNow);
  PostgresRows row =
      connection_.query(kTake, {study(), postgres_value(trials), postgres_value(options_.lease_s),
                                dead_, process_, process_name()});
  if (!row.step()) return std::nullopt;
  return claimed(static_cast<uint64_t>(row.integer(0)), row.integer(1),
                 static_cast<uint64_t>(row.integer(2)));
}

// The trial that an earlier attempt of this call claimed, whose answer was lost.
std::optional<ClaimedTrial> PostgresStore::take_orphan() {
  std::vector<uint64_t> held;
  for (const auto& [number, token] : held_) held.push_back(number);
  PostgresRows row = connection_.query(
      "SELECT number, lease, workers_lost FROM wattgrind.trials WHERE study = $1 "
      "AND end_rank IS NULL AND process = $2 AND number <> ALL ($3::bigint[]) "
      "ORDER BY number LIMIT 1",
      {study(), process_, postgres_value(held)});
  if (!row.step()) return std::nullopt;
  return claimed(static_cast<uint64_t>(row.integer(0)), row.integer(1),
                 static_cast<uint64_t>(row.integer(2)));
}

// Proposes the next trial and takes it, in two transactions. The first does not wait for the disk,
// so that the lock under which proposals are made is held for the asking alone. Whoever dies
// between the two leaves a trial with its process beside it, as one who dies later does.
std::optional<ClaimedTrial> PostgresStore::propose(uint64_t trials, Sampler& sampler,
                                                   bool& exhausted) {
  static const std::string kInsert = fmt::format(
      "INSERT INTO wattgrind.trials (study, number, configuration, state, lease, process, worker, "
      "renewed_unix_s, started_unix_s) VALUES ($1, $2, $3, 'running', 1, $4, $5, {0}, {0})",
      kNow);
  connection_.execute(
      fmt::format("BEGIN; SET LOCAL synchronous_commit TO off; "
                  "SET LOCAL idle_in_transaction_session_timeout TO '20s'; "
                  "SELECT pg_advisory_xact_lock({}, {})",
                  kLock, study_));
  read_changes();
  const uint64_t number = trials_.size();
  std::optional<Configuration> asked;
  if (number < trials) {
    asked = sampler.ask(number, trials_);
    exhausted = !asked;
  }
  if (!asked) {
    connection_.execute("ROLLBACK");
    return std::nullopt;
  }
  connection_.query(kInsert, {study(), postgres_value(number),
                              stored_json(to_json(*space_, *asked)), process_, process_name()});
  connection_.execute("COMMIT");
  PostgresRows kept = connection_.query(
      fmt::format("UPDATE wattgrind.trials SET started_unix_s = {} WHERE study = $1 AND "
                  "number = $2 AND lease = 1 AND process = $3",
                  kNow),
      {study(), postgres_value(number), process_});
  if (kept.changes() == 0) return std::nullopt;  // taken for lost meanwhile, by an impatient one
  unfinished_.push_back(number);
  trials_.push_back({number, std::move(*asked), TrialState::kRunning, {}, std::nullopt});
  return claimed(number, 1, 0);
}

ClaimedTrial PostgresStore::claimed(uint64_t number, int64_t token, uint64_t workers_lost) {
  if (number >= trials_.size()) read_changes();
  if (number >= trials_.size()) {
    fail(ErrorKind::kInput, "{}: cannot be found again", damaged_row(place(), "trials", number));
  }
  return {{number, token},
          trials_[number].configuration,
          std::vector<Trial>(trials_.begin(), trials_.begin() + static_cast<ptrdiff_t>(number)),
          workers_lost};
}

void PostgresStore::renew(std::span<const Lease> leases) {
  if (leases.empty()) return;
  std::vector<uint64_t> numbers, tokens;
  for (const Lease& lease : leases) {
    numbers.push_back(lease.trial);
    tokens.push_back(static_cast<uint64_t>(lease.token));
  }
  static const std::string kRenew = fmt::format(
      "UPDATE wattgrind.trials AS t SET renewed_unix_s = {} "
      "FROM unnest($2::bigint[], $3::bigint[]) AS held (number, lease) "
      "WHERE t.study = $1 AND t.number = held.number AND t.lease = held.lease "
      "AND t.end_rank IS NULL",
      kNow);
  connection_.repeat([&](int) {
    connection_.query(kRenew, {study(), postgres_value(numbers), postgres_value(tokens)});
  });
}

bool PostgresStore::finish(const Lease& lease, const Outcome& outcome) {
  CHECK(outcome.state != TrialState::kRunning, "trial {} is still running", lease.trial);
  static const std::string kFinish = fmt::format(
      "UPDATE wattgrind.trials SET state = $4, objectives = $5, violation = $6, result = $7, "
      "ended_unix_s = {}, end_rank = nextval('wattgrind.ends') "
      "WHERE study = $1 AND number = $2 AND lease = $3 AND end_rank IS NULL",
      kNow);
  const PostgresValue number = postgres_value(lease.trial), token = postgres_value(lease.token);
  bool ours = false;
  connection_.repeat([&](int attempts) {
    ours =
        connection_
            .query(kFinish, {study(), number, token, std::string(trial_state_word(outcome.state)),
                             stored_json(Json(outcome.values)), postgres_value(outcome.violation),
                             stored_json(outcome.result)})
            .changes() == 1;
    if (ours || attempts == 0) return;
    // An attempt before this one may have stored it, and its answer was lost.
    ours = connection_
               .query(
                   "SELECT 1 FROM wattgrind.trials WHERE study = $1 AND number = $2 "
                   "AND lease = $3 AND end_rank IS NOT NULL",
                   {study(), number, token})
               .step();
  });
  held_.erase(lease.trial);
  return ours;
}

void PostgresStore::give_up(const Lease& lease) {
  connection_.repeat([&](int) {
    connection_.query(
        "UPDATE wattgrind.trials SET process = '', worker = '' WHERE study = $1 AND number = $2 "
        "AND lease = $3 AND end_rank IS NULL",
        {study(), postgres_value(lease.trial), postgres_value(lease.token)});
  });
  held_.erase(lease.trial);
}

std::span<const Trial> PostgresStore::trials() {
  connection_.repeat([&](int) { read_changes(); });
  return trials_;
}

// Brings trials_ up to date. As numbers have no gaps and ends are final, only two kinds of trials
// can differ from what was read last: those beyond the last number, and those that had not ended.
void PostgresStore::read_changes() {
  // A server that crashed may have lost what was proposed last, of which nobody had an answer.
  if (std::exchange(read_over_, connection_.connections()) != connection_.connections()) {
    trials_.clear();
    unfinished_.clear();
  }
  static const std::string kChanges = fmt::format(
      "SELECT {0} FROM wattgrind.trials WHERE study = $1 AND number = ANY ($2::bigint[]) "
      "AND end_rank IS NOT NULL "
      "UNION ALL (SELECT {0} FROM wattgrind.trials WHERE study = $1 AND number >= $3 "
      "ORDER BY number)",
      kChangedColumns);
  // The first time no row is left out: a number below 0 is damage.
  const PostgresValue next = trials_.empty() ? postgres_value(std::numeric_limits<int64_t>::min())
                                             : postgres_value(trials_.size());
  PostgresRows rows = connection_.query(kChanges, {study(), postgres_value(unfinished_), next});
  std::vector<TrialRow> added;
  while (rows.step()) {
    TrialRow row = read_trial_row(rows, *space_, place());
    if (row.trial.number < trials_.size()) {
      trials_[row.trial.number] = std::move(row.trial);
    } else {
      added.push_back(std::move(row));
    }
  }
  std::erase_if(unfinished_,
                [this](uint64_t number) { return trials_[number].state != TrialState::kRunning; });
  std::ranges::sort(added, {}, [](const TrialRow& row) { return row.trial.number; });
  for (TrialRow& row : added) {
    if (row.trial.number != trials_.size()) {
      fail(ErrorKind::kInput, "{}: found behind {} trials, wanted row {} there",
           damaged_row(place(), "trials", row.trial.number), trials_.size(), trials_.size());
    }
    if (row.trial.state == TrialState::kRunning) unfinished_.push_back(row.trial.number);
    trials_.push_back(std::move(row.trial));
  }
}

std::vector<TrialRecord> PostgresStore::records() {
  std::vector<TrialRecord> records;
  connection_.repeat([&](int) {
    records.clear();
    PostgresRows rows = connection_.query(
        fmt::format("SELECT {}, {} FROM wattgrind.trials WHERE study = $1 ORDER BY number",
                    kTrialColumns, kNow),
        {study()});
    while (rows.step()) {
      TrialRow row = read_trial_row(rows, *space_, place());
      if (row.trial.number != records.size()) {
        fail(ErrorKind::kInput, "{}: found behind {} trials, wanted row {} there",
             damaged_row(place(), "trials", row.trial.number), records.size(), records.size());
      }
      const bool held = !row.process.empty() &&
                        row.renewed_unix_s >= rows.real(kTrialColumnCount) - options_.lease_s &&
                        !has_ended(row.process);
      records.push_back({std::move(row.trial), std::move(row.result), std::move(row.worker),
                         !row.ended_unix_s && !held, row.started_unix_s, row.ended_unix_s});
    }
  });
  return records;
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
  });
}

}  // namespace wattgrind
