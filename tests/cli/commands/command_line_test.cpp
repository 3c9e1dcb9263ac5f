// Exit statuses and where things are written, with the program itself.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "estimator/machine/machine_file.h"
#include "estimator/network/network_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

void expect_error(const std::vector<std::string>& arguments, int status,
                  const std::string& message) {
  const Ran ran = run_wattgrind(arguments);
  EXPECT_EQ(ran.status, status) << ran.error;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.error, StartsWith("wattgrind: "));
  EXPECT_THAT(ran.error, HasSubstr(message));
  EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
}

TEST(CommandLine, HelpIsAResult) {
  const Ran ran = run_wattgrind({"--help"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("networks"));
  EXPECT_THAT(ran.error, IsEmpty());
}

TEST(CommandLine, HiddenCommandsAreNeitherShownNorProposed) {
  EXPECT_THAT(run_wattgrind({"--help"}).out, testing::Not(HasSubstr("write-manual")));
  const Ran ran = run_wattgrind({"write-manuals"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.error, testing::Not(HasSubstr("did you mean write-manual")));
}

TEST(CommandLine, UsageErrorsExitWith2) {
  expect_error({}, 2, "required");
  expect_error({"network"}, 2, "unknown command network; did you mean networks?");
  expect_error({"networks", "--bogus"}, 2, "--bogus");
  expect_error({"networks", "--format", "xml"}, 2, "--format");
  expect_error({"networks", "a", "b"}, 2, "not expected");
}

TEST(CommandLine, InputErrorsExitWith3) {
  expect_error({"networks", "lenet"}, 3, "unknown network \"lenet\"; did you mean lenet5");
  expect_error({"machines", "zen4"}, 3,
               "unknown machine \"zen4\"; did you mean zen1 or zen2 or zen3?");
  expect_error({"networks", "dffr:layers=0,width=1"}, 3, "layers: found 0, wanted 1 to 1000");
  expect_error({"networks", "no\nsuch.json"}, 3, "no\\nsuch.json: cannot be read");
  expect_error({"networks", ""}, 3, "unknown network \"\"");
}

TEST(CommandLine, OutputThatCannotBeWrittenExitsWith1) {
  expect_error({"networks", "-o", "/nonexistent/result"}, 1,
               "cannot write /nonexistent/result: No such file or directory");
  expect_error({"networks", "-o", "/dev/full"}, 1,
               "cannot write /dev/full: found a device, wanted a file");
}

// Each would be read for ever, or wait for ever, or be written over.
TEST(CommandLine, SpecialFilesAreRefusedByWhatTheyAre) {
  for (const std::string file : {"/dev/zero", "/dev/full"}) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"search", file},
                                               {"ask-tell", file},
                                               {"calibrate", file},
                                               {"study", file},
                                               {"machines", file}}) {
      expect_error(command, 3, "found a device, wanted a file");
    }
    expect_error({"networks", "-o", file}, 1, "found a device, wanted a file");
    expect_error({"train", "lenet5", "--weights", file}, 1, "found a device, wanted a file");
  }
  expect_error({"search", "/proc/self/mem"}, 3, "cannot be read: Input/output error");
  expect_error({"machines", "/tmp"}, 3, "found a folder, wanted a file");
}

TEST(CommandLine, MessagesAreCutInTheMiddle) {
  const Ran ran = run_wattgrind({"networks", std::string(50'000, 'a') + "\xc2\x9b\u202e.json"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_LT(ran.error.size(), 600u);
  EXPECT_THAT(ran.error, HasSubstr("aaa...aaa"));
  EXPECT_THAT(ran.error, HasSubstr("\\u009b\\u202e.json: cannot be read: File name too long"));
}

TEST(CommandLine, VersionNamesWhatCountsDependOn) {
  const Ran ran = run_wattgrind({"--version"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, testing::MatchesRegex("wattgrind [0-9.]+ \\((commit [0-9a-f]+(-dirty)?|no "
                                             "commit known), LLVM [0-9.]+, (Valgrind "
                                             "[0-9.]+|no Valgrind)\\)\nbuilt with Boost [0-9.]+, "
                                             "([A-Za-z0-9_]+ [0-9.]+, )+zlib [0-9.]+\n"));
}

TEST(CommandLine, OutputFilesAreWhole) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "networks.json";
  std::ofstream(path) << "before";
  expect_error({"networks", "lenet", "-o", path}, 3, "unknown network");
  EXPECT_EQ(read_file(path), "before");
  const Ran ran = run_wattgrind({"networks", "--format", "json", "-o", path});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(nlohmann::json::parse(read_file(path)).at("schema"), "wattgrind/networks/1");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(Networks, TableHasTotals) {
  const Ran ran = run_wattgrind({"networks", "alexnet"});
  EXPECT_THAT(ran.out, HasSubstr("\nconv1    conv2d     11x11, stride 4           96x55x55   "
                                 "105,415,200      34,944\n"));
  EXPECT_THAT(ran.out, HasSubstr("724,406,816  60,965,224\n"));
}

TEST(Networks, CsvHoldsCountsAndJsonIsANetworkFile) {
  const Ran csv = run_wattgrind({"networks", "lenet5", "--format", "csv"});
  EXPECT_THAT(csv.out, StartsWith("name,kind,details,output,macs,parameters\n"
                                  "conv1,conv2d,\"5x5, padding 2\",6x28x28,117600,156\n"));
  const Network read =
      read_network(run_wattgrind({"networks", "lenet5", "--format", "json"}).out, "lenet5.json");
  EXPECT_EQ(read.macs(), 416'520u);
  EXPECT_EQ(read.layers.at(0).parameters, 156u);
}

TEST(Machines, ShowEveryNumberBesideItsSource) {
  const Ran ran = run_wattgrind({"machines", "xeon_x5650_powerml"});
  EXPECT_THAT(ran.out, MatchesRegex("(.|\n)*\nDRAM latency +178.22 cycles(.|\n)*"));
  EXPECT_THAT(ran.out,
              HasSubstr("one busy core, a multiply-add of full width every cycle:\npart "));
  EXPECT_THAT(ran.out, HasSubstr("12 MiB, 24-way"));
  const Ran csv = run_wattgrind({"machines", "xeon_x5650_powerml", "--format", "csv"});
  EXPECT_THAT(csv.out, HasSubstr("\nlevels[1].cachegrind.ways,24,cachegrind wants"));
  EXPECT_THAT(csv.out, HasSubstr("\ndram.latency_cycles,178.22,\"powerML"));
}

TEST(Machines, JsonIsAProfileThatReadsBack) {
  const Ran ran = run_wattgrind({"machines", "zen3", "--format", "json"});
  EXPECT_EQ(read_machine(ran.out, "zen3").levels.size(), 3u);
}

}  // namespace
}  // namespace wattgrind
