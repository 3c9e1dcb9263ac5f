#include "estimator/machine/machine_check.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

class MachineCheck {
 public:
  MachineCheck(const Machine& machine, std::string_view where) : machine_(machine), where_(where) {}

  void run() const {
    if (machine_.levels.empty()) reject("levels", "found none, wanted at least one");
    for (size_t i = 0; i < machine_.levels.size(); ++i) {
      const std::string key = fmt::format("levels[{}]", i);
      check_name(i, key + ".name");
      check_source(machine_.levels[i].geometry, key + ".geometry");
      check_geometry(machine_.levels[i].geometry.value, key + ".geometry");
      if (i > 0) check_against_above(machine_.levels[i], machine_.levels[i - 1], key);
      check_substitute(machine_.levels[i], key + ".cachegrind");
      check_prices(machine_.levels[i], key);
    }
    if (machine_.levels.front().containment == Containment::kVictim) {
      reject("levels[0].containment", "found \"victim\", but there is no level above the first");
    }
    check_prices(machine_.dram, "dram");
    check_latency_order(machine_.dram.latency_cycles, machine_.levels.back().latency_cycles,
                        "dram.latency_cycles");
    for_each_price(machine_.operations,
                   [this](std::string_view key, std::string_view, const Sourced<double>& price) {
                     check_not_negative(price, fmt::format("operations.{}", key));
                   });
    check_positive(machine_.frequency_hz, "frequency_hz");
    if (machine_.calibration.has_value() != (machine_.prices == PriceOrigin::kCalibrated)) {
      reject("calibration", "calibrated prices name their readings, and no others do");
    }
    if (machine_.time) check_time(*machine_.time);
    if (machine_.static_power_w) check_not_negative(*machine_.static_power_w, "static_power_w");
    check_execution();
    check_operating_points();
    check_power();
  }

 private:
  template <typename... Args>
  [[noreturn]] void reject(std::string_view key, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail(ErrorKind::kInput, "{}: {}: {}", where_, key,
         fmt::format(format, std::forward<Args>(args)...));
  }

  void check_name(size_t index, const std::string& key) const {
    const std::string& name = machine_.levels[index].name;
    if (name.empty() || name == "DRAM") {
      reject(key, "found \"{}\", wanted a name of its own, like \"L1\"", name);
    }
    for (size_t above = 0; above < index; ++above) {
      if (machine_.levels[above].name == name) {
        reject(key, "found \"{}\", the name of levels[{}]: names must differ", name, above);
      }
    }
  }

  void check_time(const TimePrices& time) const {
    if (!machine_.calibration) {
      reject("time", "prices of time are fitted to readings: wanted a calibration beside them");
    }
    check_not_negative(time.mac_ns, "time.mac_ns");
    check_not_negative(time.latency_cycle_ns, "time.latency_cycle_ns");
  }

  void check_execution() const {
    const auto positive = [this](const std::optional<Sourced<double>>& number,
                                 const std::string& key) {
      if (number) check_positive(*number, key);
    };
    if (machine_.levels.front().bytes_per_cycle) {
      reject("levels[0].bytes_per_cycle",
             "found one, but the first level is read by instructions, which llvm_cpu times");
    }
    for (size_t i = 1; i < machine_.levels.size(); ++i) {
      positive(machine_.levels[i].bytes_per_cycle, fmt::format("levels[{}].bytes_per_cycle", i));
    }
    positive(machine_.dram.read_bytes_per_s, "dram.read_bytes_per_s");
    positive(machine_.dram.write_bytes_per_s, "dram.write_bytes_per_s");
    positive(machine_.operations_512_per_cycle, "core.operations_512_per_cycle");
    check_whole(machine_.cores, "cores");
    check_whole(machine_.packages, "packages");
    for_each_figure(machine_.clocks, kClockFigures,
                    [&](const auto& figure, const Sourced<double>& clock) {
                      check_positive(clock, fmt::format("clocks.{}", figure.key));
                    });
  }

  void check_operating_points() const {
    const std::vector<OperatingPoint>& points = machine_.operating_points;
    if (points.empty()) return;
    for (size_t i = 0; i < points.size(); ++i) {
      const std::string key = fmt::format("operating_points[{}]", i);
      const Sourced<double> clock{points[i].frequency_hz, points[i].source, {}};
      const Sourced<double> voltage{points[i].voltage_v, points[i].source, {}};
      check_positive(clock, key + ".frequency_hz");
      check_positive(voltage, key + ".voltage_v");
      if (i == 0) continue;
      if (points[i].frequency_hz <= points[i - 1].frequency_hz) {
        reject(key + ".frequency_hz", "found {}, wanted more than the {} of the point before",
               points[i].frequency_hz, points[i - 1].frequency_hz);
      }
      if (points[i].voltage_v < points[i - 1].voltage_v) {
        reject(key + ".voltage_v", "found {}, wanted at least the {} of the slower point before",
               points[i].voltage_v, points[i - 1].voltage_v);
      }
    }
    const double clock = machine_.frequency_hz.value;
    if (clock < points.front().frequency_hz || clock > points.back().frequency_hz) {
      reject("operating_points",
             "from {} to {} Hz, wanted the profile's frequency_hz, {}, among them",
             points.front().frequency_hz, points.back().frequency_hz, clock);
    }
  }

  void check_whole(const std::optional<Sourced<double>>& number, const std::string& key) const {
    if (!number) return;
    check_positive(*number, key);
    if (number->value != std::floor(number->value)) {
      reject(key + ".value", "found {}, wanted a whole number", number->value);
    }
  }

  void check_power() const {
    if (machine_.power) {
      for_each_figure(*machine_.power, kPowerFigures,
                      [&](const auto& figure, const Sourced<double>& number) {
                        check_not_negative(number, fmt::format("power.{}", figure.key));
                      });
      check_share(machine_.power->supply_efficiency, "power.supply_efficiency");
      check_full_power(*machine_.power);
    }
    if (machine_.instructions) {
      for_each_figure(*machine_.instructions, kInstructionFigures,
                      [&](const auto& figure, const Sourced<double>& number) {
                        check_not_negative(number, fmt::format("instructions.{}", figure.key));
                      });
    }
  }

  // What is awake draws on top of what idles.
  void check_full_power(const Power& power) const {
    if (!power.package_full_w) return;
    double sum_w = 0;
    const auto add = [&](const std::optional<Sourced<double>>& figure, const char* key) {
      if (figure) sum_w += figure->value;
      if (sum_w > power.package_full_w->value) {
        reject(
            fmt::format("power.{}.value", key),
            "found {}, with what comes before it {} W: wanted at most power.package_full_w, {} W",
            figure->value, sum_w, power.package_full_w->value);
      }
    };
    add(power.package_idle_w, "package_idle_w");
    add(power.uncore_w, "uncore_w");
    add(power.core_w, "core_w");
  }

  void check_share(const std::optional<Sourced<double>>& share, const std::string& key) const {
    if (share && (share->value <= 0 || share->value > 1)) {
      reject(key + ".value", "found {}, wanted a share greater than 0 and at most 1", share->value);
    }
  }

  void check_geometry(const CacheGeometry& geometry, const std::string& key) const {
    if (geometry.ways == 0) reject(key + ".ways", "found 0, wanted at least 1");
    if (!std::has_single_bit(geometry.line_bytes)) {
      reject(key + ".line_bytes", "found {}, wanted a power of two", geometry.line_bytes);
    }
    const uint64_t set_bytes = uint64_t{geometry.ways} * geometry.line_bytes;
    if (geometry.size_bytes == 0 || geometry.size_bytes % set_bytes != 0) {
      reject(key + ".size_bytes", "found {}, wanted a multiple of ways x line, {} x {} = {}",
             geometry.size_bytes, geometry.ways, geometry.line_bytes, set_bytes);
    }
  }

  void check_against_above(const CacheLevel& level, const CacheLevel& above,
                           const std::string& key) const {
    const CacheGeometry& own = level.geometry.value;
    const CacheGeometry& upper = above.geometry.value;
    if (own.line_bytes < upper.line_bytes) {
      reject(key + ".geometry.line_bytes", "found {}, wanted at least {}, the line of {}",
             own.line_bytes, upper.line_bytes, above.name);
    }
    if (own.size_bytes < upper.size_bytes && level.containment != Containment::kVictim) {
      reject(key + ".geometry.size_bytes",
             "found {}, wanted at least {}, the size of {} (or containment \"victim\")",
             own.size_bytes, upper.size_bytes, above.name);
    }
    check_latency_order(level.latency_cycles, above.latency_cycles, key + ".latency_cycles");
  }

  void check_substitute(const CacheLevel& level, const std::string& key) const {
    if (!level.cachegrind_substitute) return;
    check_source(*level.cachegrind_substitute, key);
    const CacheGeometry& substitute = level.cachegrind_substitute->value;
    const CacheGeometry& own = level.geometry.value;
    const bool same_size = substitute.ways > 0 && substitute.size_bytes == own.size_bytes &&
                           substitute.line_bytes == own.line_bytes &&
                           own.size_bytes % (uint64_t{substitute.ways} * own.line_bytes) == 0;
    if (!same_size || !std::has_single_bit(substitute.sets())) {
      reject(key + ".ways",
             "found {}, wanted ways that make {} bytes of {}-byte lines sets of a power of two",
             substitute.ways, own.size_bytes, own.line_bytes);
    }
  }

  // `priced` is a CacheLevel or the Dram.
  template <typename Priced>
  void check_prices(const Priced& priced, const std::string& key) const {
    check_positive(priced.latency_cycles, key + ".latency_cycles");
    check_not_negative(priced.read_energy_pj, key + ".read_energy_pj");
    check_not_negative(priced.write_energy_pj, key + ".write_energy_pj");
  }

  void check_latency_order(const Sourced<double>& own, const Sourced<double>& above,
                           const std::string& key) const {
    if (own.value < above.value) {
      reject(key + ".value", "found {}, wanted at least {}, the latency of the level above",
             own.value, above.value);
    }
  }

  template <typename T>
  void check_source(const Sourced<T>& number, const std::string& key) const {
    if (number.source.empty()) reject(key + ".source", "found \"\", wanted where it is from");
  }

  void check_positive(const Sourced<double>& number, const std::string& key) const {
    check_source(number, key);
    if (!std::isfinite(number.value) || number.value <= 0) {
      reject(key + ".value", "found {}, wanted a number greater than 0", number.value);
    }
  }

  void check_not_negative(const Sourced<double>& number, const std::string& key) const {
    check_source(number, key);
    if (!std::isfinite(number.value) || number.value < 0) {
      reject(key + ".value", "found {}, wanted a number of at least 0", number.value);
    }
  }

  const Machine& machine_;
  std::string_view where_;
};

}  // namespace

void check_machine(const Machine& machine, std::string_view where) {
  MachineCheck(machine, where).run();
}

}  // namespace wattgrind
