// A PostgreSQL server of a test's own, in a temporary folder, gone with the process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tests/temporary_folder.h"

namespace wattgrind {

// Where initdb and postgres are; absent where PostgreSQL's server is not installed.
std::optional<std::filesystem::path> postgres_programs();

// Says why a test that needs a server is skipped.
inline constexpr const char* kNoPostgres =
    "PostgreSQL is not installed: apt-get install postgresql";

// Anybody may come in as its superuser "watt". Throws std::runtime_error where it does not start.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // postgresql://USER@127.0.0.1:PORT/DATABASE?study=NAME
  std::string url(std::string_view study, std::string_view user = "watt",
                  std::string_view database = "postgres") const;
  int port() const { return port_; }

  // Lives no longer than the thread that calls this.
  void start();
  // Ends it as a crash of the system would (SIGQUIT), or in order (SIGINT).
  void stop(int signal);

  // Runs statements as the superuser, and returns the last one's first value.
  std::string run(const std::string& sql, std::string_view database = "postgres") const;
  // Replaces the rules by which users come in (pg_hba.conf).
  void let_in_by(const std::string& rules) const;

 private:
  TemporaryFolder folder_;
  std::filesystem::path data_ = folder_.path() / "data";
  int port_ = 0;
  pid_t process_ = 0;
};

// The server that the tests of one process share.
PostgresServer& shared_postgres();

}  // namespace wattgrind
