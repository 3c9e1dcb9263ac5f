#include "estimator/machine/host_machine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_check.h"
#include "estimator/machine/machine_file.h"
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
    write_cache_in(index(number), level, type, size, ways, sets);
  }

  void write_cache_in(const std::string& folder, const std::string& level, const std::string& type,
                      const std::string& size, const std::string& ways,
                      const std::string& sets) const {
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
    EXPECT_NE(missing().find("name a profile instead"), std::string::npos);
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
                                   "(`wattgrind machines` lists them)",
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
  const Machine nearest = builtin_machine("skylake_i7_6700");
  EXPECT_EQ(host.name, "host");
  EXPECT_EQ(host.isa, Isa::kAvx2);
  EXPECT_EQ(host.core, std::nullopt);
  EXPECT_EQ(host.levels[2].geometry.source, cpu.levels[2].source);
  EXPECT_EQ(host.levels[2].latency_cycles.value, nearest.levels[2].latency_cycles.value);
  EXPECT_EQ(host.levels[2].latency_cycles.source,
            "profile skylake_i7_6700: " + nearest.levels[2].latency_cycles.source);
  EXPECT_EQ(host.dram.read_energy_pj.value, nearest.dram.read_energy_pj.value);
  EXPECT_EQ(host.operations.fp32_add_pj.source,
            "profile skylake_i7_6700: " + nearest.operations.fp32_add_pj.source);
  EXPECT_EQ(host.operations.int8_multiply_pj->value, nearest.operations.int8_multiply_pj->value);
  EXPECT_EQ(host.operations.int8_multiply_pj->source,
            "profile skylake_i7_6700: " + nearest.operations.int8_multiply_pj->source);
  for_each_price(host.operations,
                 [](std::string_view key, std::string_view, const Sourced<double>& price) {
                   EXPECT_EQ(price.basis, Basis::kAssumed) << key << ": of another CPU";
                 });
  EXPECT_EQ(host.levels[2].containment, Containment::kInclusive);
  ASSERT_EQ(host.notes.size(), 3u);
  EXPECT_EQ(
      host.notes[1],
      "Borrowed from the profile skylake_i7_6700 (Skylake, 2015), whose CPU is the nearest to "
      "this one (of a year that is not known) by instruction set, then by cache sizes: the "
      "energies, latencies and bandwidths of L1 to L3 and of memory, the energies of arithmetic "
      "and of instructions, the clocks, the power of what is awake and of what idles. They were "
      "not measured here. What the profile's notes say of its prices holds here too.");
  EXPECT_EQ(host.notes[2],
            "Borrowed from it too is how levels hold what those above hold: L1 non-inclusive, L2 "
            "non-inclusive, L3 inclusive. Replacement is taken as LRU.");
  check_machine(host, "host");
}

// A laptop's i7-1165G7 of 2020.
TEST_F(HostMachine, ALaptopOfAProfilesDesignHasItsPrices) {
  write("proc/cpuinfo",
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 140\n"
        "model name\t: i7-1165G7\nflags\t\t: sse4_2 popcnt avx2 fma bmi1 bmi2 avx512f avx512dq "
        "avx512bw avx512vl avx512cd\n");
  write_cache(0, "1", "Data", "48K", "12", "64");
  write_cache(2, "2", "Unified", "1280K", "20", "1024");
  write_cache(3, "3", "Unified", "12288K", "12", "16384");
  const Machine host = find_machine("host", root_);
  ASSERT_TRUE(host.core.has_value());
  EXPECT_EQ(host.core->name, "Tiger Lake");
  EXPECT_EQ(host.core->year, 2020);
  EXPECT_EQ(host.levels[1].read_energy_pj.value,
            builtin_machine("tigerlake").levels[1].read_energy_pj.value);
  EXPECT_NE(host.notes[1].find("profile tigerlake (Tiger Lake, 2020), whose CPU is the "
                               "nearest to this one (Tiger Lake, 2020) by instruction set, then by "
                               "year, then by cache sizes"),
            std::string::npos)
      << host.notes[1];
  EXPECT_EQ(host.core->llvm_cpu, "tigerlake");
  EXPECT_EQ(host.instructions->handling_pj->basis, Basis::kAssumed);
  EXPECT_EQ(host.power->core_w->value, builtin_machine("tigerlake").power->core_w->value);
  EXPECT_EQ(read_machine(write_machine(host), "host").core, host.core);
}

TEST_F(HostMachine, TakesTheFirstCpuThatIsOnline) {
  fs::rename(root_ / "sys/devices/system/cpu/cpu0", root_ / "sys/devices/system/cpu/cpu1");
  const HostCpu without_a_list = read_host_cpu(root_);
  EXPECT_EQ(without_a_list.kinds.front().cpus, std::vector<int>{1});
  EXPECT_EQ(without_a_list.model, "another");
  write("sys/devices/system/cpu/online", "1-3\n");
  EXPECT_EQ(read_host_cpu(root_).kinds.front().cpus, std::vector<int>{1});
  // Some systems keep the folder of a CPU that is offline.
  write_cache(0, "1", "Data", "16K", "4", "64");
  EXPECT_EQ(read_host_cpu(root_).levels[0].value.size_bytes, uint64_t{32} << 10);
  EXPECT_EQ(find_machine("host", root_).notes.size(), 3u);  // all cores are alike
}

TEST_F(HostMachine, WorksOutASubstituteForCachegrind) {
  const Machine host = find_machine("host", root_);
  EXPECT_FALSE(host.levels[0].cachegrind_substitute.has_value());
  ASSERT_TRUE(host.levels[2].cachegrind_substitute.has_value());
  EXPECT_EQ(host.levels[2].cachegrind_substitute->value, (CacheGeometry{12 << 20, 24, 64}));
}

// A system whose cores differ.
class MixedCores : public HostMachine {
 protected:
  MixedCores() {
    fs::remove_all(root_ / "sys");
    write("proc/cpuinfo", "flags\t: sse4_2 popcnt avx2 fma bmi1 bmi2\n");
  }

  void write_core(int cpu, const std::string& l1_kib, const std::string& l2_kib,
                  const std::string& siblings, const std::string& l2_shared,
                  const std::string& khz) const {
    const std::string folder = fmt::format("sys/devices/system/cpu/cpu{}/", cpu);
    write(folder + "topology/thread_siblings_list", siblings + "\n");
    write(folder + "cpufreq/cpuinfo_max_freq", khz + "\n");
    write_cache_in(folder + "cache/index0", "1", "Data", l1_kib + "K", "4", kib_sets(l1_kib));
    write_cache_in(folder + "cache/index1", "2", "Unified", l2_kib + "K", "4", kib_sets(l2_kib));
    write(folder + "cache/index0/shared_cpu_list", siblings + "\n");
    write(folder + "cache/index1/shared_cpu_list", l2_shared + "\n");
  }

 private:
  static std::string kib_sets(const std::string& kib) { return std::to_string(std::stoi(kib) * 4); }
};

// An Alder Lake: two P-cores of two threads each, and four E-cores that share a larger L2.
TEST_F(MixedCores, TheLargestLastPrivateCacheIsUsedNotALargerSharedOne) {
  for (const int cpu : {4, 5, 6, 7}) {
    write_core(cpu, "32", "2048", std::to_string(cpu), "4-7", "3800000");
  }
  for (const int cpu : {0, 1}) write_core(cpu, "48", "1280", "0-1", "0-1", "4900000");
  for (const int cpu : {2, 3}) write_core(cpu, "48", "1280", "2-3", "2-3", "5000000");
  const HostCpu cpu = read_host_cpu(root_);
  ASSERT_EQ(cpu.kinds.size(), 2u);
  EXPECT_EQ(cpu.kinds[0].cpus, (std::vector<int>{2, 0, 1, 3}));
  EXPECT_EQ(cpu.levels[0].value.size_bytes, uint64_t{48} << 10);
  EXPECT_EQ(cpu.kinds[1].cpus, (std::vector<int>{4, 5, 6, 7}));
  const Machine host = find_machine("host", root_);
  ASSERT_EQ(host.notes.size(), 4u);
  EXPECT_EQ(
      host.notes[3],
      "This system's cores differ. CPU 2 is meant, and used by measure and train, of the CPUs "
      "0-3 (1280 KiB private, 5000 MHz), rather than CPUs 4-7 (32 KiB private, 3800 MHz): the "
      "largest last private cache decides, then the highest clock.");
}

// A Cortex-A53 beside a Cortex-A57: first levels of one size, second levels shared by clusters.
TEST_F(MixedCores, AmongEqualCachesTheHighestClockDecidesThoughOnlyTheDesignDiffers) {
  write("proc/cpuinfo",
        "processor\t: 0\nFeatures\t: asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\n"
        "processor\t: 1\nFeatures\t: asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd07\n");
  write_core(0, "32", "1024", "0", "0,2", "1400000");
  write_core(1, "32", "1024", "1", "1,3", "2000000");
  const HostCpu cpu = read_host_cpu(root_);
  ASSERT_EQ(cpu.kinds.size(), 2u);
  EXPECT_EQ(cpu.kinds[0].cpus, std::vector<int>{1});
  EXPECT_EQ(cpu.kinds[0].private_bytes, uint64_t{32} << 10);
  ASSERT_TRUE(cpu.core.has_value());
  EXPECT_EQ(cpu.core->name, "Cortex-A57");
}

// A Raspberry Pi 4 whose firmware's tables have no caches: /proc/cpuinfo as its kernel 5.10 writes
// it.
class SilentCaches : public HostMachine {
 protected:
  SilentCaches() {
    fs::remove_all(root_ / "sys");
    write_cpuinfo("0xd08");
    for (const int cpu : {0, 1, 2, 3}) {
      const std::string folder = fmt::format("sys/devices/system/cpu/cpu{}/", cpu);
      write(folder + "cpufreq/cpuinfo_max_freq", "1500000\n");
      write(folder + "cache/index0/level", "1\n");
      write(folder + "cache/index0/type", "Data\n");
    }
  }

  void write_cpuinfo(const std::string& part) const {
    std::string text;
    for (const int cpu : {0, 1, 2, 3}) {
      text += fmt::format(
          "processor\t: {}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
          "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {}\n"
          "CPU revision\t: 3\n\n",
          cpu, part);
    }
    write("proc/cpuinfo",
          text + "Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.1\n");
  }
};

TEST_F(SilentCaches, ArmCoresHaveThoseOfAProfileOfTheSameCoreWithAWord) {
  EXPECT_TRUE(read_host_cpu(root_).levels.empty());
  const Machine host = find_machine("host", root_), pi = builtin_machine("raspberry_pi_4");
  ASSERT_EQ(host.levels.size(), pi.levels.size());
  for (size_t i = 0; i < pi.levels.size(); ++i) {
    EXPECT_EQ(host.levels[i].geometry.value, pi.levels[i].geometry.value);
    EXPECT_EQ(host.levels[i].geometry.basis, Basis::kAssumed);
  }
  EXPECT_EQ(host.notes[0],
            "This system does not tell its caches: sizes, ways and lines are those of the profile "
            "raspberry_pi_4, whose core is the same. The instruction set is this system's own.");
}

TEST_F(SilentCaches, WithoutAProfileOfTheCoreTheRemedyIsNamed) {
  write_cpuinfo("0xd47");
  EXPECT_EQ(
      error_text([&] { find_machine("host", root_); }, ErrorKind::kMissing),
      "this system does not tell its caches, and no profile has its core (Cortex-A710, 2021): "
      "name a profile instead (`wattgrind machines` lists them)");
  write_cpuinfo("0xfff");  // not in the table of designs
  expect_told_in_part();
}

TEST_F(SilentCaches, TheMainIdRegisterNamesACoreThatCpuinfoDoesNot) {
  write("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
  EXPECT_NE(missing().find("tells its caches only in part"), std::string::npos);
  write("sys/devices/system/cpu/online", "0\n");
  write("sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "0x00000000410fd083\n");
  EXPECT_EQ(read_host_cpu(root_).core->name, "Cortex-A72");
}

TEST_F(SilentCaches, A32BitSystemIsSaid) {
  write("proc/cpuinfo",
        "processor\t: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\n"
        "Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae "
        "evtstrm "
        "crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n");
  EXPECT_EQ(missing(), fmt::format("this system runs 32-bit Arm code according to {}/proc/cpuinfo: "
                                   "install a 64-bit system, or name a profile instead (`wattgrind "
                                   "machines` lists them)",
                                   root_.string()));
}

// The RK3588's two clusters, as Linux 6.1 numbers them.
TEST_F(MixedCores, OfTwoClustersTheOneWithTheLargerPrivateCacheIsUsed) {
  std::string text;
  for (int cpu = 0; cpu < 8; ++cpu) {
    text += fmt::format(
        "processor\t: {}\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\nCPU part\t: "
        "{}\n\n",
        cpu, cpu < 4 ? "0xd05" : "0xd0b");
    const std::string self = std::to_string(cpu);
    write_core(cpu, cpu < 4 ? "32" : "64", cpu < 4 ? "128" : "512", self, self,
               cpu < 4   ? "1800000"
               : cpu < 6 ? "2400000"
                         : "2304000");
  }
  write("proc/cpuinfo", text);
  const Machine host = find_machine("host", root_);
  EXPECT_EQ(host.core->name, "Cortex-A76");
  EXPECT_EQ(
      host.notes.back(),
      "This system's cores differ. CPU 4 is meant, and used by measure and train, of the CPUs "
      "4-7 (Cortex-A76, 512 KiB private, 2400 MHz), rather than CPUs 0-3 (Cortex-A55, 128 KiB "
      "private, 1800 MHz): the largest last private cache decides, then the highest clock.");
}

TEST(CpuList, IsWrittenAsLinuxWritesIt) {
  EXPECT_EQ(cpu_list({8, 2, 0, 1, 4}), "0-2,4,8");
  EXPECT_EQ(cpu_list({}), "");
}

TEST(CoreDesign, ByFamilyAndModel) {
  const auto core = [](const char* vendor, uint64_t family, uint64_t model) {
    const auto found = core_design({vendor, family, model});
    return found ? fmt::format("{} {}", found->name, found->year) : "unknown";
  };
  EXPECT_EQ(core("GenuineIntel", 6, 44), "Westmere 2010");
  EXPECT_EQ(core("GenuineIntel", 6, 79), "Broadwell server 2016");
  EXPECT_EQ(core("GenuineIntel", 6, 85), "Skylake server 2017");
  EXPECT_EQ(core("AuthenticAMD", 0x19, 0x21), "Zen 3 2020");
  EXPECT_EQ(core("AuthenticAMD", 0x19, 0x61), "Zen 4 2022");
  EXPECT_EQ(core("0x41", 0, 0xd0c), "Neoverse N1 2019");
  EXPECT_EQ(core("0x4e", 0, 3), "Denver 2 2016");
  EXPECT_EQ(core("0x4e", 0, 4), "Carmel 2018");
  EXPECT_EQ(core("0x61", 0, 0x23), "Firestorm 2020");
  EXPECT_EQ(core("0x41", 0, 0x23), "unknown");
  EXPECT_EQ(core("GenuineIntel", 6, 0), "unknown");
  EXPECT_EQ(core("AuthenticAMD", 6, 44), "unknown");
  EXPECT_EQ(core("", 0, 0), "unknown");
}

TEST(NearestProfile, ByInstructionSetThenYearThenSizes) {
  std::vector<Machine> profiles;
  for (const char* name : {"jetson_tx1_a57", "skylake_i7_6700", "skylake_server", "xeon_x5650",
                           "xeon_x5650_powerml", "zen3"}) {
    profiles.push_back(builtin_machine(name));
  }
  const auto nearest = [&](Isa isa, int year, const std::vector<uint64_t>& sizes_kib) {
    HostCpu cpu{"", isa};
    for (const uint64_t size : sizes_kib) cpu.levels.push_back({{size << 10, 8, 64}, "test"});
    if (year != 0) cpu.core = CoreDesign{"a core", year, "test"};
    return nearest_profile(cpu, profiles).name;
  };
  constexpr int kUnknown = 0;
  EXPECT_EQ(nearest(Isa::kAvx512, 2020, {48, 1280, 12288}), "skylake_server");
  EXPECT_EQ(nearest(Isa::kAvx512, kUnknown, {48, 1024, 32768}), "skylake_server");
  EXPECT_EQ(nearest(Isa::kAvx2, kUnknown, {32, 256, 6144}), "skylake_i7_6700");
  EXPECT_EQ(nearest(Isa::kAvx2, kUnknown, {32, 512, 16384}), "zen3");
  EXPECT_EQ(nearest(Isa::kAvx2, 2021, {32, 256, 6144}), "zen3");
  EXPECT_EQ(nearest(Isa::kAvx2, 2013, {32, 512, 32768}), "skylake_i7_6700");
  EXPECT_EQ(nearest(Isa::kNeon, 2020, {32, 256, 8192}), "jetson_tx1_a57");
  EXPECT_EQ(nearest(Isa::kSse42, 2020, {32, 2048}), "xeon_x5650_powerml");
  EXPECT_EQ(nearest(Isa::kSse42, 2008, {32, 256, 8192}), "xeon_x5650");
  profiles.back().core.reset();  // what does not tell its year comes after what does
  EXPECT_EQ(nearest(Isa::kAvx2, 2021, {32, 512, 32768}), "skylake_i7_6700");
}

TEST(HostMachineFromProfile, LevelsTheProfileLacksHaveItsLastLevelsPrices) {
  HostCpu cpu{"", Isa::kNeon};
  for (const uint64_t size : {64u, 1024u, 8192u}) cpu.levels.push_back({{size << 10, 8, 64}, "t"});
  const Machine profile = builtin_machine("jetson_tx1_a57");
  const Machine host = host_machine(cpu, profile);
  EXPECT_EQ(host.levels[2].latency_cycles.value, profile.levels[1].latency_cycles.value);
  EXPECT_EQ(host.levels[2].containment, Containment::kNonInclusive);
  EXPECT_EQ(host.notes.at(2),
            "Borrowed from it too is how levels hold what those above hold: L1 non-inclusive, L2 "
            "inclusive. It has no L3: levels from there on have the prices of its last and are "
            "taken as non-inclusive. Replacement is taken as LRU.");
  check_machine(host, "host");
}

TEST(MachineSource, UnknownNamesListTheNearest) {
  EXPECT_EQ(
      error_text([] { find_machine("zen4"); }),
      "unknown machine \"zen4\"; did you mean zen1 or zen2 or zen3? (a file's name ends in .json)");
  EXPECT_EQ(error_text([] { find_machine("./nothing.json"); }),
            "./nothing.json: cannot be read: No such file or directory");
}

TEST(MachineSource, Files) {
  EXPECT_EQ(find_machine(source_path("configs/machines/zen3.json")).name, "zen3");
}

}  // namespace
}  // namespace wattgrind
