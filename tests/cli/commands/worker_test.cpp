// wattgrind worker, and studies in a database, with the program itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "search/study/open_store.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/search/study/postgres_server.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

using Json = nlohmann::json;

class WorkerCommand : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  // Begins a study of so many trials, and makes `trials` of them.
  Ran search(const std::string& study, int trials, std::vector<std::string> more = {}) const {
    std::ofstream(path("tiny.json")) << Json::parse(R"({
      "schema": "wattgrind/search/1", "name": "tiny", "topology": "dffr",
      "space": {"layers": {"int": [1, 3]}, "width": {"int": [1, 16]},
                "batch": {"int": [4, 64], "log": true}},
      "data": {"set": "digits", "classes": [0, 1], "train": 60, "validation": 50, "test": 40},
      "training": {"epochs": 1}, "machine": "xeon_x5650",
      "objective": {"alpha": 0.2, "beta": 0.2}, "trials": 12})");
    std::vector<std::string> words = {
        "search", path("tiny.json"), "--trials", std::to_string(trials),
        "--best", path("best.json"), "--study",  study};
    words.insert(words.end(), more.begin(), more.end());
    return run_wattgrind(std::move(words));
  }

  static Json trials_of(const std::string& study) {
    Json trials = Json::array();
    for (Json trial :
         Json::parse(run_wattgrind({"study", study, "--format", "json"}).out)["trials"]) {
      for (const char* key : {"started_unix_s", "ended_unix_s", "worker"}) trial.erase(key);
      if (trial.contains("result")) trial["result"].erase("timing_s");
      trials.push_back(std::move(trial));
    }
    return trials;
  }

  TemporaryFolder folder_;
};

TEST_F(WorkerCommand, GoesOnAsTheSearchWould) {
  ASSERT_EQ(search(path("whole.study"), 12).status, 0);
  ASSERT_EQ(search(path("a.study"), 5).status, 0);
  std::filesystem::remove(path("tiny.json"));  // the study tells all
  const Ran ran = run_wattgrind({"worker", "--study", path("a.study"), "--trials", "12"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("a.study: no trial is left; 7 ended here"));
  EXPECT_EQ(trials_of(path("a.study")), trials_of(path("whole.study")));
  EXPECT_THAT(run_wattgrind({"worker", "--study", path("a.study")}).error,
              HasSubstr("no trial is left; 0 ended here"))
      << "the search noted 5";
}

TEST_F(WorkerCommand, SaysWhatIsMissing) {
  const Ran none = run_wattgrind({"worker", "--study", path("none.study")});
  EXPECT_EQ(none.status, 3);
  EXPECT_THAT(none.error, HasSubstr("none.study: no such file, wanted a study"));
  const Ran away =
      run_wattgrind({"worker", "--study", "postgresql://watt@127.0.0.1:1/nets?study=a"});
  EXPECT_EQ(away.status, 4);
  EXPECT_THAT(away.error, HasSubstr("no PostgreSQL server answers there"));
  const Ran nameless = run_wattgrind({"study", "postgresql://a:b@h/d?study=a"});
  EXPECT_EQ(nameless.status, 2);
  EXPECT_THAT(nameless.error, HasSubstr("found a password in it"));
}

TEST_F(WorkerCommand, PutsItsTrialBackWhenItIsEnded) {
  ASSERT_EQ(search(path("a.study"), 2).status, 0);
  const pid_t worker = fork();
  if (worker == 0) {
    const std::string program = program_path(), study = path("a.study");
    execl(program.c_str(), "wattgrind", "worker", "--study", study.c_str(), "--trials", "100000",
          "--quiet", nullptr);
    _exit(127);
  }
  const auto count = [this] { return open_store(path("a.study"))->trials().size(); };
  while (count() < 5) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  kill(worker, SIGTERM);
  int status = 0;
  waitpid(worker, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const std::unique_ptr<TrialStore> store = open_store(path("a.study"));
  for (const TrialRecord& record : store->records()) {
    EXPECT_TRUE(record.ended_unix_s || (record.waiting && record.worker.empty()))
        << record.trial.number;
  }
}

TEST_F(WorkerCommand, WorksOnAServerAsInAFile) {
  if (!postgres_programs()) GTEST_SKIP() << kNoPostgres;
  const std::string database = shared_postgres().url(""), study = shared_postgres().url("s");
  ASSERT_EQ(search(path("whole.study"), 12).status, 0);
  const Ran begun = search(study, 5);
  ASSERT_EQ(begun.status, 0) << begun.error;
  const Ran ran = run_wattgrind({"worker", "--study", study, "--trials", "12"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(trials_of(study), trials_of(path("whole.study")));
  EXPECT_THAT(search(study, 12).error, HasSubstr("wanted --resume to go on with it or --study with "
                                                 "another name"));
  const Ran ended = search(study, 12, {"--resume"});
  EXPECT_THAT(ended.out, HasSubstr("accuracy on the test images: "));

  EXPECT_EQ(run_wattgrind({"study", study, "--copy-to", path("copy.study")}).status, 0);
  EXPECT_EQ(trials_of(path("copy.study")), trials_of(study));
  EXPECT_EQ(run_wattgrind({"study", study, "--copy-to", path("copy.study")}).status, 2);
  const Json list = Json::parse(run_wattgrind({"study", database, "--format", "json"}).out);
  EXPECT_EQ(list["studies"].size(), 1u);
  EXPECT_EQ(list["studies"][0]["study"], "s");
  EXPECT_EQ(list["studies"][0]["search"], "tiny");
  EXPECT_EQ(list["studies"][0]["trials"], 12);
  EXPECT_EQ(run_wattgrind({"study", database, "--delete"}).status, 2);
  EXPECT_EQ(run_wattgrind({"study", study, "--delete"}).status, 0);
  EXPECT_EQ(run_wattgrind({"study", study}).status, 3);
  EXPECT_THAT(run_wattgrind({"study", database}).out, HasSubstr(": no studies"));
}

}  // namespace
}  // namespace wattgrind
