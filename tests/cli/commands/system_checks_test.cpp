#include "cli/commands/system_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "estimator/base/error.h"
#include "tests/fake_clock.h"
#include "tests/fake_sysfs.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class NoValgrind : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec&) override { return {ProgramNotFound{}, "", ""}; }
};

class Interrupted : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec&) override { fail(ErrorKind::kInterrupted, "interrupted"); }
};

class SystemChecks : public testing::Test {
 protected:
  SystemCheck check(const std::string& name) { return check(name, runner_); }

  SystemCheck check(const std::string& name, ProcessRunner& runner) {
    for (const SystemCheck& check : check_system({runner, root_, sysfs_, clock_})) {
      if (check.name == name) return check;
    }
    throw std::runtime_error("no check " + name);
  }

  NoValgrind runner_;
  std::filesystem::path root_ = "/no/such/root";
  FakeSysfs sysfs_;
  FakeClock clock_;
};

TEST_F(SystemChecks, ValgrindIsNeededAndHasARemedy) {
  for (const char* const name : {"Valgrind", "cachegrind"}) {
    const SystemCheck found = check(name);
    EXPECT_FALSE(found.works);
    EXPECT_TRUE(found.is_needed);
    EXPECT_THAT(found.finding, HasSubstr("sudo apt-get install valgrind"));
  }
}

// Valgrind as it is where temporary files are on a file system mounted noexec.
class RefusedValgrind : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec& spec) override {
    if (spec.argv.back() == "--version") return {ProcessExited{0}, "valgrind-3.19.0\n", ""};
    return {ProcessExited{1}, "",
            "valgrind: failed in UME with error 1 (Operation not permitted)."};
  }
};

TEST_F(SystemChecks, AFolderWhereProgramsMayNotRunHasARemedy) {
  RefusedValgrind refused;
  const SystemCheck found = check("cachegrind", refused);
  EXPECT_FALSE(found.works);
  EXPECT_THAT(found.finding, HasSubstr("set TMPDIR to a folder where programs may run"));
}

TEST_F(SystemChecks, TheHostsCachesAreNotNeeded) {
  const SystemCheck found = check("host's caches");
  EXPECT_FALSE(found.works);
  EXPECT_FALSE(found.is_needed);
  EXPECT_THAT(found.finding, HasSubstr("name a profile instead"));
}

// Two clusters of a board whose firmware tells no caches.
TEST_F(SystemChecks, CoresAreNamedAndWhichOfTwoClustersIsUsed) {
  const TemporaryFolder system;
  root_ = system.path();
  const std::filesystem::path folder = root_ / "sys/devices/system/cpu";
  std::filesystem::create_directories(root_ / "proc");
  std::filesystem::create_directories(folder / "cpu0/cpufreq");
  std::filesystem::create_directories(folder / "cpu1/cpufreq");
  std::ofstream(folder / "online") << "0-1\n";
  std::ofstream(folder / "cpu0/cpufreq/cpuinfo_max_freq") << "1800000\n";
  std::ofstream(folder / "cpu1/cpufreq/cpuinfo_max_freq") << "2400000\n";
  const auto write_cpuinfo = [&](const std::string& second) {
    std::ofstream(root_ / "proc/cpuinfo")
        << "processor\t: 0\nFeatures\t: asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n\n"
        << "processor\t: 1\nFeatures\t: asimd\nCPU implementer\t: 0x41\nCPU part\t: " << second
        << "\n";
  };
  write_cpuinfo("0xd05");
  EXPECT_EQ(check("host's cores").finding, "CPUs 0-1 (Cortex-A55, 2400 MHz)");
  write_cpuinfo("0xd0b");
  const SystemCheck found = check("host's cores");
  EXPECT_TRUE(found.works);
  EXPECT_EQ(found.finding,
            "This system's cores differ. CPU 1 is meant, and used by measure and train, of the CPU "
            "1 (Cortex-A76, 2400 MHz), rather than CPU 0 (Cortex-A55, 1800 MHz): the largest last "
            "private cache decides, then the highest clock.");
}

TEST_F(SystemChecks, ACounterThatMayNotBeReadHasARemedy) {
  const std::string zone = "class/powercap/intel-rapl:0/";
  sysfs_.write(zone + "name", "package-0");
  sysfs_.write(zone + "max_energy_range_uj", "262143328850");
  sysfs_.refuse(zone + "energy_uj", EACCES);
  const SystemCheck found = check("RAPL");
  EXPECT_FALSE(found.works);
  EXPECT_FALSE(found.is_needed);
  EXPECT_THAT(found.finding, HasSubstr("sudo chmod"));
}

TEST_F(SystemChecks, ACounterThatCanBeReadIsNamed) {
  const std::string zone = "class/powercap/intel-rapl:0/";
  sysfs_.write(zone + "name", "package-0");
  sysfs_.write(zone + "max_energy_range_uj", "262143328850");
  // As a real one it shows nothing new for a millisecond.
  sysfs_.write(zone + "energy_uj", [this] {
    return std::to_string(50'000 * static_cast<uint64_t>(1000 * (clock_.now_s() - 100)));
  });
  const SystemCheck found = check("RAPL");
  EXPECT_TRUE(found.works) << found.finding;
  EXPECT_THAT(found.finding, HasSubstr("package-0"));
}

TEST_F(SystemChecks, ABoardsRailsAreNamed) {
  EXPECT_THAT(check("INA3221").finding, HasSubstr("use another meter"));
  const std::string device = "class/hwmon/hwmon3/";
  sysfs_.write(device + "name", "ina3221");
  sysfs_.write(device + "in1_label", "VDD_IN");
  sysfs_.write(device + "in1_input", "5000");
  sysfs_.write(device + "curr1_input", "800");
  const SystemCheck found = check("INA3221");
  EXPECT_TRUE(found.works) << found.finding;
  EXPECT_EQ(found.finding, "VDD_IN");
}

TEST_F(SystemChecks, OtherMetersOfBoardsAreNamedOrTheirRemedies) {
  EXPECT_THAT(check("INA219 to INA260").finding, HasSubstr("modprobe"));
  EXPECT_THAT(check("Raspberry Pi 5's PMIC").finding, HasSubstr("no vcgencmd here"));
  EXPECT_THAT(check("power supply").finding, HasSubstr("use another meter"));
  const std::string device = "class/hwmon/hwmon2/", battery = "class/power_supply/BAT0/";
  sysfs_.write(device + "name", "ina238");
  sysfs_.write(device + "power1_input", "4000000");
  sysfs_.write(battery + "type", "Battery");
  sysfs_.write(battery + "status", "Discharging");
  sysfs_.refuse(battery + "power_now", EACCES);
  const SystemCheck monitor = check("INA219 to INA260");
  EXPECT_TRUE(monitor.works) << monitor.finding;
  EXPECT_EQ(monitor.finding, "ina238");
  const SystemCheck refused = check("power supply");
  EXPECT_FALSE(refused.works);
  EXPECT_FALSE(refused.is_needed);
  EXPECT_THAT(refused.finding, HasSubstr("sudo chmod a+r /sys/class/power_supply/BAT0/power_now"));
}

TEST_F(SystemChecks, TemporaryFilesNeedAFolder) {
  setenv("TMPDIR", "/no/such/folder", 1);
  const SystemCheck found = check("temporary files");
  unsetenv("TMPDIR");
  EXPECT_FALSE(found.works);
  EXPECT_THAT(found.finding, AllOf(HasSubstr("/no/such/folder"), HasSubstr("TMPDIR")));
  EXPECT_TRUE(check("temporary files").works);
}

// A child that may mount sees its own TMPDIR as the system's administrator mounted it.
TEST_F(SystemChecks, TemporaryFilesNeedAFolderWhereProgramsMayRun) {
  const TemporaryFolder folder;
  constexpr int kMayNotMount = 77;
  const pid_t child = fork();
  if (child == 0) {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(kMayNotMount);
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
    const bool mounted = mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         mount("tmpfs", folder.path().c_str(), "tmpfs", MS_NOEXEC, "size=64m") == 0;
    if (!mounted) _exit(kMayNotMount);
    setenv("TMPDIR", folder.path().c_str(), 1);
    const SystemCheck found = check("temporary files");
    const bool told = !found.works && found.finding.starts_with("programs may not run in " +
                                                                folder.path().string());
    _exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kMayNotMount) GTEST_SKIP() << "nobody may mount here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SystemChecks, TheInstructionSetAndLlvmAreFound) {
  EXPECT_TRUE(check("instruction set").works);
  EXPECT_THAT(check("LLVM").finding, testing::StartsWith("version 19."));
}

TEST_F(SystemChecks, AnInterruptIsNoFinding) {
  Interrupted interrupted;
  EXPECT_THROW(check_system({interrupted, "/no/such/root", sysfs_, clock_}), Error);
}

}  // namespace
}  // namespace wattgrind
