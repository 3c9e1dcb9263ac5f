// wattgrind data, with the program itself.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "estimator/system/process.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string error_of(const std::vector<std::string>& arguments, int status) {
  const Ran ran = run_wattgrind(arguments);
  EXPECT_EQ(ran.status, status) << ran.error;
  EXPECT_THAT(ran.out, IsEmpty());
  return ran.error;
}

TEST(DataCommand, ShowsWhatIsDrawn) {
  const Ran ran = run_wattgrind({"data", "digits", "--classes", "7,2", "--train", "5",
                                 "--validation", "4", "--test", "3", "--format", "json"});
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(nlohmann::json::parse(ran.out), nlohmann::json::parse(R"({
      "schema": "wattgrind/data/1", "set": "digits", "seed": 1, "image": [1, 28, 28],
      "classes": [7, 2],
      "parts": [{"name": "train", "images": 5, "by_class": [3, 2]},
                {"name": "validation", "images": 4, "by_class": [2, 2]},
                {"name": "test", "images": 3, "by_class": [2, 1]}]})"));
}

TEST(DataCommand, WritesFilesThatItReads) {
  TemporaryFolder folder;
  const std::string path = (folder.path() / "drawn").string();
  const Ran written = run_wattgrind({"data", "digits", "--train", "30", "--validation", "10",
                                     "--test", "20", "--write", path, "--format", "csv"});
  EXPECT_EQ(written.status, 0) << written.error;
  const Ran read = run_wattgrind({"data", "mnist", "--path", path, "--format", "csv"});
  EXPECT_EQ(read.out,
            "part,images,class_0,class_1,class_2,class_3,class_4,class_5,class_6,class_7,class_8,"
            "class_9\ntrain,30,3,3,3,3,3,3,3,3,3,3\nvalidation,0,0,0,0,0,0,0,0,0,0,0\n"
            "test,20,2,2,2,2,2,2,2,2,2,2\n");
}

// An empty file stands where the dynamic linker looks first.
TEST(DataCommand, WithoutLibcurlNamesTheRemedyAndExitsWith4) {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "libcurl.so.4").flush();
  const ProcessResult result = make_process_runner()->run(
      {{program_path(), "data", "mnist", "--fetch"},
       {"LD_LIBRARY_PATH=" + folder.path().string(), "XDG_CACHE_HOME=" + folder.path().string()}});
  EXPECT_EQ(std::get<ProcessExited>(result.end).status, 4) << result.error;
  EXPECT_THAT(result.error, StartsWith("wattgrind: libcurl.so.4: cannot be loaded: "));
  EXPECT_THAT(result.error, EndsWith("; install libcurl4\n"));
  EXPECT_THAT(result.out, IsEmpty());
}

TEST(DataCommand, RefusesWhatIsWrong) {
  TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_THAT(error_of({"data", "mnits"}, 3), HasSubstr("did you mean mnist"));
  EXPECT_THAT(error_of({"data", "digits", "--path", path}, 3), HasSubstr("they are drawn"));
  EXPECT_THAT(error_of({"data", "digits", "--fetch"}, 2), HasSubstr("nothing is to be fetched"));
  EXPECT_THAT(error_of({"data", "digits", "--classes", "11"}, 3), HasSubstr("found class 11"));
  EXPECT_THAT(error_of({"data", "digits", "--train", "-1"}, 2), HasSubstr("--train"));
  EXPECT_THAT(error_of({"data", "digits", "--train", "99999999999999"}, 3), HasSubstr("at most"));
  EXPECT_THAT(error_of({"data", "mnist", "--path", path}, 3),
              HasSubstr("found no train-images-idx3-ubyte"));
  EXPECT_THAT(error_of({"data", "mnist", "--path", path, "--fetch"}, 2), HasSubstr("excludes"));
  std::ofstream(folder.path() / "file") << "in the way";
  EXPECT_THAT(error_of({"data", "digits", "--train", "1", "--write", path + "/file"}, 1),
              HasSubstr("cannot be made"));
}

}  // namespace
}  // namespace wattgrind
