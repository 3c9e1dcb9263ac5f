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
  connection_.repeat(
      [&](int attempts) { claim = claim_next(attempts, nullptr, trials, sampler).next; });
  return claim;
}

FinishedAndClaimed PostgresStore::finish_and_claim(const Lease& lease, const Outcome& outcome,
                                                   uint64_t trials, Sampler& sampler) {
  const PostgresStatement end = end_statement(lease, outcome);
  FinishedAndClaimed done;
  connection_.repeat([&](int attempts) {
    done = claim_next(attempts, &end, trials, sampler);
    if (!done.stored && attempts > 0) done.stored = was_stored(lease);
  });
  let_go(lease);
  return done;
}

// Runs `end`, where there is one, in the same journey to the server as what claims.
FinishedAndClaimed PostgresStore::claim_next(int attempts, const PostgresStatement* end,
                                             uint64_t trials, Sampler& sampler) {
  FinishedAndClaimed done;
  const bool ends = end != nullptr;
  look_for_the_dead();
  std::optional<ClaimedTrial> taken;
  if (attempts > 0) {
    if (end != nullptr) done.stored = connection_.query(end->sql, end->values).changes() == 1;
    end = nullptr;
    taken = take_orphan();
  }
  if (!taken) {
    std::vector<PostgresStatement> statements = {take_statement(trials), changes_statement()};
    if (end != nullptr) statements.insert(statements.begin(), *end);
    std::vector<PostgresRows> results = connection_.query_all(statements);
    if (end != nullptr) done.stored = results.front().changes() == 1;
    learn(results.back());
    taken = claimed_row(results[results.size() - 2]);
  }
  bool exhausted = false;
  if (!taken && trials_.size() < trials) taken = propose(trials, sampler, exhausted);
  if (taken || ends) connection_.flush();
  if (taken) {
    held_[taken->lease.trial] = taken->lease.token;
    done.next = std::move(*taken);
    return done;
  }
  NothingToClaim nothing{0, exhausted};
  for (const uint64_t number : unfinished_) nothing.in_flight += number < trials ? 1 : 0;
  done.next = nothing;
  return done;
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
PostgresStatement PostgresStore::take_statement(uint64_t trials) const {
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
  return {kTake,
          {study(), postgres_value(trials), postgres_value(options_.lease_s), dead_, process_,
           process_name()}};
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
  read_changes();
  return claimed_row(row);
}

// Proposes the next trial and takes it. Which trials ended was read just before; under the lock
// only those are read that were proposed since, so that it is held no longer the more are in
// flight.
std::optional<ClaimedTrial> PostgresStore::propose(uint64_t trials, Sampler& sampler,
                                                   bool& exhausted) {
  static const std::string kInsert = fmt::format(
      "INSERT INTO wattgrind.trials (study, number, configuration, state, lease, process, worker, "
      "renewed_unix_s, started_unix_s) VALUES ($1, $2, $3, 'running', 1, $4, $5, {0}, {0})",
      kNow);
  static const std::string kAdded = fmt::format(
      "SELECT {} FROM wattgrind.trials WHERE study = $1 AND number >= $2", kHistoryColumns);
  std::vector<PostgresRows> results = connection_.query_all(
      {{"BEGIN"},
       {"SELECT pg_advisory_xact_lock($1::integer, $2::integer)", {postgres_value(kLock), study()}},
       {kAdded, {study(), postgres_value(trials_.size())}}});
  learn(results.back());
  const uint64_t number = trials_.size();
  std::optional<Configuration> asked;
  if (number < trials) {
    asked = sampler.ask(number, trials_.all());
    exhausted = !asked;
  }
  if (!asked) {
    connection_.execute("ROLLBACK");
    return std::nullopt;
  }
  connection_.query_all({{kInsert,
                          {study(), postgres_value(number), stored_json(to_json(*space_, *asked)),
                           process_, process_name()}},
                         {"COMMIT"}});
  unfinished_.push_back(number);
  trials_.change().push_back({number, std::move(*asked), TrialState::kRunning, {}, std::nullopt});
  return claimed(number, 1, 0);
}

std::optional<ClaimedTrial> PostgresStore::claimed_row(PostgresRows& row) {
  if (!row.step()) return std::nullopt;
  return claimed(static_cast<uint64_t>(row.integer(0)), row.integer(1),
                 static_cast<uint64_t>(row.integer(2)));
}

ClaimedTrial PostgresStore::claimed(uint64_t number, int64_t token, uint64_t workers_lost) {
  if (number >= trials_.size()) {
    fail(ErrorKind::kInput, "{}: cannot be found again", damaged_row(place(), "trials", number));
  }
  return {{number, token}, trials_[number].configuration, trials_.first(number), workers_lost};
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
    connection_.flush();
  });
}

PostgresStatement PostgresStore::end_statement(const Lease& lease, const Outcome& outcome) const {
  CHECK(outcome.state != TrialState::kRunning, "trial {} is still running", lease.trial);
  static const std::string kFinish = fmt::format(
      "UPDATE wattgrind.trials SET state = $4, objectives = $5, violation = $6, result = $7, "
      "ended_unix_s = {}, end_rank = nextval('wattgrind.ends') "
      "WHERE study = $1 AND number = $2 AND lease = $3 AND end_rank IS NULL",
      kNow);
  return {kFinish,
          {study(), postgres_value(lease.trial), postgres_value(lease.token),
           std::string(trial_state_word(outcome.state)),
           objectives_text(outcome.values, outcome.variances, outcome.curve),
           postgres_value(outcome.violation), stored_json(outcome.result)}};
}

// Whether an attempt stored the end of the trial whose answer was lost.
bool PostgresStore::was_stored(const Lease& lease) {
  return connection_
      .query(
          "SELECT 1 FROM wattgrind.trials WHERE study = $1 AND number = $2 "
          "AND lease = $3 AND end_rank IS NOT NULL",
          {study(), postgres_value(lease.trial), postgres_value(lease.token)})
      .step();
}

bool PostgresStore::finish(const Lease& lease, const Outcome& outcome) {
  const PostgresStatement end = end_statement(lease, outcome);
  bool stored = false;
  connection_.repeat([&](int attempts) {
    stored = connection_.query(end.sql, end.values).changes() == 1;
    if (!stored && attempts > 0) stored = was_stored(lease);
    connection_.flush();
  });
  let_go(lease);
  return stored;
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
    connection_.flush();
  });
  let_go(lease);
}

std::span<const Trial> PostgresStore::trials() {
  connection_.repeat([&](int) { read_changes(); });
  return trials_.all();
}

void PostgresStore::read_changes() {
  const PostgresStatement statement = changes_statement();
  PostgresRows rows = connection_.query(statement.sql, statement.values);
  learn(rows);
}

// Asks for what brings trials_ up to date. As numbers have no gaps and ends are final, only two
// kinds of trials can differ from what was read last: those beyond the last number, and those that
// had not ended. Of the latter the configuration is known.
PostgresStatement PostgresStore::changes_statement() {
  // A server that crashed may have lost what was proposed last, of which nobody had an answer.
  if (std::exchange(read_over_, connection_.connections()) != connection_.connections()) {
    trials_ = KnownTrials();
    unfinished_.clear();
  }
  static const std::string kChanges = fmt::format(
      "SELECT {}, NULL::text AS configuration FROM wattgrind.trials "
      "WHERE study = $1 AND number = ANY ($2::bigint[]) AND end_rank IS NOT NULL "
      "UNION ALL (SELECT {} FROM wattgrind.trials WHERE study = $1 AND number >= $3 "
      "ORDER BY number)",
      kEndColumns, kHistoryColumns);
  // The first time no row is left out: a number below 0 is damage.
  const PostgresValue next = trials_.size() == 0
                                 ? postgres_value(std::numeric_limits<int64_t>::min())
                                 : postgres_value(trials_.size());
  return {kChanges, {study(), postgres_value(unfinished_), next}};
}

void PostgresStore::learn(PostgresRows& changes) {
  std::vector<TrialRow> added;
  while (changes.step()) {
    if (changes.type(kConfigurationColumn) != ValueType::kNull) {
      added.push_back(read_history_row(changes, *space_, place()));
      continue;
    }
    TrialRow row = read_end_row(changes, place());
    Trial& trial = trials_.change()[row.trial.number];
    row.trial.configuration = std::move(trial.configuration);
    trial = std::move(row.trial);
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
    trials_.change().push_back(std::move(row.trial));
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
