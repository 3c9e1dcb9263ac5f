#include "search/study/study_file.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"
#include "search/study/stored_row.h"
#include "search/study/worker_process.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// Stands in the file's header and tells a study from other programs' databases: "WgSt".
constexpr int64_t kApplicationId = 0x57675374;
constexpr int64_t kVersion = 2;

constexpr std::string_view kDefinition = "definition";  // the name of a note

constexpr const char* kNotesTable =
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";

// Text that is no UTF-8 (of an error, say) is mended rather than refused.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
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

std::string quote(const Json& root, const Json::json_pointer& pointer) {
  return root.contains(pointer) ? dump(root[pointer]) : "nothing";
}

}  // namespace

std::string_view trial_state_word(const TrialRecord& record) {
  return record.waiting ? "waiting" : trial_state_word(record.trial.state);
}

StudyConflict::StudyConflict(Reason reason, std::string found)
    : Error(reason == Reason::kMayNotResume ? ErrorKind::kUsage : ErrorKind::kInput,
            fmt::format("{}, wanted {} or another file", found,
                        reason == Reason::kMayNotResume ? "leave to go on with it" : "the same")),
      reason_(reason),
      found_(std::move(found)) {}

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
      read_definition();
      return;
    }
  }
  read_definition();
  if (if_there == IfThere::kRefuse) {
    throw StudyConflict(
        StudyConflict::Reason::kMayNotResume,
        fmt::format("{}: holds a study with {} trials", path.string(), trials().size()));
  }
  check_definition(definition);
}

StudyFile::StudyFile(const std::filesystem::path& path)
    : StudyFile(existing(path), false, Options()) {
  if (!holds_study()) {
    fail(ErrorKind::kInput, "{}: is an empty file, wanted a study", path.string());
  }
  read_definition();
}

// False for an empty file, which SQLite takes for an empty database.
bool StudyFile::holds_study() {
  const int64_t application = read_pragma(database_, "PRAGMA application_id");
  const int64_t version = read_pragma(database_, "PRAGMA user_version");
  if (application == 0 && version == 0 && read_pragma(database_, "PRAGMA schema_version") == 0) {
    return false;
  }
  if (application != kApplicationId) {
    fail(ErrorKind::kInput, "{}: is no study: found another program's database", path().string());
  }
  if (version != kVersion) {
    fail(ErrorKind::kInput,
         "{}: found a study of version {}, wanted {}: use the wattgrind that "
         "made it or a newer one",
         path().string(), version, kVersion);
  }
  return true;
}

void StudyFile::make_tables(const StudyDefinition& definition) {
  CHECK(definition.config.contains("space"), "{}", definition.config.dump());
  database_.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  database_.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
  database_.execute(kNotesTable);
  database_.execute(kTrialsTable);
  set_note(kDefinition,
           {{"name", definition.name}, {"seed", definition.seed}, {"config", definition.config}});
}

// A view or a trigger would do what its author likes whenever a table is read or written.
void StudyFile::check_tables() {
  Query others(database_,
               "SELECT type, name FROM sqlite_schema WHERE type NOT IN ('table', 'index')");
  if (others.step()) {
    fail(ErrorKind::kInput, "{}: is damaged: found the {} \"{}\", wanted tables alone",
         path().string(), others.text(0), others.text(1));
  }
  Query notes(database_, "SELECT name FROM notes");
  for (uint64_t row = 0; notes.step(); ++row) {
    StoredRow(notes, damaged_row(path(), "notes", row)).text(0);
  }
}

void StudyFile::read_definition() {
  check_tables();
  const std::optional<Json> stored = note(kDefinition);
  if (!stored) {
    fail(ErrorKind::kInput, "{}: is damaged: found no definition of the study", path().string());
  }
  const std::string where = note_place(kDefinition);
  const auto member = [&](const Json& json, const char* key) -> const Json& {
    expect_object(json, where);
    const auto found = json.find(key);
    if (found == json.end()) fail(ErrorKind::kInput, "{}: found no \"{}\"", where, key);
    return *found;
  };
  definition_.name = expect_string(member(*stored, "name"), where + ".name");
  const Json& seed = member(*stored, "seed");
  if (!seed.is_number_unsigned()) {
    fail(ErrorKind::kInput, "{}.seed: found {}, wanted an integer of at least 0", where,
         quote_ordered_json(seed));
  }
  definition_.seed = seed.get<uint64_t>();
  definition_.config = member(*stored, "config");
  space_ = parse_space(member(definition_.config, "space"), where + ".config.space");
}

void StudyFile::check_definition(const StudyDefinition& wanted) const {
  const auto refuse = [this](std::string_view what, const std::string& stored,
                             const std::string& found) {
    throw StudyConflict(StudyConflict::Reason::kOtherDefinition,
                        fmt::format("{}: holds a study with {} {}, found {} now", path().string(),
                                    what, stored, found));
  };
  if (wanted.name != definition_.name) refuse("name", definition_.name, wanted.name);
  if (wanted.seed != definition_.seed) {
    refuse("seed", fmt::format("{}", definition_.seed), fmt::format("{}", wanted.seed));
  }
  // The order of keys means something in the space alone: samplers go through it in order.
  const nlohmann::json stored = definition_.config, found = wanted.config;
  const nlohmann::json difference = nlohmann::json::diff(stored, found);
  if (!difference.empty()) {
    const std::string path_of = difference[0].at("path");
    const Json::json_pointer place(path_of);
    std::string key = path_of.substr(1);
    std::replace(key.begin(), key.end(), '/', '.');
    refuse(key, quote(definition_.config, place), quote(wanted.config, place));
  }
  const Json &space = definition_.config.at("space"), &wanted_space = wanted.config.at("space");
  if (dump(space) != dump(wanted_space)) refuse("space", dump(space), dump(wanted_space));
}

Claim StudyFile::claim(uint64_t trials, Sampler& sampler) {
  Transaction transaction(database_, Transaction::Kind::kWrite);
  read_changes();
  if (const std::optional<uint64_t> waiting = first_waiting(trials)) {
    ClaimedTrial claimed = take(*waiting, trials_[*waiting].configuration);
    transaction.commit();
    return claimed;
  }
  NothingToClaim nothing;
  if (trials_.size() < trials) {
    const uint64_t number = trials_.size();
    if (std::optional<Configuration> asked = sampler.ask(number, trials_)) {
      insert(number, *asked);
      ClaimedTrial claimed = take(number, std::move(*asked));
      transaction.commit();
      return claimed;
    }
    nothing.exhausted = true;
  }
  for (const Trial& trial : trials_) {
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
  Query unfinished(database_, fmt::format("{} WHERE end_rank IS NULL AND number < ?1 "
                                          "ORDER BY number",
                                          kSelectTrials)
                                  .c_str());
  unfinished.bind(1, static_cast<int64_t>(trials));
  while (unfinished.step()) {
    const TrialRow row = read_trial_row(unfinished, *space_, path());
    if (!is_held(row.process, row.renewed_unix_s)) return row.trial.number;
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
    fail(ErrorKind::kInput, "{}: cannot be found again", damaged_row(path(), "trials", number));
  }
  const Lease lease{number, taken.integer(0)};
  const auto workers_lost = static_cast<uint64_t>(taken.integer(1));
  return {lease, std::move(configuration),
          std::vector<Trial>(trials_.begin(), trials_.begin() + static_cast<ptrdiff_t>(number)),
          workers_lost};
}

void StudyFile::insert(uint64_t number, const Configuration& configuration) {
  Query(database_,
        "INSERT INTO trials (number, configuration, state, lease, process, worker, "
        "renewed_unix_s, started_unix_s) VALUES (?1, ?2, 'running', 0, '', '', 0, 0)")
      .bind(1, static_cast<int64_t>(number))
      .bind(2, dump(to_json(*space_, configuration)))
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
  CHECK(outcome.state != TrialState::kRunning, "trial {} is still running", lease.trial);
  Transaction transaction(database_, Transaction::Kind::kWrite);
  Query(database_,
        "UPDATE trials SET state = ?3, objectives = ?4, violation = ?5, result = ?6, "
        "ended_unix_s = ?7, "
        "end_rank = (SELECT coalesce(max(end_rank), 0) + 1 FROM trials) "
        "WHERE number = ?1 AND lease = ?2 AND end_rank IS NULL")
      .bind(1, static_cast<int64_t>(lease.trial))
      .bind(2, lease.token)
      .bind(3, trial_state_word(outcome.state))
      .bind(4, dump(Json(outcome.values)))
      .bind(5, outcome.violation)
      .bind(6, dump(outcome.result))
      .bind(7, options_.clock->unix_s())
      .run();
  const bool ours = database_.changes() == 1;
  transaction.commit();
  return ours;
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
  return trials_;
}

// Brings trials_ up to date; the caller has begun a transaction. As numbers have no gaps and ends
// are final, only two kinds of trials can differ from what was read last: those beyond the last
// number, and those that ended since.
void StudyFile::read_changes() {
  Query added(database_,
              fmt::format("{} WHERE number >= ?1 ORDER BY number", kSelectTrials).c_str());
  // The first time no row is left out: a number below 0 is damage.
  added.bind(1, trials_.empty() ? INT64_MIN : static_cast<int64_t>(trials_.size()));
  while (added.step()) {
    TrialRow row = read_next_row(added, trials_.size());
    trials_.push_back({row.trial.number,
                       std::move(row.trial.configuration),
                       TrialState::kRunning,
                       {},
                       std::nullopt});
  }
  Query ended(database_,
              fmt::format("{} WHERE end_rank > ?1 AND number < ?2 ORDER BY end_rank", kSelectTrials)
                  .c_str());
  ended.bind(1, static_cast<int64_t>(ends_read_)).bind(2, static_cast<int64_t>(trials_.size()));
  while (ended.step()) {
    TrialRow row = read_trial_row(ended, *space_, path());
    ends_read_ = row.end_rank;
    trials_[row.trial.number] = std::move(row.trial);
  }
}

// Reads the row of a trial that stands behind so many others: numbers have no gaps.
TrialRow StudyFile::read_next_row(const Query& query, uint64_t trials_before) const {
  TrialRow row = read_trial_row(query, *space_, path());
  if (row.trial.number != trials_before) {
    fail(ErrorKind::kInput, "{}: found behind {} trials, wanted row {} there",
         damaged_row(path(), "trials", row.trial.number), trials_before, trials_before);
  }
  return row;
}

std::vector<TrialRecord> StudyFile::records() {
  std::vector<TrialRecord> records;
  Query rows(database_, fmt::format("{} ORDER BY number", kSelectTrials).c_str());
  while (rows.step()) {
    TrialRow row = read_next_row(rows, records.size());
    const bool waiting = !row.ended_unix_s && !is_held(row.process, row.renewed_unix_s);
    records.push_back({std::move(row.trial), std::move(row.result), std::move(row.worker), waiting,
                       row.started_unix_s, row.ended_unix_s});
  }
  return records;
}

std::string StudyFile::note_place(std::string_view name) const {
  return damaged_row(path(), "notes", name);
}

std::optional<Json> StudyFile::note(std::string_view name) {
  Query query(database_, "SELECT value FROM notes WHERE name = ?1");
  query.bind(1, name);
  if (!query.step()) return std::nullopt;
  return StoredRow(query, note_place(name)).json(0);
}

void StudyFile::set_note(std::string_view name, const Json& value) {
  Query(database_, "INSERT OR REPLACE INTO notes (name, value) VALUES (?1, ?2)")
      .bind(1, name)
      .bind(2, dump(value))
      .run();
}

}  // namespace wattgrind
