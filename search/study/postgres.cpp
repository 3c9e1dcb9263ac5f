#include "search/study/postgres.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <stop_token>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// Types of columns, as PostgreSQL's catalogue numbers them (pg_type.dat); they never change.
constexpr Oid kInt8 = 20, kInt4 = 23, kFloat8 = 701;

constexpr double kFirstWait_s = 0.1, kLongestWait_s = 5;
constexpr double kAfterInterrupt_s = 5;

// The connection is gone, or the server asks to come again: repeat() sees to it.
class PostgresAway : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Classes and codes of errors that pass by themselves (PostgreSQL's appendix A): connections,
// transactions in each other's way, too little memory, disk or connections for now, shutdowns, and
// sessions that the server ended because they said nothing for long.
bool passes_by_itself(std::string_view state) {
  constexpr std::array<std::string_view, 5> kCodes = {"25P03", "57P01", "57P02", "57P03", "57P05"};
  return state.starts_with("08") || state.starts_with("40") || state.starts_with("53") ||
         std::find(kCodes.begin(), kCodes.end(), state) != kCodes.end();
}

// In one line, without tabs and the newlines at its end.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::string line;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      line += "; ";
    } else if (text[i] != '\t') {
      line += text[i];
    }
  }
  return line;
}

void discard_notice(void*, const char*) {}

double now_s() { return system_clock().now_s(); }

}  // namespace

PostgresValue postgres_value(double value) { return fmt::format("{}", value); }
PostgresValue postgres_value(uint64_t value) { return fmt::format("{}", value); }
PostgresValue postgres_value(int64_t value) { return fmt::format("{}", value); }
PostgresValue postgres_value(std::optional<double> value) {
  return value ? postgres_value(*value) : std::nullopt;
}
PostgresValue postgres_value(std::span<const uint64_t> values) {
  return fmt::format("{{{}}}", fmt::join(values, ","));
}

int64_t PostgresRows::changes() const {
  const std::string_view count = libpq().cmd_tuples(result_.get());
  int64_t changes = 0;
  std::from_chars(count.data(), count.data() + count.size(), changes);
  return changes;
}

ValueType PostgresRows::type(int column) const {
  if (libpq().getisnull(result_.get(), row_, column) != 0) return ValueType::kNull;
  switch (libpq().ftype(result_.get(), column)) {
    case kInt8:
    case kInt4:
      return ValueType::kInteger;
    case kFloat8:
      return ValueType::kReal;
    default:
      return ValueType::kText;
  }
}

std::string PostgresRows::name(int column) const { return libpq().fname(result_.get(), column); }

int64_t PostgresRows::integer(int column) const {
  const std::string value = text(column);
  int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

double PostgresRows::real(int column) const {
  const std::string value = text(column);
  double number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::string PostgresRows::text(int column) const {
  return {libpq().getvalue(result_.get(), row_, column),
          static_cast<size_t>(libpq().getlength(result_.get(), row_, column))};
}

PostgresRefusal explain_refusal(const std::string& url, const std::string& message) {
  const std::string line = one_line(message);
  const auto says = [&line](std::string_view words) {
    return line.find(words) != std::string::npos;
  };
  const auto refusal = [&](bool is_input, bool may_pass, std::string_view remedy) {
    return PostgresRefusal{is_input, may_pass, fmt::format("{}: {}: {}", url, line, remedy)};
  };
  if (says("password authentication failed") || says("no password supplied")) {
    return refusal(false, false,
                   "wanted the user's password in the environment variable PGPASSWORD or in "
                   "~/.pgpass (readable by you alone)");
  }
  if (says("database \"") && says("does not exist")) {
    return refusal(true, false, "make it with createdb, or name another in the URL");
  }
  if (says("role \"") && says("does not exist")) {
    return refusal(true, false, "make it with createuser, or name another USER@ in the URL");
  }
  if (says("no encryption") || says("SSL off")) {
    return refusal(false, false,
                   "the server wants TLS, or does not let this host in: add sslmode=require to the "
                   "URL, or have its pg_hba.conf changed");
  }
  if (says("no pg_hba.conf entry") || says("authentication failed")) {
    return refusal(false, false,
                   "the server does not let this user in from here: have its "
                   "pg_hba.conf changed");
  }
  if (says("does not support SSL") || says("certificate")) {
    return refusal(false, false,
                   "TLS is not set up as the URL's sslmode wants it: see "
                   "sslmode and sslrootcert of libpq");
  }
  if (line.starts_with("invalid ")) {  // a value of the URL, as libpq read it
    return refusal(true, false, "wanted another in the URL, as libpq's connection URIs have it");
  }
  if (says("starting up") || says("shutting down") || says("recovery mode") ||
      says("too many clients") || says("connection slots")) {
    return refusal(false, true,
                   "the server takes no connection now: try again, or raise its "
                   "max_connections");
  }
  if (says("permission denied for database") || says("CONNECT privilege")) {
    return refusal(false, false, "have its owner GRANT CONNECT, CREATE on it");
  }
  return refusal(false, true,
                 "no PostgreSQL server answers there: start it, or mend HOST and PORT in the URL");
}

PostgresConnection::PostgresConnection(PostgresUrl url, Notice notice)
    : url_(std::move(url)), notice_(std::move(notice)) {
  connect();
}

void PostgresConnection::connect() {
  const LibPq& pq = libpq();
  // Earlier ones give way to the URL's.
  std::vector<const char*> keywords = {"connect_timeout",  "application_name",
                                       "keepalives_idle",  "keepalives_interval",
                                       "keepalives_count", "client_encoding"};
  std::vector<const char*> values = {"10", "wattgrind", "10", "5", "3", "UTF8"};
  for (const auto& [keyword, value] : url_.parameters) {
    const auto same = std::find_if(keywords.begin(), keywords.end(),
                                   [&k = keyword](const char* w) { return w == k; });
    if (same != keywords.end()) {
      values[static_cast<size_t>(same - keywords.begin())] = value.c_str();
    } else {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(pq.connectdb_params(keywords.data(), values.data(), 0));
  CHECK(connection_ != nullptr, "no memory for a connection");
  if (pq.status(connection_.get()) != CONNECTION_OK) {
    const PostgresRefusal refusal = explain_refusal(url_.text, pq.error_message(connection_.get()));
    connection_.reset();
    if (refusal.may_pass && connections_ > 0) throw PostgresAway(refusal.text);
    throw Error(refusal.is_input ? ErrorKind::kInput : ErrorKind::kMissing, refusal.text);
  }
  pq.set_notice_processor(connection_.get(), discard_notice, nullptr);
  prepared_.clear();
  in_session_ = false;
  ++connections_;
}

// Statements are planned once, for tables that grow: a plan made while they were empty would read
// them from end to end.
void PostgresConnection::begin_session() {
  PostgresRows row = query("SHOW synchronous_commit");
  if (row.step()) synchronous_commit_ = row.text(0);
  execute(
      "SET synchronous_commit TO off; SET idle_in_transaction_session_timeout TO '20s'; "
      "SET plan_cache_mode TO force_generic_plan; SET enable_seqscan TO off");
  in_session_ = true;
}

PostgresStatement PostgresConnection::flush_statement() const {
  // A transaction that writes something waits until the log before it is on the disk too.
  return {
      "SELECT set_config('synchronous_commit', $1, true), "
      "pg_logical_emit_message(true, 'wattgrind', ''::text)",
      {synchronous_commit_}};
}

void PostgresConnection::flush() {
  const PostgresStatement statement = flush_statement();
  query(statement.sql, statement.values);
}

void PostgresConnection::repeat(const std::function<void(int)>& work) {
  if (repeating_) {
    work(0);
    return;
  }
  repeating_ = true;
  const auto ends = [](bool* repeating) { *repeating = false; };
  const std::unique_ptr<bool, decltype(ends)> guard(&repeating_, ends);
  const double since_s = now_s();
  for (int attempts = 0;; ++attempts) {
    try {
      if (!connection_) connect();
      if (!in_session_) begin_session();
      if (attempts > 0 && notice_) notice_(fmt::format("{}: connected again", url_.text));
      work(attempts);
      return;
    } catch (const PostgresAway& away) {
      connection_.reset();
      if (attempts == 0 && notice_) {
        notice_(fmt::format("{}; trying again for up to {} min", away.what(), kPatience_s / 60));
      }
      wait_before(attempts + 1, since_s, away.what());
    } catch (...) {
      // A transaction that was begun ends with its connection.
      connection_.reset();
      throw;
    }
  }
}

void PostgresConnection::wait_before(int attempt, double since_s, const std::string& reason) const {
  const double patience_s = interrupted() ? kAfterInterrupt_s : kPatience_s;
  if (now_s() - since_s > patience_s) {
    fail(ErrorKind::kFailed,
         "{}; gave up after {:.0f} s; what is stored is intact: start again when it is back",
         reason, now_s() - since_s);
  }
  // Workers that lost a server together do not all come back in the same moment.
  const double longest = std::min(kLongestWait_s, kFirstWait_s * std::exp2(std::min(attempt, 10)));
  const double share = 0.5 + 0.5 * std::fmod(now_s() * 1e6, 1000) / 1000;
  double left_s = longest * share;
  // In slices, so that an interrupt is heard.
  for (; left_s > 0 && !(interrupted() && now_s() - since_s > kAfterInterrupt_s); left_s -= 0.2) {
    system_clock().sleep_until(now_s() + std::min(left_s, 0.2), std::stop_token());
  }
}

PostgresRows PostgresConnection::query(const std::string& sql,
                                       const std::vector<PostgresValue>& values) {
  send(prepared(sql), values);
  return last_result();
}

void PostgresConnection::send(const std::string& name, const std::vector<PostgresValue>& values) {
  std::vector<const char*> texts;
  for (const PostgresValue& value : values) texts.push_back(value ? value->c_str() : nullptr);
  if (libpq().send_query_prepared(connection_.get(), name.c_str(), static_cast<int>(texts.size()),
                                  texts.data(), nullptr, nullptr, 0) == 0) {
    fail_for(nullptr);
  }
}

std::vector<PostgresRows> PostgresConnection::query_all(
    const std::vector<PostgresStatement>& statements) {
  const LibPq& pq = libpq();
  std::vector<PostgresRows> results;
  if (pq.enter_pipeline_mode == nullptr) {
    for (const auto& statement : statements)
      results.push_back(query(statement.sql, statement.values));
    return results;
  }
  std::vector<std::string> names;
  for (const PostgresStatement& statement : statements) names.push_back(prepared(statement.sql));
  if (pq.enter_pipeline_mode(connection_.get()) == 0) fail_for(nullptr);
  for (size_t i = 0; i < statements.size(); ++i) send(names[i], statements[i].values);
  if (pq.pipeline_sync(connection_.get()) == 0) fail_for(nullptr);
  for (size_t i = 0; i < statements.size(); ++i) {
    results.push_back(next_result());
    await_result();
    const PostgresRows end_of_statement(pq.get_result(connection_.get()));
  }
  await_result();
  const PostgresRows end_of_all(pq.get_result(connection_.get()));
  if (pq.exit_pipeline_mode(connection_.get()) == 0) fail_for(nullptr);
  return results;
}

// In a pipeline: the result of the next statement. What fails ends the connection, and the pipeline
// with it.
PostgresRows PostgresConnection::next_result() {
  await_result();
  PGresult* const result = libpq().get_result(connection_.get());
  if (result == nullptr) fail_for(nullptr);
  PostgresRows rows(result);
  expect_done(result);
  return rows;
}

// The name under which the connection has the statement.
const std::string& PostgresConnection::prepared(const std::string& sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return found->second;
  const std::string name = fmt::format("s{}", prepared_.size());
  if (!connection_ ||
      libpq().send_prepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 0) {
    fail_for(nullptr);
  }
  const PostgresRows none = last_result();
  return prepared_.emplace(sql, name).first->second;
}

void PostgresConnection::execute(const std::string& sql) {
  if (!connection_ || libpq().send_query(connection_.get(), sql.c_str()) == 0) fail_for(nullptr);
  const PostgresRows none = last_result();
}

// The result of the last of the statements that were sent; fails for the first that failed.
PostgresRows PostgresConnection::last_result() {
  std::optional<PostgresRows> last;
  while (true) {
    await_result();
    PGresult* const result = libpq().get_result(connection_.get());
    if (result == nullptr) break;
    last.emplace(result);
    expect_done(result);
  }
  if (!last) fail_for(nullptr);
  return std::move(*last);
}

void PostgresConnection::expect_done(const PGresult* result) const {
  const ExecStatusType status = libpq().result_status(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail_for(result);
}

void PostgresConnection::await_result() const {
  while (libpq().is_busy(connection_.get()) != 0) {
    await_input();
    if (libpq().consume_input(connection_.get()) == 0) fail_for(nullptr);
  }
}

void PostgresConnection::await_input() const {
  const double since_s = now_s();
  pollfd descriptor = {libpq().socket(connection_.get()), POLLIN, 0};
  while (poll(&descriptor, 1, 1000) <= 0) {
    const double patience_s = interrupted() ? kAfterInterrupt_s : kAnswer_s;
    if (now_s() - since_s > patience_s) {
      throw PostgresAway(
          fmt::format("{}: the server did not answer for {:.0f} s", url_.text, now_s() - since_s));
    }
  }
}

// Fails for a result, or for the connection where there is none.
void PostgresConnection::fail_for(const PGresult* result) const {
  const LibPq& pq = libpq();
  const char* const code =
      result == nullptr ? nullptr : pq.result_error_field(result, PG_DIAG_SQLSTATE);
  const std::string_view state = code == nullptr ? "" : code;
  const char* const primary =
      result == nullptr ? nullptr : pq.result_error_field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string reason = one_line(
      primary != nullptr ? primary
                         : (connection_ ? pq.error_message(connection_.get()) : "not connected"));
  const std::string& url = url_.text;
  if (state.empty() || passes_by_itself(state)) {
    throw PostgresAway(fmt::format("{}: {}", url, reason));
  }
  if (state == "42501") {
    const std::string user = pq.user(connection_.get());
    const bool is_new = reason.find("for database") != std::string::npos;
    fail(ErrorKind::kMissing, "{}: {}: wanted a user who may {}", url, reason,
         is_new ? fmt::format("make the schema wattgrind there: have the database's owner GRANT "
                              "CREATE ON DATABASE {} TO {}",
                              pq.db(connection_.get()), user)
                : fmt::format("change the schema wattgrind, which another made: work as that one, "
                              "or have them GRANT their role TO {}",
                              user));
  }
  if (state == "25006") {
    fail(ErrorKind::kMissing, "{}: {}: wanted a server that may be written, no standby", url,
         reason);
  }
  if (state == "23503") {
    fail(ErrorKind::kInput, "{}: the study was deleted meanwhile, wanted it to stay", url);
  }
  // What is not there, or is of another type than it was made with.
  if (state.starts_with("42")) {
    fail(ErrorKind::kInput, "{}: is damaged ({}), wanted the tables that wattgrind made", url,
         reason);
  }
  fail(ErrorKind::kFailed, "{}: {} ({})", url, reason, state);
}

}  // namespace wattgrind
