#include "tests/search/study/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "search/study/libpq.h"

namespace wattgrind {
namespace {

constexpr uid_t kNobody = 65534;  // PostgreSQL refuses root

void become_nobody() {
  if (getuid() != 0) return;
  if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(126);
}

pid_t start_process(const std::vector<std::string>& words, const std::filesystem::path& log) {
  const pid_t child = fork();
  if (child != 0) return child;
  become_nobody();
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // it ends with the test, however that ends
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(words[0].c_str(), arguments.data());
  _exit(127);
}

int free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  close(listener);
  return ntohs(address.sin_port);
}

}  // namespace

std::optional<std::filesystem::path> postgres_programs() {
  std::error_code ignored;
  std::optional<std::filesystem::path> found;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::filesystem::path programs = version.path() / "bin";
    if (std::filesystem::exists(programs / "initdb") && (!found || *found < programs)) {
      found = programs;
    }
  }
  return found;
}

PostgresServer::PostgresServer() : port_(free_port()) {
  if (getuid() == 0 && chown(folder_.path().c_str(), kNobody, kNobody) != 0) {
    throw std::runtime_error("chown");
  }
  const pid_t made = start_process({*postgres_programs() / "initdb", "-D", data_, "-U", "watt",
                                    "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"},
                                   folder_.path() / "initdb.log");
  int status = 0;
  waitpid(made, &status, 0);
  if (status != 0) throw std::runtime_error(fmt::format("initdb ended with {}", status));
  start();
}

PostgresServer::~PostgresServer() {
  if (process_ != 0) stop(SIGQUIT);
}

std::string PostgresServer::url(std::string_view study, std::string_view user,
                                std::string_view database) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}{}{}", user, port_, database,
                     study.empty() ? "" : "?study=", study);
}

void PostgresServer::start() {
  // Without fsync: what is tested is what PostgreSQL was told, not the disk below it.
  process_ = start_process({*postgres_programs() / "postgres", "-D", data_, "-k", folder_.path(),
                            "-h", "127.0.0.1", "-p", std::to_string(port_), "-F"},
                           folder_.path() / "postgres.log");
  for (int attempt = 0; attempt < 300; ++attempt) {
    try {
      run("SELECT 1");
      return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  std::ifstream log(folder_.path() / "postgres.log");
  throw std::runtime_error("no server: " + std::string(std::istreambuf_iterator<char>(log), {}));
}

void PostgresServer::stop(int signal) {
  kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

std::string PostgresServer::run(const std::string& sql, std::string_view database) const {
  const LibPq& pq = libpq();
  // Through its own socket, which let_in_by() leaves open.
  const std::string folder = folder_.path(), port = std::to_string(port_);
  const std::vector<const char*> keywords = {"host", "port", "user", "dbname", nullptr};
  const std::string name(database);
  const std::vector<const char*> values = {folder.c_str(), port.c_str(), "watt", name.c_str(),
                                           nullptr};
  const std::unique_ptr<PGconn, decltype(pq.finish)> connection(
      pq.connectdb_params(keywords.data(), values.data(), 0), pq.finish);
  std::string value;
  bool failed = pq.status(connection.get()) != CONNECTION_OK ||
                pq.send_query(connection.get(), sql.c_str()) == 0;
  while (PGresult* const result = failed ? nullptr : pq.get_result(connection.get())) {
    const ExecStatusType status = pq.result_status(result);
    failed = status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
    if (pq.ntuples(result) > 0) value = pq.getvalue(result, 0, 0);
    pq.clear(result);
  }
  if (failed) throw std::runtime_error(sql + ": " + pq.error_message(connection.get()));
  return value;
}

void PostgresServer::let_in_by(const std::string& rules) const {
  std::ofstream(data_ / "pg_hba.conf") << "local all watt trust\n" << rules << "\n";
  run("SELECT pg_reload_conf()");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // it reads them on its own time
}

PostgresServer& shared_postgres() {
  static PostgresServer server;
  return server;
}

}  // namespace wattgrind
