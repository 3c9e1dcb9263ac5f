// SQLite, as far as a study needs it: errors that name the file and what to do, and objects that
// close what they open.
//
// What is committed outlives a crash of the system, in either of two ways.
//
// - At rest, and always on file systems that other hosts may share: a rollback journal, deleted at
//   each commit, with `synchronous = EXTRA`. That takes five syncs a commit, one after the other
//   under the file's lock. The study is one file, to copy and to read from anywhere; on a network
//   file system it is as sound as that system's fcntl() locks.
// - While it is worked on, where the file system is this host's own (share_syncs()): a write-ahead
//   log beside the file. A commit appends to the log and gives the lock away; then it waits for the
//   disk, together with whoever else waits, so that many commits take one sync. As the log is
//   written in order, whatever a commit built on is on the disk when it is. Who reads meanwhile may
//   see what is not on the disk yet, and a crash of the system may take that back; its writer has
//   not been told that it is stored by then.
//
// The last who closes the file makes it one again. Where he was killed, the log stays beside it
// ("-wal", with an index "-shm") and belongs to it, to be copied along, until it is opened next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "search/study/stored_row.h"

struct sqlite3;
struct sqlite3_file;
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

  // Whoever closes it last leaves one file, though somebody who was killed left a log beside it.
  void close_as_one_file() { handle_.get_deleter().one_file = true; }
  // From now on commits wait for the disk together, where the file system allows it.
  void share_syncs();
  // Returns when all that was committed is on the disk. Transaction::commit() does it.
  void sync() const;

  // Runs statements that return no rows.
  void execute(const char* sql);

  // Rows that the last statement of this connection inserted, changed or deleted.
  int64_t changes() const;

  // Throws what an SQLite result code stands for.
  [[noreturn]] void fail_with(int code) const;

 private:
  friend class Query;
  struct Closer {
    bool one_file;
    void operator()(sqlite3* handle) const;
  };

  struct Finalizer {
    void operator()(sqlite3_stmt* handle) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

  Statement prepare(const std::string& sql);
  sqlite3_file* log() const;

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Closer> handle_{nullptr, Closer{false}};
  bool asked_to_share_ = false;
  bool syncs_apart_ = false;  // a commit does not sync, sync() does
  // Statements by text that no Query uses at the moment: to plan one takes longer than to run it.
  std::map<std::string, Statement> idle_;
};

// One SQL statement, whether it asks or changes. Parameters and columns are counted from 1 and 0,
// as SQLite does. The database must outlive it.
class Query : public ColumnReader {
 public:
  Query(Database& database, std::string sql);
  ~Query() override;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

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
  void check(int code) const;

  Database& database_;
  std::string sql_;
  Database::Statement handle_;
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
