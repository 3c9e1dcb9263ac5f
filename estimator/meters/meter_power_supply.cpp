#include "estimator/meters/meter_power_supply.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/meters/meter_rails.h"
#include "estimator/meters/sysfs_rail.h"

namespace wattgrind {
namespace {

// Fuel gauges and embedded controllers renew what they tell once in some seconds; how often is not
// told.
constexpr RailTiming kSupplyTiming = {.period_s = 0.1, .update_s = 5};
const std::string kFolder = "class/power_supply";

struct Supply {
  SysfsRail rail;
  bool is_battery = false;
  bool is_discharging = false;
  bool is_online = false;  // of a supply: it feeds the machine
};

// Absolute amounts of what the kernel's files tell.
class SupplyRails : public RailSet {
 public:
  explicit SupplyRails(std::unique_ptr<RailSet> rails) : rails_(std::move(rails)) {}

  std::vector<MeteredRail> rails() const override { return rails_->rails(); }
  std::vector<std::string> notes() const override { return rails_->notes(); }
  RailRead read(size_t rail) override {
    RailRead read = rails_->read(rail);
    if (read.value) read.value = std::abs(*read.value);
    return read;
  }

 private:
  std::unique_ptr<RailSet> rails_;
};

std::vector<Supply> find_supplies(const Sysfs& sysfs) {
  std::vector<Supply> supplies;
  for (const std::string& name : sysfs.list(kFolder)) {
    const std::string folder = kFolder + "/" + name;
    if (sysfs.read(folder + "/scope").text == "Device") continue;
    Supply supply;
    supply.rail = {{name, false},
                   {folder + "/power_now", kMicro},
                   {folder + "/voltage_now", kMicro},
                   {folder + "/current_now", kMicro}};
    if (!has_file(sysfs, supply.rail.power.file)) supply.rail.power = {};
    supply.is_battery = sysfs.read(folder + "/type").text == "Battery";
    supply.is_discharging =
        supply.is_battery && sysfs.read(folder + "/status").text == "Discharging";
    // "2" is online with fixed and "1" with programmable voltage.
    const std::string online = sysfs.read(folder + "/online").text.value_or("0");
    supply.is_online = !supply.is_battery && online != "0";
    supplies.push_back(std::move(supply));
  }
  return supplies;
}

std::unique_ptr<RailSet> find_rails(const Sysfs& sysfs) {
  std::vector<Supply> supplies = find_supplies(sysfs);
  if (supplies.empty()) {
    fail(ErrorKind::kMissing, "no battery and no supply in {}/{}: use another meter", sysfs.root(),
         kFolder);
  }
  std::vector<SysfsRail> rails;
  std::vector<std::string> notes;
  bool has_total = false;
  for (Supply& supply : supplies) {
    MeteredRail& rail = supply.rail.rail;
    const bool feeds = supply.is_battery ? supply.is_discharging : supply.is_online;
    const std::string problem = problem_of(sysfs, supply.rail);
    if (problem.empty()) {
      rail.in_total = feeds;
      has_total |= feeds;
      rails.push_back(std::move(supply.rail));
    } else if (feeds) {
      notes.push_back(
          fmt::format("{} feeds the machine and does not tell its power: {}", rail.name, problem));
    }
  }
  // A supply that is silent would be missing from the total.
  if (!notes.empty() || !has_total) {
    if (notes.empty()) notes.push_back("none of them feeds it");
    fail(ErrorKind::kMissing,
         "the power of this machine is not told in {}/{}: {}; run on the battery alone, or use "
         "another meter",
         sysfs.root(), kFolder, fmt::join(notes, "; "));
  }
  return std::make_unique<SupplyRails>(make_sysfs_rails(sysfs, std::move(rails), {}));
}

}  // namespace

std::unique_ptr<Meter> make_power_supply_meter(Sysfs& sysfs, Clock& clock) {
  return make_rails_meter("power_supply", find_rails(sysfs), kSupplyTiming, clock);
}

}  // namespace wattgrind
