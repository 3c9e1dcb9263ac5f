#include "search/study/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "estimator/system/file_text.h"
#include "search/candidates/study_summary.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/search/study/closed_form_study.h"
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

ClaimedTrial claim_one(StudyFile& file, uint64_t trials = 100) {
  const auto sampler = closed_form_sampler(file, SamplerKind::kRandom);
  Claim claim = file.claim(trials, *sampler);
  return std::get<ClaimedTrial>(std::move(claim));
}

void fill(StudyFile& file, uint64_t trials) {
  for (uint64_t i = 0; i < trials; ++i) {
    const ClaimedTrial claimed = claim_one(file);
    ASSERT_TRUE(file.finish(claimed.lease, bowl_outcome(claimed.configuration)));
  }
}

// What a process of its own that does `action` says: its error, or "done".
std::string in_child(const std::function<void()>& action) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string said = "done";
    try {
      action();
    } catch (const std::exception& error) {
      said = error.what();
    }
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t size = read(ends[0], said.data(), said.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said.substr(0, size < 0 ? 0 : static_cast<size_t>(size));
}

TEST_F(StudyFileTest, KeepsEveryKindOfOutcome) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Outcome> outcomes = {
      {TrialState::kComplete, {0.1, -1e300}, std::nullopt, {{"score", 0.5}}},
      {TrialState::kComplete, {nan}, std::nullopt, {}},
      {TrialState::kFailed, {}, std::nullopt, {{"why", "\xff no UTF-8"}}},
      {TrialState::kInfeasible, {}, 2.5, {}},
      {TrialState::kPruned, {1.0 / 3}, std::nullopt, {}}};
  {
    StudyFile file = open();
    for (const Outcome& outcome : outcomes) {
      ASSERT_TRUE(file.finish(claim_one(file).lease, outcome));
      clock_.advance(1);
    }
  }
  StudyFile file(path_);
  const std::vector<TrialRecord> records = file.records();
  ASSERT_EQ(records.size(), outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(records[i].trial.number, i);
    EXPECT_EQ(records[i].trial.state, outcomes[i].state);
    EXPECT_EQ(records[i].trial.violation, outcomes[i].violation);
    EXPECT_EQ(file.trials()[i].configuration, records[i].trial.configuration);
    if (i != 1) {
      EXPECT_EQ(records[i].trial.values, outcomes[i].values);
    }
    EXPECT_EQ(records[i].ended_unix_s, records[0].started_unix_s + static_cast<double>(i));
  }
  EXPECT_FALSE(has_value(records[1].trial));
  EXPECT_EQ(records[0].result, outcomes[0].result);
}

TEST_F(StudyFileTest, KnowsTrialsInFlight) {
  StudyFile file = open();
  claim_one(file);
  StudyFile reader(path_);
  ASSERT_EQ(reader.trials().size(), 1u);
  EXPECT_EQ(reader.trials()[0].state, TrialState::kRunning);
  EXPECT_FALSE(reader.records()[0].ended_unix_s);
}

TEST_F(StudyFileTest, TellsWhatWaitsFromWhatIsWorkedOn) {
  StudyFile file = open();
  const auto words = [&file] {
    std::vector<std::string> found;
    for (const TrialRecord& record : file.records()) found.emplace_back(trial_state_word(record));
    return found;
  };
  fill(file, 1);
  const ClaimedTrial kept = claim_one(file), dropped = claim_one(file);
  EXPECT_EQ(in_child([this] {
              StudyFile lost = open();
              claim_one(lost);
            }),
            "done");
  using Words = std::vector<std::string>;
  EXPECT_EQ(words(), (Words{"complete", "running", "running", "waiting"})) << "its process ended";
  file.give_up(dropped.lease);
  EXPECT_EQ(words(), (Words{"complete", "running", "waiting", "waiting"})) << "given up";
  clock_.advance(61);
  EXPECT_EQ(words(), (Words{"complete", "waiting", "waiting", "waiting"})) << "no sign of life";
  file.renew(std::span(&kept.lease, 1));
  EXPECT_EQ(words()[1], "running");
  EXPECT_EQ(count_states(file.records()), "1 complete, 1 running, 2 waiting");
}

TEST_F(StudyFileTest, ReadsOnWhatOthersDid) {
  StudyFile first = open(), second = open();
  fill(first, 3);
  EXPECT_EQ(second.trials().size(), 3u);
  const ClaimedTrial claimed = claim_one(first);
  fill(second, 2);
  EXPECT_EQ(second.trials()[3].state, TrialState::kRunning);
  ASSERT_TRUE(first.finish(claimed.lease, bowl_outcome(claimed.configuration)));
  ASSERT_EQ(second.trials().size(), 6u);
  EXPECT_EQ(second.trials()[3].state, TrialState::kComplete);
  EXPECT_EQ(second.trials()[3].values, std::vector{bowl(claimed.configuration)});
}

TEST_F(StudyFileTest, GivesUpWithoutLosingTheNumber) {
  StudyFile file = open();
  fill(file, 2);
  const ClaimedTrial given_up = claim_one(file);
  file.give_up(given_up.lease);
  const ClaimedTrial again = claim_one(file);
  EXPECT_EQ(again.lease.trial, 2u);
  EXPECT_EQ(again.configuration, given_up.configuration);
  EXPECT_EQ(again.history.size(), 2u);
  EXPECT_NE(again.lease, given_up.lease);
}

TEST_F(StudyFileTest, TakesOverALeaseThatRanOut) {
  StudyFile slow = open(), other = open();
  const ClaimedTrial lost = claim_one(slow);
  clock_.advance(50);
  slow.renew(std::vector{lost.lease});
  clock_.advance(50);
  EXPECT_EQ(claim_one(other).lease.trial, 1u) << "50 s since the last sign of life";
  clock_.advance(11);
  const ClaimedTrial taken = claim_one(other);
  EXPECT_EQ(taken.lease.trial, 0u);
  EXPECT_EQ(taken.configuration, lost.configuration);
  EXPECT_FALSE(slow.finish(lost.lease, {TrialState::kFailed, {}, std::nullopt, {}}));
  slow.give_up(lost.lease);
  slow.renew(std::vector{lost.lease});
  EXPECT_EQ(claim_one(other).lease.trial, 2u) << "trial 0 is with another still";
  EXPECT_TRUE(other.finish(taken.lease, bowl_outcome(taken.configuration)));
  EXPECT_FALSE(other.finish(taken.lease, bowl_outcome(taken.configuration))) << "counted twice";
  EXPECT_EQ(slow.trials()[0].state, TrialState::kComplete);
}

TEST_F(StudyFileTest, KeepsTheResultOfALateWorkerNobodyReplaced) {
  StudyFile file = open();
  const ClaimedTrial late = claim_one(file);
  clock_.advance(1000);
  EXPECT_TRUE(file.finish(late.lease, bowl_outcome(late.configuration)));
}

TEST_F(StudyFileTest, TakesOverFromADeadProcessAtOnce) {
  EXPECT_EQ(in_child([this] {
              StudyFile file = open();
              claim_one(file);
              raise(SIGKILL);
            }),
            "");
  StudyFile file = open();
  EXPECT_EQ(claim_one(file).lease.trial, 0u);
}

TEST_F(StudyFileTest, SaysWhatIsLeftToWaitFor) {
  StudyFile file = open();
  claim_one(file, 2);
  fill(file, 1);
  const auto sampler = closed_form_sampler(file);
  const auto nothing = std::get<NothingToClaim>(file.claim(2, *sampler));
  EXPECT_EQ(nothing.in_flight, 1u);
  EXPECT_FALSE(nothing.exhausted);
}

TEST_F(StudyFileTest, RefusesAStudyThatIsThere) {
  { fill(*std::make_unique<StudyFile>(open()), 3); }
  const auto refused = [this] { StudyFile(path_, closed_form_definition(), IfThere::kRefuse, {}); };
  EXPECT_THAT(error_text(refused, ErrorKind::kUsage),
              HasSubstr("bowl.db: holds a study with 3 trials, wanted leave to go on with it or "
                        "another file"));
  try {
    refused();
  } catch (const StudyConflict& conflict) {
    EXPECT_EQ(conflict.reason(), StudyConflict::Reason::kMayNotResume);
    EXPECT_EQ(conflict.found(), path_.string() + ": holds a study with 3 trials");
  }
}

TEST_F(StudyFileTest, RefusesAnotherDefinition) {
  open();
  EXPECT_THAT(error_text([this] { open(closed_form_definition(2)); }),
              HasSubstr("bowl.db: holds a study with seed 1, found 2 now, wanted the same or "
                        "another file"));
  StudyDefinition changed = closed_form_definition();
  changed.config["objective"]["alpha"] = 0.6;
  EXPECT_THAT(error_text([&] { open(changed); }),
              HasSubstr("holds a study with objective.alpha 0.5, found 0.6 now"));
  changed = closed_form_definition();
  changed.config["objective"]["beta"] = 0.1;
  EXPECT_THAT(error_text([&] { open(changed); }),
              HasSubstr("with objective.beta nothing, found 0.1 now"));
  changed = closed_form_definition();
  changed.config["space"] =
      nlohmann::ordered_json::parse(R"({"y": {"float": [-1, 1]}, "x": {"int": [0, 999]}})");
  EXPECT_THAT(error_text([&] { open(changed); }), HasSubstr("with space {\"x\":"));
  changed.config = nlohmann::ordered_json::parse(
      R"({"objective": {"alpha": 0.5},
          "space": {"x": {"int": [0, 999]}, "y": {"float": [-1, 1]}}})");
  open(changed);
}

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
  run_sql("PRAGMA user_version = 1");
  EXPECT_THAT(error_text([this] { open(); }), HasSubstr("found a study of version 1, wanted 2"));
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
  EXPECT_THAT(said, HasSubstr("bowl.db: cannot be read or written (disk I/O error); "
                              "what is stored is intact"));
  StudyFile file = open();
  ASSERT_GE(file.trials().size(), 20u);
  fill(file, 5);
  for (const TrialRecord& record : file.records()) {
    EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
  }
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

TEST_F(StudyFileTest, KeepsNotes) {
  StudyFile file = open();
  EXPECT_FALSE(file.note("winner"));
  file.set_note("winner", {{"trial", 3}});
  file.set_note("winner", {{"trial", 4}});
  EXPECT_EQ(StudyFile(path_).note("winner"), nlohmann::ordered_json({{"trial", 4}}));
}

}  // namespace
}  // namespace wattgrind
