// wattgrind estimate --counts cachegrind against Valgrind run by hand.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cachesim/cachegrind/cachegrind_output.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;

constexpr const char* kMachine = "xeon_x5650_powerml";

// What cachegrind says of the kept executable when somebody runs it in a shell.
std::string counted_by_hand(const std::filesystem::path& folder) {
  const std::filesystem::path output = folder / "by_hand.out";
  const std::string command =
      "valgrind --tool=cachegrind --cache-sim=yes --I1=32768,8,64 --D1=32768,8,64 "
      "--LL=12582912,24,64 --cachegrind-out-file=" +
      output.string() + " " + (folder / "network").string() + " > /dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  return read_file(output);
}

void expect_the_tools_totals(const std::string& network) {
  const TemporaryFolder folder;
  const Ran ran =
      run_wattgrind({"estimate", network, "--machine", kMachine, "--counts", "cachegrind",
                     "--format", "json", "--keep", folder.path().string()});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json result = json::parse(ran.out);
  const CachegrindOutput by_hand = parse_cachegrind_output(counted_by_hand(folder.path()), "hand");
  const CachegrindCounts& events = by_hand.summary;
  uint64_t reads = 0, writes = 0, l1_misses = 0, ll_misses = 0;
  for (const json& layer : result["layers"]) {
    reads += layer["data_refs"]["reads"].get<uint64_t>();
    writes += layer["data_refs"]["writes"].get<uint64_t>();
    l1_misses += layer["levels"][0]["misses"].get<uint64_t>();
    ll_misses += layer["levels"][1]["misses"].get<uint64_t>();
  }
  EXPECT_EQ(reads, events[CachegrindEvent::kDr]);
  EXPECT_EQ(writes, events[CachegrindEvent::kDw]);
  EXPECT_EQ(l1_misses, events[CachegrindEvent::kD1mr] + events[CachegrindEvent::kD1mw]);
  EXPECT_EQ(ll_misses, events[CachegrindEvent::kDLmr] + events[CachegrindEvent::kDLmw]);
}

TEST(EstimateUnderCachegrind, SumsAreTheToolsTotals) {
  expect_the_tools_totals("lenet5");
  expect_the_tools_totals("cnn:layers=3,filters=5,filter_size=4");
}

TEST(EstimateUnderCachegrind, IsTheSameTwice) {
  const std::vector<std::string> arguments = {
      "estimate", "lenet5", "--machine", "skylake_i7_6700", "--counts", "cachegrind", "--steady"};
  EXPECT_EQ(run_wattgrind(arguments).out, run_wattgrind(arguments).out);
}

// Cachegrind's level below the first holds the kernels' instructions too, which push out some of
// the data's lines; the simulation has the data alone.
constexpr double kLinesOfCode = 2;

void expect_agreement(const std::string& network, const std::string& machine, int batch,
                      const std::string& source = "simulate") {
  const Ran ran =
      run_wattgrind({"estimate", network, "--machine", machine, "--batch", std::to_string(batch),
                     "--counts", source, "--verify", "--format", "json"});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json layers = json::parse(ran.out).at("layers");
  ASSERT_FALSE(layers.empty());
  for (const json& layer : layers) {
    for (const auto& [key, value] : layer.items()) {
      if (key == "name") continue;
      const double counted = value[source], expected = value["cachegrind"];
      EXPECT_NEAR(counted, expected, key == "l2_misses" || key == "l3_misses" ? kLinesOfCode : 0)
          << network << ", batch " << batch << ", on " << machine << ", " << layer["name"] << ", "
          << key;
    }
  }
}

// Every layer of the simulation after cachegrind's model, on every machine cachegrind can count.
TEST(EstimateUnderCachegrind, AgreesWithSimulation) {
  for (const char* network :
       {"lenet5", "dffr:layers=3,width=12", "cnn:layers=2,filters=4,filter_size=3"}) {
    for (const char* machine : {kMachine, "xeon_x5650", "skylake_server"}) {
      expect_agreement(network, machine, 3);
    }
  }
}

TEST(EstimateUnderCachegrind, AgreesWithTrace) {
  for (const char* network : {"lenet5", "dffr:layers=3,width=12"}) {
    expect_agreement(network, kMachine, 3, "trace");
  }
}

// Tiles of every number of rows: more sums than registers would be references no nest names.
TEST(EstimateUnderCachegrind, AgreesWithSimulationWhateverTheTile) {
  for (const int batch : {1, 2, 3, 4, 5, 6, 7}) {
    expect_agreement("dffr:layers=1,width=200", kMachine, batch);
    expect_agreement("dffr:layers=1,width=200", "zen3", batch);
  }
}

}  // namespace
}  // namespace wattgrind
