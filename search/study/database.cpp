#include "search/study/database.h"

#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

// SQLite's message, with the system's reason where there is one.
std::string reason_of(sqlite3* handle) {
  const int system_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  std::string reason = handle != nullptr ? sqlite3_errmsg(handle) : "out of memory";
  if (system_error != 0) reason += fmt::format(": {}", std::strerror(system_error));
  return reason;
}

// The reason why no file can be made there. SQLite tells it only to a second attempt, one to read.
std::optional<std::string> reason_of_folder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return fmt::format("its folder: {}", std::strerror(errno));
}

[[noreturn]] void fail_for(int code, const std::filesystem::path& path, const std::string& reason) {
  const std::string file = path.string();
  switch (code & 0xff) {  // the primary code of an extended one
    case SQLITE_NOTADB:
      fail(ErrorKind::kInput, "{}: is no study: found no SQLite database, wanted another file",
           file);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // a table or a column is not there
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
      fail(ErrorKind::kInput, "{}: is damaged ({}), wanted a copy of it or another file", file,
           reason);
    case SQLITE_FULL:
      fail(ErrorKind::kFailed,
           "{}: the disk is full; what is stored is intact: free space, then resume", file);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      fail(ErrorKind::kFailed, "{}: cannot be written ({}); what is stored is intact", file,
           reason);
    case SQLITE_CANTOPEN:
      fail(ErrorKind::kFailed, "{}: cannot be opened ({})", file, reason);
    case SQLITE_BUSY:
      fail(ErrorKind::kFailed, "{}: locked by another process for over {} s", file,
           Database::kLockWait_s);
    case SQLITE_IOERR:
      fail(ErrorKind::kFailed, "{}: cannot be read or written ({}); what is stored is intact", file,
           reason);
    default:
      fail(ErrorKind::kFailed, "{}: {}", file, reason);
  }
}

// Which file systems are this host's alone, as statfs(2) and the kernel's linux/magic.h name them:
// ext2 to ext4, XFS, Btrfs, F2FS, ZFS, tmpfs, overlays.
bool is_own_file_system(const std::filesystem::path& path) {
  constexpr std::array<uint32_t, 7> kOwn = {0xef53,     0x58465342, 0x9123683e, 0xf2f52010,
                                            0x2fc12fc1, 0x01021994, 0x794c7630};
  struct statfs found {};
  if (::statfs(path.c_str(), &found) != 0) return false;
  return std::find(kOwn.begin(), kOwn.end(), static_cast<uint32_t>(found.f_type)) != kOwn.end();
}

// SQLite asks this each time that it finds the file locked, and tries again while it returns 1. Its
// own waits grow to 100 ms, which is longer than twenty workers hold the lock.
int wait_for_lock(void*, int attempts) {
  constexpr int kShort = 100, kMiddle = 1000;  // attempts
  const double wait_ms = attempts < kShort ? 0.2 : attempts < kMiddle ? 1 : 10;
  constexpr double kMost = kMiddle + (Database::kLockWait_s - 1) * 100;
  if (attempts > kMost) return 0;
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(wait_ms));
  return 1;
}

// SQLite calls this after each commit to the log. Its own checkpoints let others write meanwhile;
// while many do, none of them is ever complete, and the log grows without end. Where this one does
// not come about soon either, for somebody reads and does not end, the next commit tries again.
int begin_log_anew(void*, sqlite3* handle, const char* database, int pages) {
  constexpr int kMostPages = 1000, kLongest_ms = 100;
  if (pages < kMostPages) return SQLITE_OK;
  sqlite3_busy_timeout(handle, kLongest_ms);
  sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_handler(handle, wait_for_lock, nullptr);
  return SQLITE_OK;
}

}  // namespace

// The last to close the file takes the log into it; SQLite refuses that to the others.
void Database::Closer::operator()(sqlite3* handle) const {
  if (one_file) {
    sqlite3_busy_timeout(handle, 0);
    sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
  }
  sqlite3_close(handle);
}

Database::Database(const std::filesystem::path& path, bool create) : path_(path) {
  // SQLite would wait for somebody to write to a named pipe.
  const std::string kind = special_kind(path);
  if (!kind.empty()) {
    fail(ErrorKind::kInput, "{}: is no study: found {}, wanted a file", path.string(), kind);
  }
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) |
                    SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) {
    std::error_code ignored;
    const bool there = std::filesystem::exists(path, ignored);
    fail_for(code, path_,
             (there ? std::nullopt : reason_of_folder(path)).value_or(reason_of(handle)));
  }
  sqlite3_busy_handler(handle, wait_for_lock, nullptr);
  execute("PRAGMA synchronous = EXTRA");
  // As sqlite.org/security.html advises for files that others may have changed.
  execute("PRAGMA trusted_schema = OFF");
  execute("PRAGMA cell_size_check = ON");
}

void Database::share_syncs() {
  if (std::exchange(asked_to_share_, true) || !is_own_file_system(path_)) return;
  // Whoever closes the file at this moment may take the log away again, until we have read by it:
  // from then on it stays. Where it cannot be done at all (a file that may not be written), the
  // file stays as it is.
  constexpr int kAttempts = 10;
  for (int attempt = 0; attempt < kAttempts && log() == nullptr; ++attempt) {
    sqlite3_exec(handle_.get(), "PRAGMA journal_mode = WAL; SELECT count(*) FROM sqlite_schema",
                 nullptr, nullptr, nullptr);
  }
  if (log() == nullptr) return;
  execute("PRAGMA synchronous = NORMAL");
  sqlite3_wal_hook(handle_.get(), begin_log_anew, nullptr);
  syncs_apart_ = true;
}

// The log that this connection writes ahead to; null while it has none. A rollback journal is
// closed between transactions.
sqlite3_file* Database::log() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return file == nullptr || file->pMethods == nullptr ? nullptr : file;
}

void Database::sync() const {
  if (!syncs_apart_) return;
  sqlite3_file* const file = log();
  CHECK(file != nullptr, "no log");
  const int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) {
    fail_for(code, path_, fmt::format("cannot be synced: {}", std::strerror(errno)));
  }
}

Database::Statement Database::prepare(const std::string& sql) {
  if (auto idle = idle_.extract(sql)) return std::move(idle.mapped());
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &handle, nullptr);
  Statement statement(handle);
  if (code != SQLITE_OK) fail_with(code);
  return statement;
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code);
}

int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

void Database::fail_with(int code) const { fail_for(code, path_, reason_of(handle_.get())); }

void Database::Finalizer::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Query::Query(Database& database, std::string sql)
    : database_(database), sql_(std::move(sql)), handle_(database.prepare(sql_)) {}

// What resetting returns is the error of the last step, which was told then.
Query::~Query() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  database_.idle_.insert_or_assign(std::move(sql_), std::move(handle_));
}

void Query::check(int code) const {
  if (code != SQLITE_OK) database_.fail_with(code);
}

Query& Query::bind(int parameter, int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), parameter, value));
  return *this;
}

Query& Query::bind(int parameter, double value) {
  check(sqlite3_bind_double(handle_.get(), parameter, value));
  return *this;
}

Query& Query::bind(int parameter, std::optional<double> value) {
  check(value ? sqlite3_bind_double(handle_.get(), parameter, *value)
              : sqlite3_bind_null(handle_.get(), parameter));
  return *this;
}

Query& Query::bind(int parameter, std::string_view value) {
  check(sqlite3_bind_text64(handle_.get(), parameter, value.data(), value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail_with(code);
  return false;
}

void Query::run() {
  const bool row = step();
  CHECK(!row, "a row from {}", sqlite3_sql(handle_.get()));
}

ValueType Query::type(int column) const {
  switch (sqlite3_column_type(handle_.get(), column)) {
    case SQLITE_INTEGER:
      return ValueType::kInteger;
    case SQLITE_FLOAT:
      return ValueType::kReal;
    case SQLITE_TEXT:
      return ValueType::kText;
    case SQLITE_BLOB:
      return ValueType::kBlob;
    default:
      return ValueType::kNull;
  }
}

std::string Query::name(int column) const { return sqlite3_column_name(handle_.get(), column); }

int64_t Query::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

double Query::real(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::string Query::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return bytes == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  // A writer locks the file at once: two that began as readers would each wait for the other for
  // good.
  database_.execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {
    // After some errors (a full disk) SQLite has rolled back already. This failure is passed over,
    // for the error that led here is on its way.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
  database_.sync();
}

}  // namespace wattgrind
