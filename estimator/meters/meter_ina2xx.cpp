#include "estimator/meters/meter_ina2xx.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/meters/meter_rails.h"
#include "estimator/meters/rail_names.h"
#include "estimator/meters/sysfs_rail.h"

namespace wattgrind {
namespace {

// The drivers leave the chips at conversions of about 1 ms, of the INA219 and INA226 averaged over
// up to 16 (Linux, drivers/hwmon/ina2xx.c, ina238.c).
constexpr RailTiming kMonitorTiming = {.period_s = 0.001, .update_s = 0.02};

// The names that drivers/hwmon/ina2xx.c and ina238.c and drivers/iio/adc/ina2xx-adc.c give devices.
bool is_monitor(const SysfsValue& name) {
  constexpr std::array<std::string_view, 11> kChips = {"ina219", "ina220", "ina226", "ina228",
                                                       "ina230", "ina231", "ina232", "ina234",
                                                       "ina237", "ina238", "ina260"};
  return name.text && std::count(kChips.begin(), kChips.end(), *name.text) != 0;
}

SysfsRail hwmon_rail(const Sysfs& sysfs, const std::string& folder) {
  SysfsRail rail = {.power = {folder + "/power1_input", kMicro},
                    .voltage = {folder + "/in1_input", kMilli},
                    .current = {folder + "/curr1_input", kMilli}};
  if (!has_file(sysfs, rail.power.file)) rail.power = {};
  return rail;
}

// A channel of iio: its number, and how many thousandths one of it is.
ScaledFile iio_file(const Sysfs& sysfs, const std::string& channel) {
  const SysfsValue scale = sysfs.read(channel + "_scale");
  const auto milli = scale.text ? parse_number(*scale.text) : std::nullopt;
  return {channel + "_raw", kMilli * milli.value_or(1)};
}

SysfsRail iio_rail(const Sysfs& sysfs, const std::string& folder) {
  SysfsRail rail = {.power = iio_file(sysfs, folder + "/in_power2"),
                    .voltage = iio_file(sysfs, folder + "/in_voltage1"),
                    .current = iio_file(sysfs, folder + "/in_current3")};
  if (!has_file(sysfs, rail.power.file)) rail.power = {};
  return rail;
}

struct Monitors {
  std::vector<SysfsRail> rails;
  std::vector<std::string> names, places;
};

void add_monitors(const Sysfs& sysfs, const std::string& devices,
                  SysfsRail (*make_rail)(const Sysfs&, const std::string&), Monitors& found) {
  for (const std::string& device : sysfs.list(devices)) {
    const std::string folder = devices + "/" + device;
    const SysfsValue chip = sysfs.read(folder + "/name");
    if (!is_monitor(chip)) continue;
    found.rails.push_back(make_rail(sysfs, folder));
    found.names.push_back(sysfs.read(folder + "/label").text.value_or(*chip.text));
    found.places.push_back(device);
  }
}

std::unique_ptr<RailSet> find_monitors(const Sysfs& sysfs) {
  Monitors found;
  add_monitors(sysfs, "class/hwmon", hwmon_rail, found);
  if (found.rails.empty()) add_monitors(sysfs, "bus/iio/devices", iio_rail, found);
  if (found.rails.empty()) {
    fail(ErrorKind::kMissing,
         "no INA219 to INA260 in {0}/class/hwmon or {0}/bus/iio/devices: load the monitor's driver "
         "('sudo modprobe ina238' or 'ina2xx', with its device tree overlay), or use another meter",
         sysfs.root());
  }
  const std::vector<std::string> names = distinct_names(found.names, found.places);
  std::vector<SysfsRail> rails;
  std::vector<std::string> summed, left_out;
  for (size_t i = 0; i < names.size(); ++i) {
    SysfsRail& rail = found.rails[i];
    rail.rail = {names[i], true};
    const std::string problem = problem_of(sysfs, rail);
    if (problem.empty()) {
      summed.push_back(names[i]);
      rails.push_back(std::move(rail));
    } else {
      left_out.push_back(fmt::format("rail {} is left out: {}", names[i], problem));
    }
  }
  if (rails.empty()) {
    fail(ErrorKind::kMissing, "no power monitor can be read: {}", fmt::join(left_out, "; "));
  }
  for (std::string& note : note_of_unknown_total(summed)) left_out.push_back(std::move(note));
  return make_sysfs_rails(sysfs, std::move(rails), std::move(left_out));
}

}  // namespace

std::unique_ptr<Meter> make_ina2xx_meter(Sysfs& sysfs, Clock& clock) {
  return make_rails_meter("ina2xx", find_monitors(sysfs), kMonitorTiming, clock);
}

}  // namespace wattgrind
