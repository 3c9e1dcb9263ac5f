#include "search/study/study_file.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "estimator/base/error.h"
#include "search/study/stored_row.h"
#include "search/study/worker_process.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// Stands in the file's header and tells a study from other programs' databases: "WgSt".
constexpr int64_t kApplicationId = 0x57675374;
// Of the tables. Version 1 did not count the workers that were lost with a trial.
constexpr int64_t kFirstVersion = 1, kVersion = 2;

constexpr const char* kNotesTable =
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";

constexpr const char* kReplaceNote = "INSERT OR REPLACE INTO notes (name, value) VALUES (?1, ?2)";

std::string select_trials(std::string_view columns, std::string_view which) {
  return fmt::format("SELECT {} FROM trials {}", columns, which);
}

int64_t read_pragma(Database& database, const char* pragma) {
  Query statement(database, pragma);
  return statement.step() ? statement.integer(0) : 0;
}

const std::filesystem::path& existing(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    fail(ErrorKind::kInput, "{}: no such file, wanted a study", path.string());
  }
  return path;
}

}  // namespace

StudyFile::StudyFile(const std::filesystem::path& path, bool create, Options options)
    : database_(path, create), options_(options), process_(process_identity()) {}

StudyFile::StudyFile(const std::filesystem::path& path, const StudyDefinition& definition,
                     IfThere if_there, Options options)
    : StudyFile(path, true, options) {
  if (!holds_study()) {
    Transaction transaction(database_, Transaction::Kind::kWrite);
    // Another process may have made the study meanwhile.
    if (!holds_study()) {
      make_tables(definition);
      transaction.commit();
      open_definition();
      return;
    }
  }
  open_definition();
  if (if_there == IfThere::kRefuse) {
    throw StudyConflict(
        StudyConflict::Reason::kMayNotResume,
        fmt::format("{}: holds a study with {} trials", path.string(), trials().size()));
  }
  expect_same_definition(definition_, definition, place());
}

StudyFile::StudyFile(const std::filesystem::path& path)
    : StudyFile(existing(path), false, Options()) {
  if (!holds_study()) {
    fail(ErrorKind::kInput, "{}: is an empty file, wanted a study", path.string());
  }
  open_definition();
}

void StudyFile::make(const std::filesystem::path& path, const StudyContents& contents) {
  StudyFile file(path, true, Options());
  Transaction transaction(file.database_, Transaction::Kind::kWrite);
  if (file.holds_study()) {
    throw StudyConflict(StudyConflict::Reason::kMayNotResume,
                        fmt::format("{}: holds a study already", file.place()));
  }
  file.make_tables(contents.definition);
  file.open_definition();
  uint64_t ended = 0;
  for (const TrialRecord& record : contents.records) {
    file.insert(record, record.ended_unix_s ? ++ended : 0);
  }
  for (const auto& [name, value] : contents.notes) file.set_note(name, value);
  transaction.commit();
}

// False for an empty file, which SQLite takes for an empty database.
bool StudyFile::holds_study() {
  const int64_t application = read_pragma(database_, "PRAGMA application_id");
  const int64_t version = read_pragma(database_, "PRAGMA user_version");
  if (application == 0 && version == 0 && read_pragma(database_, "PRAGMA schema_version") == 0) {
    return false;
  }
  if (application != kApplicationId) {
    fail(ErrorKind::kInput, "{}: is no study: found another program's database", place());
  }
  if (version < kFirstVersion || version > kVersion) {
    fail(ErrorKind::kInput,
         "{}: found a study of version {}, wanted {}: use the wattgrind that "
         "made it or a newer one",
         place(), version, kVersion);
  }
  database_.close_as_one_file();
  return true;
}

void StudyFile::make_tables(const StudyDefinition& definition) {
  database_.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  database_.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
  database_.close_as_one_file();
  database_.execute(kNotesTable);
  database_.execute(kTrialsTable);
  set_note(kDefinitionNote, write_definition(definition));
}

// A view or a trigger would do what its author likes whenever a table is read or written.
void StudyFile::check_tables() {
  Query others(database_,
               "SELECT type, name FROM sqlite_schema WHERE type NOT IN ('table', 'index')");
  if (others.step()) {
    fail(ErrorKind::kInput, "{}: is damaged: found the {} \"{}\", wanted tables alone", place(),
         others.text(0), others.text(1));
  }
  Query notes(database_, "SELECT name FROM notes");
  for (uint64_t row = 0; notes.step(); ++row) {
    StoredRow(notes, damaged_row(place(), "notes", row)).text(0);
  }
}

// Tables of an earlier version become those of this one, in one transaction.
void StudyFile::bring_forward() {
  if (read_pragma(database_, "PRAGMA user_version") == kVersion) return;
  Transaction transaction(database_, Transaction::Kind::kWrite);
  // Another process may have done it meanwhile.
  if (read_pragma(database_, "PRAGMA user_version") == 1) {
    database_.execute("ALTER TABLE trials ADD COLUMN workers_lost INTEGER NOT NULL DEFAULT 0");
    database_.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
  }
  transaction.commit();
}

void StudyFile::open_definition() {
  bring_forward();
  check_tables();
  const std::optional<Json> stored = note(kDefinitionNote);
  if (!stored) {
    fail(ErrorKind::kInput, "{}: is damaged: found no definition of the study", place());
  }
  definition_ = read_definition(*stored, note_place(kDefinitionNote));
  space_ = read_space(definition_, note_place(kDefinitionNote));
}

Claim StudyFile::claim(uint64_t trials, Sampler& sampler) {
  database_.share_syncs();
  Transaction transaction(database_, Transaction::Kind::kWrite);
  Claim claim = claim_next(trials, sampler);
  if (std::holds_alternative<ClaimedTrial>(claim)) transaction.commit();
  return claim;
}

FinishedAndClaimed StudyFile::finish_and_claim(const Lease& lease, const Outcome& outcome,
                                               uint64_t trials, Sampler& sampler) {
  try {
    Transaction transaction(database_, Transaction::Kind::kWrite);
    const bool stored = store_end(lease, outcome);
    FinishedAndClaimed done{stored, claim_next(trials, sampler)};
    transaction.commit();
    return done;
  } catch (...) {
    // What was read since may be undone with the transaction.
    trials_ = KnownTrials();
    ends_read_ = 0;
    throw;
  }
}

// The caller has begun a transaction, which needs no commit where there is nothing to claim.
Claim StudyFile::claim_next(uint64_t trials, Sampler& sampler) {
  read_changes();
  if (const std::optional<uint64_t> waiting = first_waiting(trials)) {
    if (*waiting >= trials_.size()) {
      fail(ErrorKind::kInput, "{}: cannot be found again",
           damaged_row(place(), "trials", *waiting));
    }
    return take(*waiting, trials_[*waiting].configuration);
  }
  NothingToClaim nothing;
  if (trials_.size() < trials) {
    const uint64_t number = trials_.size();
    if (std::optional<Configuration> asked = sampler.ask(number, trials_.all())) {
      insert(number, *asked);
      return take(number, std::move(*asked));
    }
    nothing.exhausted = true;
  }
  for (const Trial& trial : trials_.all()) {
    if (trial.number < trials && trial.state == TrialState::kRunning) ++nothing.in_flight;
  }
  return nothing;
}

// Whether the worker of a trial that has not ended still holds it: it has not given the trial up,
// its process has not ended, and it was renewed within the lease's time.
bool StudyFile::is_held(const std::string& process, double renewed_unix_s) const {
  const double oldest = options_.clock->unix_s() - options_.lease_s;
  return !process.empty() && renewed_unix_s >= oldest && !has_ended(process);
}

std::optional<uint64_t> StudyFile::first_waiting(uint64_t trials) {
  Query unfinished(database_, select_trials("number, process, renewed_unix_s",
                                            "WHERE end_rank IS NULL AND number < ?1 "
                                            "ORDER BY number"));
  unfinished.bind(1, static_cast<int64_t>(trials));
  while (unfinished.step()) {
    const StoredRow row(unfinished,
                        damaged_row(place(), "trials", fmt::format("{}", unfinished.integer(0))));
    const uint64_t number = row.count(0);
    if (!is_held(row.text(1), row.finite(2))) return number;
  }
  return std::nullopt;
}

// A trial that waits although a process still stands beside it has lost a worker: who gives a trial
// up takes its process out.
ClaimedTrial StudyFile::take(uint64_t number, Configuration configuration) {
  const double now = options_.clock->unix_s();
  Query taken(database_,
              "UPDATE trials SET lease = lease + 1, workers_lost = workers_lost + (process <> ''), "
              "process = ?2, worker = ?3, renewed_unix_s = ?4, started_unix_s = ?4 "
              "WHERE number = ?1 RETURNING lease, workers_lost");
  taken.bind(1, static_cast<int64_t>(number)).bind(2, process_).bind(3, process_name());
  taken.bind(4, now);
  if (!taken.step()) {
    fail(ErrorKind::kInput, "{}: cannot be found again", damaged_row(place(), "trials", number));
  }
  const Lease lease{number, taken.integer(0)};
  const auto workers_lost = static_cast<uint64_t>(taken.integer(1));
  return {lease, std::move(configuration), trials_.first(number), workers_lost};
}

void StudyFile::insert(uint64_t number, const Configuration& configuration) {
  Query(database_,
        "INSERT INTO trials (number, configuration, state, lease, process, worker, "
        "renewed_unix_s, started_unix_s) VALUES (?1, ?2, 'running', 0, '', '', 0, 0)")
      .bind(1, static_cast<int64_t>(number))
      .bind(2, stored_json(to_json(*space_, configuration)))
      .run();
}

void StudyFile::insert(const TrialRecord& record, uint64_t end_rank) {
  const Trial& trial = record.trial;
  insert(trial.number, trial.configuration);
  if (end_rank == 0) return;
  Query(database_,
        "UPDATE trials SET state = ?2, objectives = ?3, violation = ?4, result = ?5, worker = ?6, "
        "started_unix_s = ?7, ended_unix_s = ?8, end_rank = ?9 WHERE number = ?1")
      .bind(1, static_cast<int64_t>(trial.number))
      .bind(2, trial_state_word(trial.state))
      .bind(3, objectives_text(trial.values, trial.variances, trial.curve))
      .bind(4, trial.violation)
      .bind(5, stored_json(record.result))
      .bind(6, record.worker)
      .bind(7, record.started_unix_s)
      .bind(8, record.ended_unix_s)
      .bind(9, static_cast<int64_t>(end_rank))
      .run();
}

void StudyFile::renew(std::span<const Lease> leases) {
  if (leases.empty()) return;
  Transaction transaction(database_, Transaction::Kind::kWrite);
  for (const Lease& lease : leases) {
    Query(database_,
          "UPDATE trials SET renewed_unix_s = ?3 WHERE number = ?1 AND lease = ?2 "
          "AND end_rank IS NULL")
        .bind(1, static_cast<int64_t>(lease.trial))
        .bind(2, lease.token)
        .bind(3, options_.clock->unix_s())
        .run();
  }
  transaction.commit();
}

bool StudyFile::finish(const Lease& lease, const Outcome& outcome) {
  Transaction transaction(database_, Transaction::Kind::kWrite);
  const bool stored = store_end(lease, outcome);
  transaction.commit();
  return stored;
}

bool StudyFile::store_end(const Lease& lease, const Outcome& outcome) {
  CHECK(outcome.state != TrialState::kRunning, "trial {} is still running", lease.trial);
  Query(database_,
        "UPDATE trials SET state = ?3, objectives = ?4, violation = ?5, result = ?6, "
        "ended_unix_s = ?7, "
        "end_rank = (SELECT coalesce(max(end_rank), 0) + 1 FROM trials) "
        "WHERE number = ?1 AND lease = ?2 AND end_rank IS NULL")
      .bind(1, static_cast<int64_t>(lease.trial))
      .bind(2, lease.token)
      .bind(3, trial_state_word(outcome.state))
      .bind(4, objectives_text(outcome.values, outcome.variances, outcome.curve))
      .bind(5, outcome.violation)
      .bind(6, stored_json(outcome.result))
      .bind(7, options_.clock->unix_s())
      .run();
  return database_.changes() == 1;
}

void StudyFile::give_up(const Lease& lease) {
  Transaction transaction(database_, Transaction::Kind::kWrite);
  Query(database_,
        "UPDATE trials SET process = '', worker = '' WHERE number = ?1 AND lease = ?2 "
        "AND end_rank IS NULL")
      .bind(1, static_cast<int64_t>(lease.trial))
      .bind(2, lease.token)
      .run();
  transaction.commit();
}

std::span<const Trial> StudyFile::trials() {
  const Transaction transaction(database_, Transaction::Kind::kRead);
  read_changes();
  return trials_.all();
}

// Brings trials_ up to date; the caller has begun a transaction. As numbers have no gaps and ends
// are final, only two kinds of trials can differ from what was read last: those beyond the last
// number, and those that ended since.
void StudyFile::read_changes() {
  const size_t before = trials_.size();
  Query ended(database_, select_trials(kEndColumns,
                                       "WHERE end_rank > ?1 AND number < ?2 "
                                       "ORDER BY end_rank"));
  ended.bind(1, static_cast<int64_t>(ends_read_)).bind(2, static_cast<int64_t>(before));
  uint64_t last_end = ends_read_;
  while (before > 0 && ended.step()) {
    TrialRow row = read_end_row(ended, place());
    last_end = row.end_rank;
    Trial& trial = trials_.change()[row.trial.number];
    row.trial.configuration = std::move(trial.configuration);
    trial = std::move(row.trial);
  }
  Query added(database_, select_trials(kHistoryColumns, "WHERE number >= ?1 ORDER BY number"));
  // The first time no row is left out: a number below 0 is damage.
  added.bind(1, before == 0 ? INT64_MIN : static_cast<int64_t>(before));
  while (added.step()) {
    TrialRow row = read_history_row(added, *space_, place());
    expect_next(row.trial.number, trials_.size());
    last_end = std::max(last_end, row.end_rank);
    trials_.change().push_back(std::move(row.trial));
  }
  ends_read_ = last_end;
}

// Numbers have no gaps.
void StudyFile::expect_next(uint64_t number, uint64_t trials_before) const {
  if (number == trials_before) return;
  fail(ErrorKind::kInput, "{}: found behind {} trials, wanted row {} there",
       damaged_row(place(), "trials", number), trials_before, trials_before);
}

std::vector<TrialRecord> StudyFile::records() {
  std::vector<TrialRecord> records;
  Query rows(database_, select_trials(kTrialColumns, "ORDER BY number"));
  while (rows.step()) {
    TrialRow row = read_trial_row(rows, *space_, place());
    expect_next(row.trial.number, records.size());
    const bool waiting = !row.ended_unix_s && !is_held(row.process, row.renewed_unix_s);
    records.push_back({std::move(row.trial), std::move(row.result), std::move(row.worker), waiting,
                       row.started_unix_s, row.ended_unix_s});
  }
  return records;
}

std::optional<Json> StudyFile::note(std::string_view name) {
  Query query(database_, "SELECT value FROM notes WHERE name = ?1");
  query.bind(1, name);
  if (!query.step()) return std::nullopt;
  return StoredRow(query, note_place(name)).json(0);
}

std::vector<std::string> StudyFile::note_names() {
  std::vector<std::string> names;
  Query query(database_, "SELECT name FROM notes ORDER BY name");
  while (query.step()) names.push_back(query.text(0));
  return names;
}

void StudyFile::set_note(std::string_view name, const Json& value) {
  Query(database_, kReplaceNote).bind(1, name).bind(2, stored_json(value)).run();
  database_.sync();
}

}  // namespace wattgrind
