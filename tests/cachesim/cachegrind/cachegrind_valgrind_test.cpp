// Against the real Valgrind: what cachegrind accepts, and that its counts depend on nothing but
// the executable and the geometry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "cachesim/cachegrind/cachegrind.h"
#include "estimator/base/error.h"
#include "estimator/system/scratch_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr CacheGeometry kL1{32 << 10, 8, 64};

class Valgrind : public testing::Test {
 protected:
  void SetUp() override {
    try {
      installed_valgrind(*runner_);
    } catch (const Error& error) {
      GTEST_SKIP() << "skipped: " << error.what();
    }
  }

  const std::unique_ptr<ProcessRunner> runner_ = make_process_runner();
};

Machine machine_with(const std::vector<CacheGeometry>& levels) {
  Machine machine;
  for (const CacheGeometry& geometry : levels) {
    CacheLevel level;
    level.geometry = {geometry, "test"};
    machine.levels.push_back(level);
  }
  return machine;
}

CachegrindRequest workload_request() {
  return {WATTGRIND_WORKLOAD, {"layer_strided", "layer_dense"}};
}

TEST_F(Valgrind, AcceptsAndRefusesWhatWeThink) {
  const std::vector<CacheGeometry> geometries = {
      kL1,
      {12 << 20, 16, 64},  // Xeon X5650
      {12 << 20, 24, 64},
      {25 << 20, 20, 64},  // Broadwell
      {25 << 20, 25, 64},
      {48 << 10, 12, 64},
      {1408 << 10, 11, 64},  // a slice of Skylake-X
      {32 << 10, 512, 64},   // fully associative
      {32 << 10, 1024, 64},  // more ways than lines
      {32 << 10, 7, 64},
      {(32 << 10) + 1, 8, 64},
      {3 << 14, 8, 96},
      {32 << 10, 8, 128},
      {32 << 10, 8, 32},
      {32 << 10, 8, 8},
      {128, 1, 64},
      {128, 2, 64},
      {64, 1, 64},
      {1 << 30, 16, 64},
      {uint64_t{2} << 30, 16, 64},
      {uint64_t{4} << 30, 16, 64},
      {0, 8, 64},
      {32 << 10, 0, 64},
      {32 << 10, 8, 0},
  };
  const ScratchFolder folder;
  for (const CacheGeometry& geometry : geometries) {
    ProcessSpec spec;
    spec.argv = cachegrind_command({kL1, geometry, kL1}, "d1.out", WATTGRIND_WORKLOAD);
    spec.working_directory = folder.path();
    const ProcessResult as_d1 = runner_->run(spec);
    spec.argv = cachegrind_command({kL1, kL1, geometry}, "ll.out", WATTGRIND_WORKLOAD);
    const ProcessResult as_ll = runner_->run(spec);
    for (const ProcessResult& result : {as_d1, as_ll}) {
      const auto* const exited = std::get_if<ProcessExited>(&result.end);
      const bool is_accepted = exited != nullptr && exited->status == 0;
      const auto refusal = cachegrind_refusal(geometry);
      EXPECT_EQ(is_accepted, !refusal)
          << geometry.size_bytes << "," << geometry.ways << "," << geometry.line_bytes << ": "
          << refusal.value_or("accepted") << " / " << last_message(result.error);
    }
  }
}

// The workload's layers by hand: 4096 lines of 64 B read and 4096 ints written through a D1 of 512
// lines; then the ints, 256 lines, read again.
TEST_F(Valgrind, CountsWhatTheSourceSays) {
  const Machine machine = machine_with({kL1, {512 << 10, 8, 64}, {1 << 20, 16, 64}});
  const CachegrindResult result = run_cachegrind(machine, workload_request(), *runner_);
  const EventCounts& strided = result.counts.layers.at(0);
  EXPECT_EQ(strided.refs.reads, 4096U + 1);  // and the return address
  EXPECT_EQ(strided.refs.writes, 4096U);
  EXPECT_EQ(strided.levels.at(0).read_misses, 4096U + 1);
  EXPECT_EQ(strided.levels.at(0).write_misses, 256U);
  EXPECT_EQ(strided.dram.reads, 4096U + 256);  // the line of the stack was touched before
  const EventCounts& dense = result.counts.layers.at(1);
  EXPECT_EQ(dense.refs.reads, 4096U + 1);
  EXPECT_EQ(dense.refs.writes, 0U);
  EXPECT_LE(dense.levels.at(0).misses, 256U);
  EXPECT_EQ(dense.dram.reads, 0U);
  for (const EventCounts& layer : result.counts.layers) {
    for (const LevelCounts& level : layer.levels) {
      ASSERT_TRUE(level.hits);
      EXPECT_EQ(*level.hits + level.misses, level.accesses);
    }
  }
}

TEST_F(Valgrind, OutputIsAFunctionOfExecutableAndGeometry) {
  const Machine machine = machine_with({kL1, {256 << 10, 8, 64}, {1 << 20, 16, 64}});
  const CachegrindResult first = run_cachegrind(machine, workload_request(), *runner_);

  const ScratchFolder home;
  const fs::path previous_folder = fs::current_path();
  for (const char* const file : {".valgrindrc", "valgrindrc"}) {
    std::ofstream(home.path() / file) << "--branch-sim=yes\n--D1=1024,2,64\n";
  }
  const fs::path moved = home.path() / fs::path(WATTGRIND_WORKLOAD).filename();
  fs::copy_file(WATTGRIND_WORKLOAD, moved);
  fs::create_directory(home.path() / "a temporary folder, 100%p");
  setenv("HOME", home.path().c_str(), 1);
  setenv("TMPDIR", (home.path() / "a temporary folder, 100%p").c_str(), 1);
  setenv("VALGRIND_OPTS", "--cache-sim=no --branch-sim=yes --D1=1024,2,64", 1);
  setenv("WATTGRIND_TEST_PADDING", std::string(100'000, 'x').c_str(), 1);
  fs::current_path(home.path());
  CachegrindRequest request = workload_request();
  request.executable = moved.filename();
  const CachegrindResult second = run_cachegrind(machine, request, *runner_);
  fs::current_path(previous_folder);
  for (const char* const name : {"TMPDIR", "VALGRIND_OPTS", "WATTGRIND_TEST_PADDING"}) {
    unsetenv(name);
  }

  EXPECT_EQ(first.commands, second.commands);
  ASSERT_EQ(first.outputs.size(), 2U);
  ASSERT_EQ(second.outputs.size(), 2U);
  for (size_t i = 0; i < first.outputs.size(); ++i) {
    EXPECT_EQ(first.outputs[i].name, second.outputs[i].name);
    EXPECT_EQ(first.outputs[i].text, second.outputs[i].text);
  }
}

}  // namespace
}  // namespace wattgrind
