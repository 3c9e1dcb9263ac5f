// Streams that are closed, full or limited, and a system that gives no threads: what the program
// then says, how it ends and what it leaves.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class Streams : public testing::Test {
 protected:
  // Runs a line of the shell in the test's folder; $W is the program, temporary folders are made
  // in `scratch`.
  Ran run(const std::string& line) {
    fs::create_directory(folder_.path() / "scratch");
    const ProcessResult result =
        make_process_runner()->run({{"/bin/bash", "-c", line},
                                    {"PATH=/usr/bin:/bin", "W=" + program_path(),
                                     "TMPDIR=" + (folder_.path() / "scratch").string()},
                                    folder_.path(),
                                    1 << 20});
    const auto* exited = std::get_if<ProcessExited>(&result.end);
    return {exited ? exited->status : -1, result.out, result.error};
  }

  std::string search(const std::string& options) {
    return "$W search " + source_path("configs/searches/dffr_digits.json") +
           " --trials 1 --study s.study " + options;
  }

  size_t left_in_scratch() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_.path() / "scratch"),
                                             fs::directory_iterator()));
  }

  TemporaryFolder folder_;
};

TEST_F(Streams, AResultThatCannotBeWrittenIsAFailure) {
  for (const char* command : {"--help", "--version", "estimate --help", "networks",
                              "networks --format csv", "doctor", "machines zen3 --format json"}) {
    for (const char* redirection : {">/dev/full", ">&-"}) {
      const Ran ran = run(std::string("$W ") + command + " " + redirection);
      EXPECT_EQ(ran.status, 1) << command << redirection;
      EXPECT_THAT(ran.error, HasSubstr("wattgrind: cannot write standard output: "))
          << command << redirection;
    }
  }
}

TEST_F(Streams, ABrokenPipeIsAFailureNoSignal) {
  const Ran ran =
      run("(sleep 0.3; $W networks 2>error; echo $? >status) | true; "
          "until [ -s status ]; do sleep 0.1; done; cat status error");
  EXPECT_EQ(ran.out, "1\nwattgrind: cannot write standard output: Broken pipe\n");
}

TEST_F(Streams, MessagesThatNobodyHearsAbortNothing) {
  for (const char* redirection : {"2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    const bool has_output = std::string_view(redirection).find(">&- 2") == std::string::npos;
    EXPECT_EQ(run(search(std::string("-v ") + redirection)).status, has_output ? 0 : 1)
        << redirection;
    EXPECT_EQ(run(search(redirection)).status, 2) << "refused to go on without --resume";
    fs::remove(folder_.path() / "s.study");
    EXPECT_EQ(run(std::string("$W networks nonesuch ") + redirection).status, 3) << redirection;
    EXPECT_EQ(run(std::string("$W train lenet5 --epochs nan ") + redirection).status, 2);
  }
}

TEST_F(Streams, NoFileGetsTheNumberOfAClosedStream) {
  EXPECT_EQ(run("$W networks lenet5 -o result <&- >&- 2>&-").status, 0);
  EXPECT_THAT(read_file(folder_.path() / "result"), HasSubstr("conv1"));
  EXPECT_EQ(run(search("-v <&- >&- 2>&-")).status, 1);
  EXPECT_EQ(read_file(folder_.path() / "s.study").substr(0, 15), "SQLite format 3");
  EXPECT_EQ(run("$W study s.study").status, 0) << "no message was written into it";
}

TEST_F(Streams, FileSizeLimitsAreFailuresAndLeaveNothing) {
  const Ran output = run("ulimit -f 0; $W networks -o result 2>&1 | cat; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(output.status, 1);
  EXPECT_EQ(output.out, "wattgrind: cannot write result: File too large\n");
  EXPECT_FALSE(fs::exists(folder_.path() / "result"));
  const Ran counted =
      run("ulimit -f 1; $W estimate lenet5 --counts cachegrind 2>&1 | cat; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(counted.status, 1) << counted.out;
  EXPECT_THAT(counted.out, HasSubstr("wattgrind: "));
  EXPECT_EQ(left_in_scratch(), 0u);
  const Ran searched = run("ulimit -f 1; " + search("2>&1 | cat; exit ${PIPESTATUS[0]}"));
  EXPECT_EQ(searched.status, 1) << searched.out;
}

// A stack limit that no address space holds: pthread_create gives EAGAIN.
TEST_F(Streams, ThreadsThatCannotBeMadeAreMissing) {
  const Ran ran = run("ulimit -s 100000000000; " + search("--jobs 2"));
  EXPECT_EQ(ran.status, 4) << ran.error;
  EXPECT_THAT(ran.error, HasSubstr("the system gives no more threads"));
}

}  // namespace
}  // namespace wattgrind
