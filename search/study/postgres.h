// PostgreSQL, as far as a study needs it: errors that name the place and the remedy, results that
// are freed, and connections that come back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/study/libpq.h"
#include "search/study/postgres_url.h"
#include "search/study/stored_row.h"

namespace wattgrind {

// A parameter of a statement, as text; absent for NULL.
using PostgresValue = std::optional<std::string>;

PostgresValue postgres_value(double value);
PostgresValue postgres_value(uint64_t value);
PostgresValue postgres_value(int64_t value);
PostgresValue postgres_value(std::optional<double> value);
// An array of integers: "{1,2,3}".
PostgresValue postgres_value(std::span<const uint64_t> values);

// A statement with its parameters $1, $2, ...
struct PostgresStatement {
  std::string sql;
  std::vector<PostgresValue> values = {};
};

// The rows that a statement returned, read one after the other.
class PostgresRows : public ColumnReader {
 public:
  explicit PostgresRows(PGresult* result) : result_(result) {}

  // Goes to the next row, at first to the first; false where there is none.
  bool step() { return ++row_ < libpq().ntuples(result_.get()); }
  // Rows that the statement inserted, changed or deleted.
  int64_t changes() const;

  ValueType type(int column) const override;
  std::string name(int column) const override;
  int64_t integer(int column) const override;
  double real(int column) const override;
  std::string text(int column) const override;

 private:
  struct Clearer {
    void operator()(PGresult* result) const { libpq().clear(result); }
  };

  std::unique_ptr<PGresult, Clearer> result_;
  int row_ = -1;
};

// One connection at a time to one database. One thread at a time.
class PostgresConnection {
 public:
  // How long a lost server is waited for before the caller hears of it.
  static constexpr double kPatience_s = 600;
  // An answer that takes longer is taken for a cut in the network.
  static constexpr double kAnswer_s = 60;

  // Told in a line that the server is away, and that it is back.
  using Notice = std::function<void(const std::string&)>;

  // Connects. Throws Error with the remedy where that fails: kMissing where the system is not ready
  // (no server, no rights, a password or TLS wanted), kInput where the URL names what is not there.
  PostgresConnection(PostgresUrl url, Notice notice);

  const PostgresUrl& url() const { return url_; }

  // Runs `work` with the connection. If that is lost on the way, or the server says that it is
  // short of something for a moment, connects again, waiting longer each time, and runs `work` from
  // its beginning with the number of attempts before it: what it had committed stays, what it had
  // not is gone. Throws Error(kFailed) once kPatience_s are over, or a few seconds after an
  // interrupt. Within `work` it runs its work as a part of that.
  void repeat(const std::function<void(int attempts)>& work);

  // Within repeat(): runs one statement, its parameters $1, $2, ... The server plans a text once a
  // connection.
  PostgresRows query(const std::string& sql, const std::vector<PostgresValue>& values = {});
  // Within repeat(): runs the statements one after the other, in one journey to the server where
  // libpq can do that. Outside a transaction they are one.
  std::vector<PostgresRows> query_all(const std::vector<PostgresStatement>& statements);
  // Within repeat(): returns when all that was committed is on the server's disk, or wherever else
  // its setting synchronous_commit wants it. Commits do not wait for that themselves: what they
  // wrote others see at once, but only once this has returned it outlives a crash of the server.
  void flush();
  PostgresStatement flush_statement() const;
  // Within repeat(): runs statements that return nothing, separated by ";".
  void execute(const std::string& sql);

  // How often the connection was made. What was read over an earlier one may have been undone by a
  // crash of the server.
  uint64_t connections() const { return connections_; }

 private:
  struct Closer {
    void operator()(PGconn* connection) const { libpq().finish(connection); }
  };

  void connect();
  void begin_session();
  const std::string& prepared(const std::string& sql);
  void send(const std::string& name, const std::vector<PostgresValue>& values);
  PostgresRows next_result();
  PostgresRows last_result();
  void expect_done(const PGresult* result) const;
  void await_result() const;
  void await_input() const;
  [[noreturn]] void fail_for(const PGresult* result) const;
  void wait_before(int attempt, double since_s, const std::string& reason) const;

  PostgresUrl url_;
  Notice notice_;
  std::unique_ptr<PGconn, Closer> connection_;
  std::map<std::string, std::string> prepared_;  // names of statements on this connection by text
  uint64_t connections_ = 0;
  bool repeating_ = false;
  bool in_session_ = false;         // begin_session() was done on this connection
  std::string synchronous_commit_;  // as the server has it for this user
};

// What a failed attempt to connect stands for, told from the server's message, which has no code:
// the remedy, in a line that begins with the URL.
struct PostgresRefusal {
  bool is_input = false;  // the URL names what is not there, rather than that a system is not ready
  bool may_pass = false;  // a server that is starting, or has no connection left
  std::string text;
};
PostgresRefusal explain_refusal(const std::string& url, const std::string& message);

}  // namespace wattgrind
