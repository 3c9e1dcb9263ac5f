#include "estimator/system/held_clock.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <sstream>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr const char* kPolicies = "devices/system/cpu/cpufreq";

std::optional<int64_t> read_khz(const Sysfs& sysfs, const std::string& file) {
  const SysfsValue value = sysfs.read(file);
  if (!value.text) return std::nullopt;
  int64_t khz = 0;
  const char* end = value.text->data() + value.text->size();
  const auto [stop, error] = std::from_chars(value.text->data(), end, khz);
  if (error != std::errc() || stop != end) return std::nullopt;
  return khz;
}

int64_t required_khz(const Sysfs& sysfs, const std::string& file) {
  if (const std::optional<int64_t> khz = read_khz(sysfs, file)) return *khz;
  fail(ErrorKind::kMissing, "{}/{}: found no whole number of kilohertz: the clock cannot be held",
       sysfs.root(), file);
}

// Whether the CPU has the clock, exactly where it lists its clocks.
void require_clock(const Sysfs& sysfs, const std::string& folder, int64_t khz) {
  const SysfsValue list = sysfs.read(folder + "/scaling_available_frequencies");
  if (list.text) {
    std::istringstream words(*list.text);
    for (int64_t known = 0; words >> known;) {
      if (known == khz) return;
    }
    fail(ErrorKind::kUsage, "{} kHz: the CPU's clocks are {} (kHz)", khz, *list.text);
  }
  const int64_t least = required_khz(sysfs, folder + "/cpuinfo_min_freq");
  const int64_t most = required_khz(sysfs, folder + "/cpuinfo_max_freq");
  if (khz >= least && khz <= most) return;
  fail(ErrorKind::kUsage, "{} kHz: the CPU's clocks are from {} to {} kHz", khz, least, most);
}

void write_or_fail(Sysfs& sysfs, const std::string& file, const std::string& khz) {
  const int error = sysfs.write(file, khz);
  if (error == 0) return;
  fail(ErrorKind::kMissing,
       "{}/{}: cannot be written ({}): run as root, or let root hold the clock "
       "(cpupower frequency-set -d {}kHz -u {}kHz) and leave the option out",
       sysfs.root(), file, std::strerror(error), khz, khz);
}

}  // namespace

HeldClock::HeldClock(Sysfs& sysfs, double frequency_hz) : sysfs_(sysfs) {
  const auto khz = static_cast<int64_t>(std::llround(frequency_hz / 1000));
  std::vector<Policy> policies;
  for (const std::string& name : sysfs.list(kPolicies)) {
    if (!name.starts_with("policy")) continue;
    Policy policy;
    policy.folder = fmt::format("{}/{}", kPolicies, name);
    require_clock(sysfs, policy.folder, khz);
    policy.least_khz = std::to_string(required_khz(sysfs, policy.folder + "/scaling_min_freq"));
    policy.most_khz = std::to_string(required_khz(sysfs, policy.folder + "/scaling_max_freq"));
    policies.push_back(std::move(policy));
  }
  if (policies.empty()) {
    fail(
        ErrorKind::kMissing,
        "{}/{}: no clock is governed here, as on most virtual machines: run on the machine itself, "
        "with a cpufreq driver loaded",
        sysfs.root(), kPolicies);
  }
  try {
    for (const Policy& policy : policies) {
      held_.push_back(policy);
      hold(policy, std::to_string(khz));
    }
  } catch (...) {
    put_back();
    throw;
  }
}

HeldClock::~HeldClock() { put_back(); }

// The least may never pass the most, so the one that makes room goes first.
void HeldClock::hold(const Policy& policy, const std::string& khz) {
  const std::string least = policy.folder + "/scaling_min_freq";
  const std::string most = policy.folder + "/scaling_max_freq";
  const bool is_faster = std::stoll(khz) > std::stoll(policy.most_khz);
  write_or_fail(sysfs_, is_faster ? most : least, khz);
  write_or_fail(sysfs_, is_faster ? least : most, khz);
}

// There is nobody to tell of a failure; the order is that of room again, both ways.
void HeldClock::put_back() {
  for (const Policy& policy : held_) {
    const std::string least = policy.folder + "/scaling_min_freq";
    const std::string most = policy.folder + "/scaling_max_freq";
    sysfs_.write(most, policy.most_khz);
    sysfs_.write(least, policy.least_khz);
    sysfs_.write(most, policy.most_khz);
  }
  held_.clear();
}

}  // namespace wattgrind
