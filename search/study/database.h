// SQLite, as far as a study needs it: errors that name the file and what to do, and objects that
// close what they open.
//
// A database is kept with a rollback journal that is deleted at each commit, and
// `synchronous = EXTRA`, so that what is committed outlives a crash of the system, the directory's
// entry included. That takes five syncs a commit, 1.3 ms on a solid-state disk. A write-ahead log
// would take one, but it needs memory shared by all who have the file open, which a network file
// system does not give, and leaves parts of the study in a second and a third file whenever a
// process was killed. With a rollback journal a study is one file, to copy and to read from
// anywhere; on a network file system it is as sound as that system's fcntl() locks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "search/study/stored_row.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wattgrind {

// Whoever finds the file locked waits up to kLockWait_s. What goes wrong with the file is thrown as
// Error(kFailed), or Error(kInput) where it is damaged, is no database or lacks the tables and
// columns that a statement names.
class Database {
 public:
  static constexpr int kLockWait_s = 120;

  // Opens the file, creating it if `create`. A file that may not be written is opened all the same:
  // reading works, writing fails.
  Database(const std::filesystem::path& path, bool create);

  const std::filesystem::path& path() const { return path_; }

  // Runs statements that return no rows.
  void execute(const char* sql);

  // Rows that the last statement of this connection inserted, changed or deleted.
  int64_t changes() const;

  // Throws what an SQLite result code stands for.
  [[noreturn]] void fail_with(int code) const;

 private:
  friend class Query;
  struct Closer {
    void operator()(sqlite3* handle) const;
  };

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

// One SQL statement, whether it asks or changes. Parameters and columns are counted from 1 and 0,
// as SQLite does. The database must outlive it.
class Query : public ColumnReader {
 public:
  Query(Database& database, const char* sql);

  Query& bind(int parameter, int64_t value);
  Query& bind(int parameter, double value);
  Query& bind(int parameter, std::optional<double> value);
  Query& bind(int parameter, std::string_view value);

  // Goes to the next row; false where there is none.
  bool step();
  void run();  // runs a statement that returns no row

  ValueType type(int column) const override;
  std::string name(int column) const override;
  int64_t integer(int column) const override;
  double real(int column) const override;
  std::string text(int column) const override;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* handle) const;
  };

  void check(int code) const;

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

// A span of time in which the file stands still: a reader sees nothing change, and a writer is the
// only one. What a writer did is undone unless it calls commit().
class Transaction {
 public:
  enum class Kind { kRead, kWrite };

  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace wattgrind
