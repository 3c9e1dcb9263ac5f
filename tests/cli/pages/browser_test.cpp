// Pages in a real browser (browser.py says what is looked at), where Debian's chromium is there.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/dense_models.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

constexpr int kAbsent = 77;

class Browser : public testing::Test {
 protected:
  // Has the command write a page, and looks at it.
  void expect_good_page(std::vector<std::string> arguments) const {
    const std::string page = folder_.path() / "page.html";
    arguments.insert(arguments.end(), {"--quiet", "--report", page});
    const Ran written = run_wattgrind(arguments);
    ASSERT_EQ(written.status, 0) << written.error;
    const ProcessResult looked = make_process_runner()->run(
        {{"/usr/bin/python3", source_path("tests/cli/pages/browser.py"), page},
         {"PATH=/usr/bin:/bin", "HOME=" + folder_.path().string()},
         folder_.path(),
         1 << 16});
    const auto* exited = std::get_if<ProcessExited>(&looked.end);
    if (exited == nullptr || exited->status == kAbsent) GTEST_SKIP() << looked.out << looked.error;
    EXPECT_EQ(exited->status, 0) << looked.out << looked.error;
  }

  TemporaryFolder folder_;
};

TEST_F(Browser, AnEstimateByModels) {
  const std::string models = write_dense_models(folder_.path());
  expect_good_page({"estimate", "lenet5", "--machine", "zen3", "--model", models, "--bottleneck"});
}

TEST_F(Browser, AnEstimate) { expect_good_page({"estimate", "lenet5", "--machine", "zen3"}); }

TEST_F(Browser, AnEstimateOfManyLayersWithBranches) {
  expect_good_page({"estimate", "squeezenet", "--machine", "zen3"});
}

TEST_F(Browser, ATrainingStep) {
  expect_good_page({"estimate", "lenet5", "--machine", "zen3", "--phase", "training"});
}

TEST_F(Browser, ASweepOfTwoKeys) {
  expect_good_page({"sweep", "dense:units=64,input=512x1x1", "--machine", "zen3", "--vary",
                    "units=16..64+16", "batch=1,2,4"});
}

TEST_F(Browser, AComparison) {
  expect_good_page({"compare", "lenet5", "resnet8", "--machine", "zen3,xeon_x5650"});
}

TEST_F(Browser, ADataflow) {
  expect_good_page({"dataflow", "alexnet", "--accelerator", "eyeriss_chip"});
}

TEST_F(Browser, AStudy) {
  expect_good_page({"search", source_path("configs/searches/dffr_digits.json"), "--trials", "15",
                    "--study", folder_.path() / "s.study"});
}

}  // namespace
}  // namespace wattgrind
