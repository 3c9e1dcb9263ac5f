#include "search/study/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <thread>

#include "estimator/system/file_text.h"
#include "search/candidates/study_summary.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/store_actions.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

class StudyFileTest : public testing::Test {
 protected:
  StudyFile open(const StudyDefinition& definition = closed_form_definition()) {
    return StudyFile(path_, definition, IfThere::kResume, {&clock_, 60});
  }

  // Runs SQL as another program would.
  void run_sql(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  // The same for a statement that SQLite may refuse; whether it did not.
  bool changes_file(const std::string& sql) const {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    const bool done = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    sqlite3_close(handle);
    return done;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "bowl.db";
  FakeClock clock_;
};

TEST_F(StudyFileTest, TellsFilesThatAreNoStudies) {
  EXPECT_THAT(error_text([this] { StudyFile{path_}; }), HasSubstr("bowl.db: no such file"));
  std::ofstream(path_) << "";
  EXPECT_THAT(error_text([this] { StudyFile{path_}; }), HasSubstr("is an empty file"));
  std::ofstream(path_) << std::string(5000, 'x');
  EXPECT_THAT(error_text([this] { open(); }), HasSubstr("bowl.db: is no study: found no SQLite"));
  // Reading some of them waits, for the kernel's next message (/proc/kmsg), say.
  EXPECT_THAT(error_text([] { StudyFile{"/proc/version"}; }),
              HasSubstr("/proc/version: is no study: found a file of the kernel, wanted a file"));
  std::filesystem::remove(path_);
  run_sql("CREATE TABLE recipes (name TEXT)");
  EXPECT_THAT(error_text([this] { open(); }), HasSubstr("found another program's database"));
  std::filesystem::remove(path_);
  open();
  run_sql("PRAGMA user_version = 3");
  EXPECT_THAT(error_text([this] { open(); }), HasSubstr("found a study of version 3, wanted 2"));
}

// What the first version wrote, which did not count lost workers: one trial that is complete, one
// that was given up, one whose worker is lost.
constexpr const char* kFirstVersion = R"(
  PRAGMA application_id = 1466389364;
  PRAGMA user_version = 1;
  CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE trials (
    number INTEGER PRIMARY KEY,
    configuration TEXT NOT NULL,
    state TEXT NOT NULL,
    objectives TEXT,
    violation REAL,
    result TEXT,
    lease INTEGER NOT NULL,
    process TEXT NOT NULL,
    worker TEXT NOT NULL,
    renewed_unix_s REAL NOT NULL,
    started_unix_s REAL NOT NULL,
    ended_unix_s REAL,
    end_rank INTEGER);
  CREATE UNIQUE INDEX trials_by_end ON trials (end_rank);
  INSERT INTO notes VALUES ('definition', '{"name":"bowl","seed":1,"config":{"space":{"x":'
    || '{"int":[0,999]},"y":{"float":[-1,1]}},"objective":{"alpha":0.5}}}');
  INSERT INTO trials VALUES (0, '{"x":300,"y":0.5}', 'complete', '[0.25]', NULL, '{"twice":0.5}',
    1, 'boot 1 1', 'host:1', 5, 4, 6, 1);
  INSERT INTO trials VALUES (1, '{"x":7,"y":0.25}', 'running', NULL, NULL, NULL,
    2, '', '', 5, 4, NULL, NULL);
  INSERT INTO trials VALUES (2, '{"x":8,"y":0.75}', 'running', NULL, NULL, NULL,
    1, 'boot 1 1', 'host:1', 5, 4, NULL, NULL);
)";

TEST_F(StudyFileTest, BringsTheFirstVersionForward) {
  run_sql(kFirstVersion);
  StudyFile file = open();
  const std::vector<TrialRecord> records = file.records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].trial.values, std::vector{0.25});
  EXPECT_EQ(records[0].worker, "host:1");
  EXPECT_EQ(records[0].result.dump(), R"({"twice":0.5})");
  clock_.advance(100);
  for (const uint64_t number : {1, 2}) {
    const ClaimedTrial claimed = claim_one(file);
    EXPECT_EQ(claimed.lease, (Lease{number, number == 1 ? 3 : 2}));
    EXPECT_EQ(claimed.workers_lost, number - 1);
    EXPECT_TRUE(file.finish(claimed.lease, bowl_outcome(claimed.configuration)));
  }
  EXPECT_EQ(StudyFile(path_).trials()[2].values, std::vector{bowl(file.trials()[2].configuration)});
}

// The system kills a process that writes beyond its limit: at first into the journal, then into the
// file.
TEST_F(StudyFileTest, StaysWholeWhereItsWayForwardIsCutOff) {
  run_sql(kFirstVersion);
  const std::string whole = read_file(path_);
  int killed = 0;
  for (rlim_t limit = 256; limit < 2 * whole.size(); limit += 512) {
    std::ofstream(path_, std::ios::binary) << whole;
    const std::string said = in_child([&] {
      const rlimit most = {limit, limit};
      if (setrlimit(RLIMIT_FSIZE, &most) != 0) _exit(1);
      StudyFile{path_};
    });
    killed += said.empty() ? 1 : 0;
    SCOPED_TRACE(fmt::format("cut off after {} bytes: {}", limit, said));
    StudyFile file(path_);
    ASSERT_EQ(file.records().size(), 3u);
    EXPECT_EQ(file.records()[0].trial.values, std::vector{0.25});
  }
  EXPECT_GT(killed, 3);
}

TEST_F(StudyFileTest, TellsADamagedFile) {
  { fill(*std::make_unique<StudyFile>(open()), 40); }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);  // the first page stays
  file << std::string(static_cast<size_t>(std::filesystem::file_size(path_) - 4096), '\x5a');
  file.close();
  EXPECT_THAT(error_text([this] { StudyFile(path_).trials(); }),
              HasSubstr("bowl.db: is damaged (database disk image is malformed"));
}

TEST_F(StudyFileTest, TellsARowThatIsDamaged) {
  { fill(*std::make_unique<StudyFile>(open()), 2); }
  run_sql("UPDATE trials SET configuration = '{\"x\": 5000, \"y\": 0}' WHERE number = 1");
  EXPECT_THAT(error_text([this] { StudyFile(path_).trials(); }),
              HasSubstr("bowl.db: is damaged: trials, row 1: configuration.x: found 5000"));
  run_sql("UPDATE trials SET configuration = '{' WHERE number = 1");
  EXPECT_THAT(error_text([this] { StudyFile(path_).trials(); }),
              HasSubstr("bowl.db: is damaged: trials, row 1: configuration:1:2: syntax error"));
}

TEST_F(StudyFileTest, TellsVariancesThatAreNone) {
  { fill(*std::make_unique<StudyFile>(open()), 2); }
  const auto error_of = [this](const std::string& objectives) {
    run_sql("UPDATE trials SET objectives = '" + objectives + "' WHERE number = 1");
    return error_text([this] { StudyFile(path_).trials(); });
  };
  EXPECT_THAT(error_of(R"({"values": [1], "variances": [1, 2]})"),
              HasSubstr("row 1: objectives.variances: found 2, wanted 1"));
  EXPECT_THAT(error_of(R"({"values": [1], "variances": [-1]})"),
              HasSubstr("row 1: objectives.variances: found -1, wanted at least 0"));
  EXPECT_THAT(error_of(R"({"values": [1], "variances": null})"),
              HasSubstr("row 1: objectives.variances: found null, wanted a list"));
  EXPECT_THAT(error_of(R"({"values": [1], "curve": 1})"),
              HasSubstr("row 1: objectives.curve: found 1, wanted a list"));
}

// Every column of both tables, holding every type of value that SQLite has (and some values beside
// what they may be), is either what the table may hold or refused by table, row and column.
TEST_F(StudyFileTest, TellsAWrongValueInAnyColumn) {
  const std::vector<std::string> values = {
      "NULL",    "''",          "'abc'",  "'{}'",  "'[1]'", "'null'",
      "x'00ff'", "zeroblob(3)", "-1",     "0",     "1",     "7",
      "2.5",     "9e999",       "-9e999", "'NaN'", "1e300", "9223372036854775807"};
  struct Column {
    const char* name;
    std::vector<std::string> taken;  // whatever else is there must be refused
  };
  // Row 1 of two that have ended. What a column's type converts counts as what it becomes.
  const std::vector<Column> columns = {
      {"configuration", {}},
      {"state", {}},
      {"objectives", {"NULL", "'[1]'"}},
      {"violation",
       {"NULL", "-1", "0", "1", "7", "2.5", "9e999", "-9e999", "1e300", "9223372036854775807"}},
      {"result",
       {"NULL", "'{}'", "'[1]'", "'null'", "-1", "0", "1", "7", "2.5", "1e300",
        "9223372036854775807"}},
      {"lease", {"0", "1", "7"}},
      {"workers_lost", {"0", "1", "7"}},
      {"process",
       {"''", "'abc'", "'{}'", "'[1]'", "'null'", "-1", "0", "1", "7", "2.5", "9e999", "-9e999",
        "'NaN'", "1e300", "9223372036854775807"}},
      {"worker",
       {"''", "'abc'", "'{}'", "'[1]'", "'null'", "-1", "0", "1", "7", "2.5", "9e999", "-9e999",
        "'NaN'", "1e300", "9223372036854775807"}},
      {"renewed_unix_s", {"-1", "0", "1", "7", "2.5", "1e300", "9223372036854775807"}},
      {"started_unix_s", {"-1", "0", "1", "7", "2.5", "1e300", "9223372036854775807"}},
      {"ended_unix_s", {"-1", "0", "1", "7", "2.5", "1e300", "9223372036854775807"}},
      {"end_rank", {"7"}}};
  { fill(*std::make_unique<StudyFile>(open()), 2); }
  const std::string whole = read_file(path_);
  for (const Column& column : columns) {
    for (const std::string& value : values) {
      std::ofstream(path_, std::ios::binary) << whole;
      // A constraint may refuse the value at once: then the file is as it was.
      if (!changes_file(
              fmt::format("UPDATE trials SET {} = {} WHERE number = 1", column.name, value))) {
        continue;
      }
      const bool is_taken = testing::Value(value, testing::AnyOfArray(column.taken));
      const auto read = [this] {
        StudyFile file(path_);
        file.trials();
        file.records();
      };
      SCOPED_TRACE(fmt::format("{} = {}", column.name, value));
      if (is_taken) {
        EXPECT_NO_THROW(read());
      } else {
        EXPECT_THAT(error_text(read),
                    HasSubstr(fmt::format("bowl.db: is damaged: trials, row 1: {}", column.name)));
      }
    }
  }
}

TEST_F(StudyFileTest, TellsRowsThatAreNotWhereTheyBelong) {
  { fill(*std::make_unique<StudyFile>(open()), 3); }
  const std::string whole = read_file(path_);
  const auto error_after = [&](const std::string& sql) {
    std::ofstream(path_, std::ios::binary) << whole;
    run_sql(sql);
    const std::string error =
        error_text([this] { claim_one(*std::make_unique<StudyFile>(open())); });
    EXPECT_EQ(error_text([this] { StudyFile(path_).records(); }), error);
    return error;
  };
  EXPECT_THAT(
      error_after("UPDATE trials SET number = -1 WHERE number = 1"),
      HasSubstr("bowl.db: is damaged: trials, row -1: number: found -1, wanted an integer"));
  EXPECT_THAT(error_after("DELETE FROM trials WHERE number = 1"),
              HasSubstr("trials, row 2: found behind 1 trials, wanted row 1 there"));
  EXPECT_THAT(error_after("UPDATE trials SET state = 'running' WHERE number = 2"),
              HasSubstr("trials, row 2: end_rank: found one of a trial that is running"));
  EXPECT_THAT(error_after("UPDATE trials SET end_rank = NULL WHERE number = 2"),
              HasSubstr("trials, row 2: end_rank: found none of a trial that is complete"));
}

TEST_F(StudyFileTest, TellsADefinitionThatIsDamaged) {
  open();
  const auto error_with = [this](const std::string& value) {
    run_sql("UPDATE notes SET value = " + value + " WHERE name = 'definition'");
    return error_text([this] { StudyFile{path_}; });
  };
  const auto expect_refused = [&](const std::string& value, const std::string& why) {
    EXPECT_THAT(error_with(value), HasSubstr("bowl.db: is damaged: notes, row definition" + why));
  };
  expect_refused("7.5", ": found 7.5, wanted an object");  // SQLite makes text of it
  expect_refused("x'41'", ": value: found bytes, wanted text");
  expect_refused("'{'", ": value:1:2: syntax error");
  expect_refused("'[]'", ": found [], wanted an object");
  expect_refused("'{}'", ": found no \"name\"");
  expect_refused(R"('{"name": 1}')", ".name: found 1, wanted a string");
  expect_refused(R"('{"name": "a", "seed": -1}')",
                 ".seed: found -1, wanted an integer of at least");
  expect_refused(R"('{"name": "a", "seed": 1, "config": 3}')", ": found 3, wanted an object");
  expect_refused(R"('{"name": "a", "seed": 1, "config": {}}')", ": found no \"space\"");
  expect_refused(R"('{"name": "a", "seed": 1, "config": {"space": {"x": {"int": "y"}}}}')",
                 ".config.space.x.int: found \"y\", wanted [low, high]");
  run_sql("DELETE FROM notes");
  EXPECT_THAT(error_text([this] { StudyFile{path_}; }), HasSubstr("found no definition"));
  run_sql("INSERT INTO notes VALUES (x'00', '1')");
  EXPECT_THAT(error_text([this] { StudyFile{path_}; }),
              HasSubstr("is damaged: notes, row 0: name: found bytes, wanted text"));
}

TEST_F(StudyFileTest, TellsTablesThatAreNotItsOwn) {
  { fill(*std::make_unique<StudyFile>(open()), 1); }
  const std::string whole = read_file(path_);
  const auto error_after = [&](const std::string& sql) {
    std::ofstream(path_, std::ios::binary) << whole;
    run_sql(sql);
    return error_text([this] { StudyFile(path_).records(); });
  };
  EXPECT_THAT(error_after("DROP TABLE trials"), HasSubstr("is damaged (no such table: trials)"));
  EXPECT_THAT(error_after("DROP TABLE notes"), HasSubstr("is damaged (no such table: notes)"));
  EXPECT_THAT(error_after("ALTER TABLE trials RENAME COLUMN state TO status"),
              HasSubstr("is damaged (no such column: state)"));
  EXPECT_THAT(error_after("CREATE TRIGGER mischief AFTER UPDATE ON trials BEGIN "
                          "DELETE FROM trials; END"),
              HasSubstr("is damaged: found the trigger \"mischief\", wanted tables alone"));
  EXPECT_THAT(error_after("ALTER TABLE trials RENAME TO t; CREATE VIEW trials AS SELECT * FROM t"),
              HasSubstr("is damaged: found the view \"trials\", wanted tables alone"));
}

TEST_F(StudyFileTest, RefusesTextsThatAreNestedDeeply) {
  { fill(*std::make_unique<StudyFile>(open()), 1); }
  run_sql("UPDATE trials SET configuration = '" + std::string(1'000'000, '[') + "'");
  EXPECT_THAT(
      error_text([this] { StudyFile(path_).trials(); }),
      HasSubstr("bowl.db: is damaged: trials, row 0: configuration: found objects and arrays"));
}

TEST_F(StudyFileTest, SurvivesAFullDisk) {
  { fill(*std::make_unique<StudyFile>(open()), 20); }
  const uintmax_t size = std::filesystem::file_size(path_);
  const std::string said = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {size, size};  // for every file of the process, as if the disk were full
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(1);
    StudyFile file = open();
    fill(file, 200);
  });
  EXPECT_THAT(said, HasSubstr("bowl.db: cannot be read or written (disk I/O error: File too "
                              "large); what is stored is intact"));
  StudyFile file = open();
  ASSERT_GE(file.trials().size(), 20u);
  fill(file, 5);
  for (const TrialRecord& record : file.records()) {
    EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
  }
}

// Who is killed leaves the log beside the file; whoever opens it next makes it one again.
TEST_F(StudyFileTest, KeepsWhatAKilledWorkerStored) {
  EXPECT_EQ(in_child([this] {
              StudyFile file = open();
              fill(file, 20);
              raise(SIGKILL);
            }),
            "");
  const std::filesystem::path log = path_.string() + "-wal";
  EXPECT_TRUE(std::filesystem::exists(log));
  EXPECT_EQ(StudyFile(path_).trials().size(), 20u);
  EXPECT_FALSE(std::filesystem::exists(log));
  { fill(*std::make_unique<StudyFile>(open()), 5); }
  const std::filesystem::directory_iterator files(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "at rest it is one file";
}

// Nor is the study lost to who may read it alone, or who still works on it when another is done.
TEST_F(StudyFileTest, WorksOnWhenAnotherHasClosedIt) {
  auto first = std::make_unique<StudyFile>(open()), second = std::make_unique<StudyFile>(open());
  fill(*first, 3);
  const ClaimedTrial held = claim_one(*second);
  first.reset();
  EXPECT_EQ(StudyFile(path_).trials().size(), 4u);
  EXPECT_TRUE(second->finish(held.lease, bowl_outcome(held.configuration)));
  second.reset();
  EXPECT_EQ(StudyFile(path_).trials()[3].state, TrialState::kComplete);
}

// Whoever closes the file makes it one again, just when somebody begins to work on it, too.
TEST_F(StudyFileTest, KeepsItsLogWhileOthersComeAndGo) {
  open();
  std::atomic<bool> done = false;
  std::jthread others([&] {
    while (!done) StudyFile(path_).trials();
  });
  for (int i = 0; i < 30; ++i) {
    StudyFile file = open();
    fill(file, 2);
  }
  done = true;
  others.join();
  EXPECT_EQ(StudyFile(path_).trials().size(), 60u);
}

TEST_F(StudyFileTest, SaysWhyNoFileCanBeMade) {
  path_ = folder_.path() / "missing" / "bowl.db";
  EXPECT_THAT(error_text([this] { open(); }, ErrorKind::kFailed),
              HasSubstr("bowl.db: cannot be opened (its folder: No such file or directory)"));
  std::filesystem::create_directory(path_.parent_path());
  std::filesystem::permissions(path_.parent_path(), std::filesystem::perms(0555));
  const std::string said = in_child([this] {
    constexpr uid_t kNobody = 65534;
    if (getuid() == 0 && setuid(kNobody) != 0) _exit(1);  // root may write anything
    open();
  });
  EXPECT_THAT(said, HasSubstr("bowl.db: cannot be opened (its folder: Permission denied)"));
  std::filesystem::permissions(path_.parent_path(), std::filesystem::perms(0755));
}

TEST_F(StudyFileTest, ReadsAFileItMayNotWrite) {
  { fill(*std::make_unique<StudyFile>(open()), 3); }
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
  std::filesystem::permissions(path_, std::filesystem::perms(0444));
  const std::string said = in_child([this] {
    constexpr uid_t kNobody = 65534;
    if (getuid() == 0 && setuid(kNobody) != 0) _exit(1);  // root may write anything
    StudyFile reader(path_);
    if (reader.trials().size() != 3) throw std::runtime_error("cannot read");
    StudyFile file = open();
    fill(file, 1);
  });
  EXPECT_THAT(said, HasSubstr("bowl.db: cannot be written (attempt to write a readonly database"));
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
}

}  // namespace
}  // namespace wattgrind
