// Networks that are legal but would take hours or all memory are refused at once, by every command
// that counts or runs them, and the option that the refusal names lifts the bound.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class HugeNetworks : public testing::Test {
 protected:
  std::string file(const std::string& input, const std::string& layers) const {
    const std::string path = folder_.path() / "net.json";
    std::ofstream(path) << R"({"schema": "wattgrind/network/1", "name": "net", "input": )" << input
                        << R"(, "layers": [)" << layers << "]}";
    return path;
  }

  static std::string repeated(const std::string& layer, int times) {
    std::string text = layer;
    for (int i = 1; i < times; ++i) text += "," + layer;
    return text;
  }

  static void expect_refused(const std::vector<std::string>& arguments,
                             const std::string& message) {
    const auto start = std::chrono::steady_clock::now();
    const Ran ran = run_wattgrind(arguments);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    EXPECT_EQ(ran.status, 3) << ran.error;
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.error, HasSubstr(message));
    EXPECT_EQ(std::count(ran.error.begin(), ran.error.end(), '\n'), 1) << ran.error;
  }

  TemporaryFolder folder_;
};

TEST_F(HugeNetworks, PaddingOfTenThousand) {
  const std::string net =
      file("[1, 28, 28]",
           R"({"kind": "conv2d", "filters": 8, "kernel": [3, 3], "padding": [10000, 10000]})");
  expect_refused({"estimate", net},
                 "found 13.45 GiB of maps and parameters at batch 1 (13.45 GiB in layer conv2d_1), "
                 "wanted at most 8 GiB: make it smaller, or lift the bound with --max-memory 14");
}

TEST_F(HugeNetworks, AsManyFiltersAsAnIntegerHolds) {
  const std::string net =
      file("[1, 8, 8]", R"({"kind": "conv2d", "filters": 2147483647, "kernel": [1, 1]})");
  // 512 GiB of maps and 16 GiB of parameters: more than an arena can have, whatever the option.
  expect_refused({"estimate", net},
                 "found 528 GiB of maps and parameters at batch 1 (528 GiB in layer conv2d_1), "
                 "wanted at most 8 GiB: make it smaller\n");
}

TEST_F(HugeNetworks, WideAndDeep) {
  const std::string layer =
      R"({"kind": "conv2d", "filters": 100003, "groups": 100003, "kernel": [1, 1]})";
  expect_refused({"estimate", file("[100003, 8, 8]", repeated(layer, 1000))},
                 "lift the bound with --max-memory 25");
}

TEST_F(HugeNetworks, MoreLayersThanAnyNetworkHas) {
  expect_refused({"estimate", file("[1, 8, 8]", repeated(R"({"kind": "relu"})", 20'001))},
                 "layers: found an array of 20001 items, wanted an array of 1 to 20000");
}

TEST_F(HugeNetworks, MoreObjectsThanAnyNetworkHas) {
  expect_refused({"estimate", file("[1, 8, 8]", repeated(R"({"kind": "relu"})", 450'000))},
                 "found more than 120000 objects and arrays, wanted at most so");
}

TEST_F(HugeNetworks, FilesAreNotReadToTheirEnd) {
  expect_refused({"estimate", file("[1, 8, 8]", repeated(R"({"kind": "relu"})", 6'000'000))},
                 "found more than 8388608 bytes");
}

TEST_F(HugeNetworks, ALargePoolingWindow) {
  const std::string net =
      file("[64, 1024, 1024]", R"({"kind": "maxpool2d", "kernel": [513, 513], "stride": [1, 1]})");
  // 64 channels x 512^2 windows x 513^2 values.
  expect_refused({"estimate", net},
                 "found 4.42e+12 operations a pass at batch 1 (4.42e+12 in layer maxpool2d_1), "
                 "wanted at most 1e+12: make it smaller, or lift the bound with --max-work "
                 "4.5e+12");
}

TEST_F(HugeNetworks, EveryCommandHasTheBounds) {
  const std::string lift = "take a smaller batch, or lift the bound with --max-work ";
  expect_refused({"estimate", "lenet5", "--batch", "10", "--max-work", "1e6"}, lift + "4.3e+06");
  expect_refused({"measure", "lenet5", "--meter", "none", "--batch", "10", "--max-work", "1e6"},
                 lift + "4.3e+06");
  expect_refused({"train", "lenet5", "--batch", "10", "--max-work", "1e6"}, lift);
  const std::string readings = folder_.path() / "readings.csv";
  std::ofstream(readings) << "workload,energy_j,batch\nlenet5,1,10\n";
  expect_refused({"calibrate", readings, "--machine", "zen3", "--max-work", "1e6"},
                 lift + "4.3e+06");
}

TEST_F(HugeNetworks, TheOptionLiftsTheBound) {
  EXPECT_EQ(run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--batch", "10", "--max-work",
                           "4.3e+06"})
                .status,
            0);
}

TEST_F(HugeNetworks, AMatrixProductHasNoBatch) {
  expect_refused({"measure", "matmul:m=100000,k=100000,n=100000,dtype=float32", "--meter", "none"},
                 "found 111.8 GiB of maps and parameters, wanted at most 8 GiB: make it smaller\n");
}

}  // namespace
}  // namespace wattgrind
