// What goes into other programs and papers: --format markdown and latex, --also, --flame.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

Ran estimated(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"estimate", "lenet5", "--machine", "zen3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_wattgrind(arguments);
}

TEST(Formats, EveryCommandWithTablesWritesThemAsMarkdownAndLatex) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"estimate", "lenet5", "--machine", "zen3"},
           {"estimate", "lenet5", "--machine", "zen3", "--by", "tensor"},
           {"estimate", "lenet5", "--machine", "zen3", "--show", "plan"},
           {"compare", "lenet5", "resnet8", "--machine", "zen3"},
           {"dataflow", "lenet5", "--accelerator", "eyeriss_chip"},
           {"machines"},
           {"machines", "zen3"},
           {"networks"},
           {"networks", "lenet5"},
           {"doctor"}}) {
    std::vector<std::string> markdown = command;
    markdown.insert(markdown.end(), {"--format", "markdown"});
    EXPECT_THAT(run_wattgrind(markdown).out, StartsWith("| ")) << command[0];
    std::vector<std::string> latex = command;
    latex.insert(latex.end(), {"--format", "latex"});
    EXPECT_THAT(run_wattgrind(latex).out, HasSubstr("\\begin{tabular}")) << command[0];
  }
}

TEST(Formats, MarkdownHasTheColumnsOfTheTableAndItsTotal) {
  const Ran ran = estimated({"--format", "markdown", "--metrics", "macs,cost_cycles"});
  EXPECT_THAT(ran.out, StartsWith("| layer | MACs | latency cycles |\n| --- | ---: | ---: |\n"));
  EXPECT_THAT(ran.out, HasSubstr("\n| **total** | **416,520** | **"));
}

TEST(Also, WritesWhatTheFormatItselfWrites) {
  const TemporaryFolder folder;
  const std::string csv = folder.path() / "a.csv", markdown = folder.path() / "a.md";
  const Ran ran = estimated({"--format", "json", "--also", "csv=" + csv + ",markdown=" + markdown});
  ASSERT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(ran.out, estimated({"--format", "json"}).out);
  EXPECT_EQ(read_file(csv), estimated({"--format", "csv"}).out);
  EXPECT_EQ(read_file(markdown), estimated({"--format", "markdown"}).out);
}

TEST(Also, MitsFileComesBesideTheEstimate) {
  const TemporaryFolder folder;
  const std::string mit = folder.path() / "a.mit.csv";
  const Ran ran = run_wattgrind(
      {"dataflow", "lenet5", "--accelerator", "eyeriss_chip", "--also", "mit=" + mit});
  EXPECT_THAT(ran.out, HasSubstr("conv1"));
  EXPECT_EQ(read_file(mit), run_wattgrind({"dataflow", "lenet5", "--accelerator", "eyeriss_chip",
                                           "--format", "mit"})
                                .out);
}

TEST(Also, WhatIsNoFormatOrNoPlaceIsRefusedBeforeTheWork) {
  Ran ran = estimated({"--also", "xml=a"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.error,
              HasSubstr("--also: found xml=a, wanted FORMAT=FILE with one of csv, json"));
  EXPECT_EQ(estimated({"--also", "csv="}).status, 2);
  ran = estimated({"--also", "csv=/nonexistent/a"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("cannot write /nonexistent/a"));
}

struct Trace {
  std::vector<std::string> names;  // of spans, as they begin
  std::map<std::string, double> lasted_us;
  std::map<std::string, size_t> counters;
};

// Reads what a viewer would: the first span holds the others, each of which begins where the one
// before it ended.
Trace read_trace(const std::string& path) {
  const json trace = json::parse(read_file(path));
  Trace result;
  double before = 0, ended = 0;
  for (const json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph"), name = event.at("name");
    if (phase == "M") continue;
    const double at = event.at("ts");
    EXPECT_GE(at, before);
    before = at;
    if (phase == "C") ++result.counters[name];
    if (phase != "X") continue;
    EXPECT_EQ(at, ended);
    result.names.push_back(name);
    result.lasted_us[name] = event.at("dur");
    if (result.names.size() > 1) ended = at + event.at("dur").get<double>();
  }
  EXPECT_EQ(ended, result.lasted_us.at(result.names.at(0)));
  return result;
}

TEST(Flame, SpansLastAsLongAsTheEstimateSays) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "trace.json";
  const json estimate = json::parse(estimated({"--format", "json", "--flame", path}).out);
  const Trace trace = read_trace(path);
  ASSERT_EQ(trace.names.size(), estimate.at("layers").size() + 1);
  EXPECT_EQ(trace.names[0], "lenet5, batch 1");
  for (size_t i = 0; i < estimate.at("layers").size(); ++i) {
    const json& layer = estimate.at("layers")[i];
    EXPECT_EQ(trace.names[i + 1], layer.at("name"));
    EXPECT_NEAR(trace.lasted_us.at(trace.names[i + 1]),
                1e6 * layer.at("time_s").at("value").get<double>(), 1e-6);
  }
  EXPECT_NEAR(trace.lasted_us.at("lenet5, batch 1"),
              1e6 * estimate.at("total").at("time_s").at("value").get<double>(), 1e-6);
  // One before each layer, and one at the end; what takes no time has no power.
  EXPECT_EQ(trace.counters.at("L1 misses"), estimate.at("layers").size() + 1);
  size_t with_time = 0;
  for (const json& layer : estimate.at("layers")) {
    with_time += layer.at("time_s").at("value").get<double>() > 0 ? 1 : 0;
  }
  EXPECT_EQ(trace.counters.at("power (W)"), with_time + 1);
}

TEST(Flame, WithoutTimesALatencyCycleIsAMicrosecond) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "trace.json";
  const std::string machine = folder.path() / "machine.json";
  json profile = json::parse(run_wattgrind({"machines", "zen3", "--format", "json"}).out);
  profile.at("core").erase("llvm_cpu");
  write_file(machine, profile.dump());
  const Ran ran = run_wattgrind(
      {"estimate", "lenet5", "--machine", machine, "--format", "json", "--flame", path});
  ASSERT_EQ(ran.status, 0) << ran.error;
  const json estimate = json::parse(ran.out);
  ASSERT_FALSE(estimate.at("total").contains("time_s"));
  EXPECT_NEAR(read_trace(path).lasted_us.at("lenet5, batch 1"),
              estimate.at("total").at("cost_cycles"), 1e-3);
  EXPECT_THAT(json::parse(read_file(path)).at("otherData").at("unit"), HasSubstr("latency cycle"));
}

TEST(Flame, ATrainingGoesForwardAndBack) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "trace.json";
  const Ran ran = run_wattgrind({"estimate", "dffr:layers=1,width=4,classes=2", "--machine", "zen3",
                                 "--phase", "training", "--batch", "2", "--flame", path});
  ASSERT_EQ(ran.status, 0) << ran.error;
  std::vector<std::string> order;
  for (const std::string& name : read_trace(path).names) {
    if (name.find("dense") != std::string::npos) order.push_back(name);
  }
  ASSERT_EQ(order.size(), 6u);
  EXPECT_THAT(order[0], HasSubstr(" forward"));
  const std::string first = order[0].substr(0, order[0].find(' '));
  EXPECT_EQ(order[5], first + " update");
  EXPECT_EQ(order[4], first + " backward");
}

TEST(Flame, IsOfAnEstimate) {
  EXPECT_EQ(estimated({"--show", "plan", "--flame", "a"}).status, 2);
  EXPECT_EQ(estimated({"--flame", "/nonexistent/a"}).status, 1);
}

}  // namespace
}  // namespace wattgrind
