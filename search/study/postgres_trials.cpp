// Trials of a study on a server: taken, ended and read.
#include <algorithm>
#include <limits>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "search/study/postgres_store.h"
#include "search/study/worker_process.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// The database's clock, in seconds since the start of 1970.
constexpr std::string_view kNow = "extract(epoch FROM clock_timestamp())::float8";

// kTrialColumns without what samplers do not read.
constexpr const char* kChangedColumns =
    "number, configuration, state, objectives, violation, NULL::text AS result, lease, "
    "workers_lost, ''::text AS process, ''::text AS worker, renewed_unix_s, started_unix_s, "
    "ended_unix_s, end_rank";

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
  read_changes();
  return claimed(static_cast<uint64_t>(row.integer(0)), row.integer(1),
                 static_cast<uint64_t>(row.integer(2)));
}

// The trial that an earlier attempt of this call claimed, whose answer was lost. Taken anew, so
// that it is on the disk, and its lease begins now.
std::optional<ClaimedTrial> PostgresStore::take_orphan() {
  std::vector<uint64_t> held;
  for (const auto& [number, token] : held_) held.push_back(number);
  static const std::string kTakeAgain = fmt::format(
      "UPDATE wattgrind.trials SET renewed_unix_s = {0}, started_unix_s = {0} "
      "WHERE study = $1 AND end_rank IS NULL AND process = $2 AND number = ("
      "  SELECT min(number) FROM wattgrind.trials WHERE study = $1 AND end_rank IS NULL "
      "  AND process = $2 AND number <> ALL ($3::bigint[])) "
      "RETURNING number, lease, workers_lost",
      kNow);
  PostgresRows row = connection_.query(kTakeAgain, {study(), process_, postgres_value(held)});
  if (!row.step()) return std::nullopt;
  read_changes();
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
  if (kept.changes() == 0) {  // taken for lost meanwhile, by an impatient one
    read_changes();
    return std::nullopt;
  }
  unfinished_.push_back(number);
  trials_.push_back({number, std::move(*asked), TrialState::kRunning, {}, std::nullopt});
  return claimed(number, 1, 0);
}

ClaimedTrial PostgresStore::claimed(uint64_t number, int64_t token, uint64_t workers_lost) {
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
                             objectives_text(outcome.values, outcome.variances, outcome.curve),
                             postgres_value(outcome.violation), stored_json(outcome.result)})
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
  let_go(lease);
  return ours;
}

// Of this lease alone: the trial may have been taken anew since.
void PostgresStore::let_go(const Lease& lease) {
  const auto held = held_.find(lease.trial);
  if (held != held_.end() && held->second == lease.token) held_.erase(held);
}

void PostgresStore::give_up(const Lease& lease) {
  connection_.repeat([&](int) {
    connection_.query(
        "UPDATE wattgrind.trials SET process = '', worker = '' WHERE study = $1 AND number = $2 "
        "AND lease = $3 AND end_rank IS NULL",
        {study(), postgres_value(lease.trial), postgres_value(lease.token)});
  });
  let_go(lease);
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

}  // namespace wattgrind
