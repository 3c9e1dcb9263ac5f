#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "estimator/system/process.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

TEST(Doctor, ExitsAccordingToWhatItFinds) {
  const Ran ran = run_wattgrind({"doctor", "--format", "json"});
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json.at("schema"), "wattgrind/doctor/1");
  bool works = true;
  for (const auto& check : json.at("checks")) {
    works = works && (check.at("works") || !check.at("needed"));
    EXPECT_FALSE(check.at("finding").get<std::string>().empty()) << check;
  }
  EXPECT_EQ(json.at("works"), works);
  EXPECT_EQ(ran.status, works ? 0 : 4) << ran.error;
}

TEST(Doctor, WithoutValgrindNamesTheRemedyAndExitsWith4) {
  const ProcessResult result = make_process_runner()->run({{program_path(), "doctor"}});
  EXPECT_EQ(std::get<ProcessExited>(result.end).status, 4);
  EXPECT_THAT(result.out, HasSubstr("sudo apt-get install valgrind"));
  EXPECT_EQ(result.error,
            "wattgrind: does not work and is needed: Valgrind, cachegrind; the findings name the "
            "remedies\n");
}

}  // namespace
}  // namespace wattgrind
