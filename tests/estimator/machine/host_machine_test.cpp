#include "estimator/machine/host_machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_check.h"
#include "tests/error_text.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// A made-up system: a 12 MiB last level of 12288 sets, which is no power of two.
class HostMachine : public testing::Test {
 protected:
  HostMachine() {
    write("proc/cpuinfo",
          "processor\t: 0\nmodel name\t: Xeon of tests\nflags\t\t: fpu sse4_2 popcnt avx2 fma bmi1 "
          "bmi2\n\n"
          "processor\t: 1\nmodel name\t: another\n");
    write_cache(0, "1", "Data", "32K", "8", "64");
    write_cache(1, "1", "Instruction", "32K", "4", "128");
    write_cache(2, "2", "Unified", "256K", "8", "512");
    write_cache(3, "3", "Unified", "12288K", "16", "12288");
  }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  std::string index(int number) const {
    return fmt::format("sys/devices/system/cpu/cpu0/cache/index{}", number);
  }

  void write_cache(int number, const std::string& level, const std::string& type,
                   const std::string& size, const std::string& ways,
                   const std::string& sets) const {
    const std::string folder = index(number);
    write(folder + "/level", level + "\n");
    write(folder + "/type", type + "\n");
    write(folder + "/size", size + "\n");
    write(folder + "/ways_of_associativity", ways + "\n");
    write(folder + "/number_of_sets", sets + "\n");
    write(folder + "/coherency_line_size", "64\n");
  }

  std::string missing() const {
    return error_text([&] { read_host_cpu(root_); }, ErrorKind::kMissing);
  }

  void expect_told_in_part() const {
    EXPECT_NE(missing().find("tells its caches only in part"), std::string::npos) << missing();
    EXPECT_NE(missing().find("--machine"), std::string::npos);
  }

  const TemporaryFolder folder_;
  const fs::path& root_ = folder_.path();
};

TEST_F(HostMachine, ReadsDataAndUnifiedCaches) {
  const HostCpu cpu = read_host_cpu(root_);
  EXPECT_EQ(cpu.model, "Xeon of tests");
  ASSERT_EQ(cpu.levels.size(), 3u);
  EXPECT_EQ(cpu.levels[0].value, (CacheGeometry{32 << 10, 8, 64}));
  EXPECT_EQ(cpu.levels[1].value, (CacheGeometry{256 << 10, 8, 64}));
  EXPECT_EQ(cpu.levels[2].value, (CacheGeometry{12 << 20, 16, 64}));
  EXPECT_EQ(cpu.levels[2].source, (root_ / index(3)).string());
}

TEST_F(HostMachine, TakesTheWidestInstructionSetThatIsComplete) {
  EXPECT_EQ(read_host_cpu(root_).isa, Isa::kAvx2);
  write("proc/cpuinfo", "flags : sse4_2 popcnt avx2 fma bmi1\n");
  EXPECT_EQ(read_host_cpu(root_).isa, Isa::kSse42);
  write("proc/cpuinfo",
        "flags : sse4_2 popcnt avx2 fma bmi1 bmi2 avx512f avx512dq avx512bw avx512vl avx512cd\n");
  EXPECT_EQ(read_host_cpu(root_).isa, Isa::kAvx512);
  write("proc/cpuinfo",
        "flags : sse4_2 popcnt avx2 fma bmi1 bmi2 avx512f avx512dq avx512bw avx512vl\n");
  EXPECT_EQ(read_host_cpu(root_).isa, Isa::kAvx2);
  write("proc/cpuinfo", "Features\t: fp asimd evtstrm\n");
  EXPECT_EQ(read_host_cpu(root_).isa, Isa::kNeon);
}

TEST_F(HostMachine, CpusWithoutAKnownInstructionSetAreMissing) {
  write("proc/cpuinfo", "flags : fpu sse2\nvmx flags : avx2 fma\n");
  EXPECT_NE(missing().find("none of sse4.2, avx2, avx512 and neon"), std::string::npos);
  fs::remove(root_ / "proc/cpuinfo");
  EXPECT_NE(missing().find("none of sse4.2"), std::string::npos);
}

TEST_F(HostMachine, SystemsThatTellNoCachesAreMissing) {
  fs::remove_all(root_ / "sys");
  EXPECT_EQ(missing(), fmt::format("this system does not tell its caches "
                                   "({}/sys/devices/system/cpu/cpu0/cache): name a profile instead "
                                   "(--machine; `wattgrind machines` lists them)",
                                   root_.string()));
}

TEST_F(HostMachine, CachesToldInPartAreMissing) {
  fs::remove(root_ / index(2) / "size");
  expect_told_in_part();
}

TEST_F(HostMachine, SizesThatAreNoneAreMissing) {
  for (const std::string size : {"", "0K", "-32K", "32G", "32KK", "99999999999999999999K", "24K"}) {
    write_cache(0, "1", "Data", size, "8", "64");
    expect_told_in_part();
  }
  // A virtual machine that does not know its ways says 0.
  write_cache(0, "1", "Data", "32K", "0", "64");
  expect_told_in_part();
  write_cache(0, "one", "Data", "32K", "8", "64");
  expect_told_in_part();
}

TEST_F(HostMachine, LevelsWithAGapAreMissing) {
  write_cache(2, "4", "Unified", "256K", "8", "512");
  EXPECT_NE(missing().find("does not tell its caches"), std::string::npos);
}

TEST_F(HostMachine, TakesPricesFromTheNearestProfileAndSaysSo) {
  const HostCpu cpu = read_host_cpu(root_);
  const Machine host = find_machine("host", root_);
  const Machine nearest = builtin_machine("xeon_x5650");
  EXPECT_EQ(host.name, "host");
  EXPECT_EQ(host.isa, Isa::kAvx2);
  EXPECT_EQ(host.levels[2].geometry.source, cpu.levels[2].source);
  EXPECT_EQ(host.levels[2].latency_cycles.value, nearest.levels[2].latency_cycles.value);
  EXPECT_EQ(host.levels[2].latency_cycles.source,
            "profile xeon_x5650: " + nearest.levels[2].latency_cycles.source);
  EXPECT_EQ(host.dram.read_energy_pj.value, nearest.dram.read_energy_pj.value);
  EXPECT_EQ(host.levels[2].containment, Containment::kInclusive);
  ASSERT_EQ(host.notes.size(), 2u);
  EXPECT_NE(host.notes[1].find("profile xeon_x5650"), std::string::npos);
  check_machine(host, "host");
}

TEST_F(HostMachine, WorksOutASubstituteForCachegrind) {
  const Machine host = find_machine("host", root_);
  EXPECT_FALSE(host.levels[0].cachegrind_substitute.has_value());
  ASSERT_TRUE(host.levels[2].cachegrind_substitute.has_value());
  EXPECT_EQ(host.levels[2].cachegrind_substitute->value, (CacheGeometry{12 << 20, 24, 64}));
}

TEST(NearestProfile, ByArchitectureThenBySizes) {
  std::vector<Machine> profiles;
  for (const char* name : {"jetson_tx1_a57", "skylake_i7_6700", "skylake_server", "xeon_x5650",
                           "xeon_x5650_powerml", "zen3"}) {
    profiles.push_back(builtin_machine(name));
  }
  const auto nearest = [&](Isa isa, const std::vector<uint64_t>& sizes_kib) {
    HostCpu cpu{"", isa, {}};
    for (const uint64_t size : sizes_kib) cpu.levels.push_back({{size << 10, 8, 64}, "test"});
    return nearest_profile(cpu, profiles).name;
  };
  EXPECT_EQ(nearest(Isa::kAvx512, {48, 1024, 32768}), "zen3");
  EXPECT_EQ(nearest(Isa::kAvx2, {32, 256, 6144}), "skylake_i7_6700");
  EXPECT_EQ(nearest(Isa::kAvx512, {32, 1024, 2048}), "skylake_server");
  EXPECT_EQ(nearest(Isa::kNeon, {32, 256, 8192}), "jetson_tx1_a57");
  EXPECT_EQ(nearest(Isa::kSse42, {32, 2048}), "xeon_x5650_powerml");
}

TEST(HostMachineFromProfile, LevelsTheProfileLacksHaveItsLastLevelsPrices) {
  HostCpu cpu{"", Isa::kNeon, {}};
  for (const uint64_t size : {64u, 1024u, 8192u}) cpu.levels.push_back({{size << 10, 8, 64}, "t"});
  const Machine profile = builtin_machine("jetson_tx1_a57");
  const Machine host = host_machine(cpu, profile);
  EXPECT_EQ(host.levels[2].latency_cycles.value, profile.levels[1].latency_cycles.value);
  check_machine(host, "host");
}

TEST(MachineSource, UnknownNamesListTheNearest) {
  EXPECT_EQ(error_text([] { find_machine("zen4"); }),
            "unknown machine \"zen4\"; did you mean zen3? (a file's name ends in .json)");
  EXPECT_EQ(error_text([] { find_machine("./nothing.json"); }),
            "./nothing.json: cannot be read: No such file or directory");
}

TEST(MachineSource, Files) {
  EXPECT_EQ(find_machine(source_path("configs/machines/zen3.json")).name, "zen3");
}

}  // namespace
}  // namespace wattgrind
