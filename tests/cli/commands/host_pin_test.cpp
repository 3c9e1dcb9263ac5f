#include "cli/commands/host_pin.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// A system of made-up cores, of one cache each.
class HostPinTest : public testing::Test {
 protected:
  HostPinTest() { write("proc/cpuinfo", "flags\t: sse4_2 popcnt\n"); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text << "\n";
  }

  void write_core(int cpu, int kib) const {
    const std::string cache = fmt::format("sys/devices/system/cpu/cpu{}/cache/index0/", cpu);
    write(cache + "level", "1");
    write(cache + "type", "Data");
    write(cache + "size", fmt::format("{}K", kib));
    write(cache + "ways_of_associativity", "4");
    write(cache + "number_of_sets", std::to_string(kib * 4));
    write(cache + "coherency_line_size", "64");
  }

  const TemporaryFolder folder_;
};

TEST_F(HostPinTest, StaysOnTheCoreThatHostMeansWhereCoresDiffer) {
  const int here = sched_getcpu();  // one that may be used
  write_core(here, 64);
  write_core(here + 1000, 32);
  const HostPin pin(folder_.path());
  EXPECT_EQ(pin.cpu(), here);
  EXPECT_EQ(sched_getcpu(), here);
}

TEST_F(HostPinTest, ChangesNothingWhereAllAreAlikeOrNothingIsTold) {
  EXPECT_EQ(HostPin(folder_.path()).cpu(), std::nullopt);
  write_core(sched_getcpu(), 64);
  write_core(sched_getcpu() + 1000, 64);
  EXPECT_EQ(HostPin(folder_.path()).cpu(), std::nullopt);
}

TEST_F(HostPinTest, SaysWhereTheCoreMayNotBeUsed) {
  write_core(40000, 64);
  write_core(sched_getcpu(), 32);
  testing::internal::CaptureStderr();
  const HostPin pin(folder_.path());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(pin.cpu(), std::nullopt);
  EXPECT_EQ(said,
            "wattgrind: this system's cores differ, and this process may not use CPUs 40000, which "
            "--machine host means: it runs wherever the system puts it\n");
}

}  // namespace
}  // namespace wattgrind
