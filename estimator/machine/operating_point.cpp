#include "estimator/machine/operating_point.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

void scale(Sourced<double>& figure, double factor, const std::string& why) {
  figure.value *= factor;
  figure.source += why;
}

}  // namespace

double voltage_v(const Machine& machine, double frequency_hz) {
  const std::vector<OperatingPoint>& points = machine.operating_points;
  if (points.empty()) {
    fail(ErrorKind::kInput, "{} has no operating_points: its profile must tell clocks and voltages",
         machine.name);
  }
  if (frequency_hz < points.front().frequency_hz || frequency_hz > points.back().frequency_hz) {
    fail(ErrorKind::kInput, "{} cannot be held at {:.6g} Hz: wanted {:.6g} to {:.6g}", machine.name,
         frequency_hz, points.front().frequency_hz, points.back().frequency_hz);
  }
  const auto above =
      std::find_if(points.begin() + 1, points.end(),
                   [&](const OperatingPoint& point) { return point.frequency_hz >= frequency_hz; });
  const OperatingPoint& low = *(above - 1);
  const double share = (frequency_hz - low.frequency_hz) / (above->frequency_hz - low.frequency_hz);
  return low.voltage_v + share * (above->voltage_v - low.voltage_v);
}

Machine machine_at(Machine machine, double frequency_hz) {
  const double before_hz = machine.frequency_hz.value;
  const double clock = frequency_hz / before_hz;
  const double volts = voltage_v(machine, frequency_hz) / voltage_v(machine, before_hz);
  if (clock == 1) return machine;
  const double switching = volts * volts;
  const std::string at = fmt::format("; scaled from {:.6g} to {:.6g} Hz", before_hz, frequency_hz);
  scale(machine.frequency_hz, clock, at);
  for_each_figure(machine.clocks, kClockFigures,
                  [&](const auto&, Sourced<double>& figure) { scale(figure, clock, at); });
  for (CacheLevel& level : machine.levels) {
    scale(level.read_energy_pj, switching, at);
    scale(level.write_energy_pj, switching, at);
  }
  for_each_price(machine.operations, [&](std::string_view, std::string_view,
                                         Sourced<double>& price) { scale(price, switching, at); });
  if (machine.instructions) {
    for_each_figure(*machine.instructions, kInstructionFigures,
                    [&](const auto&, Sourced<double>& figure) { scale(figure, switching, at); });
  }
  if (machine.power && machine.power->core_w) {
    scale(*machine.power->core_w, switching * clock, at);
  }
  scale(machine.dram.latency_cycles, clock, at);
  // A calibration is of the clock that it was read at.
  if (machine.calibration) machine.prices = PriceOrigin::kDefault;
  machine.calibration.reset();
  machine.time.reset();
  return machine;
}

}  // namespace wattgrind
