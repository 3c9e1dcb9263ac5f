#include "experiments/characterisation/clocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "estimator/fit/fit_quality.h"
#include "estimator/fit/linear_fit.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/measurements.h"

namespace wattgrind {
namespace {

// Files that tell offsets are of a Titan X (Pascal) whose clocks, where they tell them, are about
// these in MHz.
constexpr double kOffsetCoreMhz = 1800, kOffsetMemoryMhz = 5000;

struct ClockPoint {
  double core_mhz = 0, memory_mhz = 0;
  double time_s = 0, power_w = 0;
};

struct ClockFile {
  std::string name, time_column;
  double time_unit_s = 1;
};

const std::vector<ClockFile> kClockFiles = {
    {"dvfs-conv", "time/us", 1e-6},       {"gtx1080Ti-googlenet", "time/s"},
    {"gtx980-resnet", "time/s"},          {"titanX-caffe-fc", "time/s"},
    {"titanX-caffe-googlenet", "time/s"}, {"titanX-caffe-resnet", "time/s"},
    {"titanX-caffe-vgg", "time/s"},       {"titanX-googlenet-logs-v2", "time/s"},
    {"titanX-vgg-logs-v2", "time/s"}};

// By what ran: a file may hold several.
std::map<std::string, std::vector<ClockPoint>> read_points(const ClockFile& file) {
  const std::filesystem::path path = measurements_file("gpu_dvfs/" + file.name + ".csv");
  const CsvTable table = parse_csv(read_file(path), path.string());
  const size_t core = table.column("coreF"), memory = table.column("memF");
  const auto argument = table.find_column("argNo");
  std::map<std::string, std::vector<ClockPoint>> points;
  for (const CsvRow& row : table.rows) {
    ClockPoint point;
    point.core_mhz = table.number(row, core);
    point.memory_mhz = table.number(row, memory);
    if (point.core_mhz < 300) {
      point.core_mhz += kOffsetCoreMhz;
      point.memory_mhz += kOffsetMemoryMhz;
    }
    point.time_s = file.time_unit_s * table.number(row, table.column(file.time_column));
    point.power_w = table.number(row, table.column("power/W"));
    std::string what = file.name;
    if (argument) what = row.fields[table.column("appName")] + " " + row.fields[*argument];
    points[what].push_back(point);
  }
  return points;
}

std::vector<double> time_features(const ClockPoint& point) {
  return {1 / point.core_mhz, 1 / point.memory_mhz, 1};
}

// f V^2 with V = v0 (const), and with V in proportion to f.
std::vector<double> power_features(const ClockPoint& point) {
  const double f = point.core_mhz / 1000;
  return {1, f, f * f * f, point.memory_mhz / 1000};
}

using Features = std::vector<double> (*)(const ClockPoint&);

std::vector<double> left_out(const std::vector<ClockPoint>& points, Features features,
                             double ClockPoint::*value) {
  std::vector<double> predicted;
  for (size_t i = 0; i < points.size(); ++i) {
    std::vector<std::vector<double>> rows;
    std::vector<double> targets;
    for (size_t j = 0; j < points.size(); ++j) {
      if (j == i) continue;
      rows.push_back(features(points[j]));
      targets.push_back(points[j].*value);
    }
    predicted.push_back(priced(features(points[i]), relative_prices(rows, targets)));
  }
  return predicted;
}

double mape(const std::vector<ClockPoint>& points, Features features, double ClockPoint::*value) {
  std::vector<double> measured;
  for (const ClockPoint& point : points) measured.push_back(point.*value);
  return fit_quality(measured, left_out(points, features, value)).mape_percent;
}

// Whether the energy at the slowest core clock is less than at the fastest, and where it is least,
// at the memory clock of which there are most points.
std::string energies_text(const std::vector<ClockPoint>& points) {
  std::map<double, std::map<double, double>> by_memory;
  for (const ClockPoint& point : points) {
    by_memory[point.memory_mhz][point.core_mhz] = point.time_s * point.power_w;
  }
  const auto most = std::max_element(
      by_memory.begin(), by_memory.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  const auto& energies = most->second;
  const auto least =
      std::min_element(energies.begin(), energies.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return fmt::format("{:+6.1f} %, least at {:.0f} MHz",
                     100 * (energies.rbegin()->second / energies.begin()->second - 1),
                     least->first);
}

std::vector<double> constant(const ClockPoint&) { return {1}; }

}  // namespace

void print_clocks() {
  fmt::print("\n{:<26} {:>6} {:>8} {:>9} {:>9} {:>9}  {}\n", "GPU clocks", "points", "time (%)",
             "constant", "power (%)", "constant", "energy, slowest to fastest core");
  double sums[4] = {};
  size_t rows = 0;
  for (const ClockFile& file : kClockFiles) {
    for (const auto& [what, points] : read_points(file)) {
      const double errors[] = {mape(points, time_features, &ClockPoint::time_s),
                               mape(points, constant, &ClockPoint::time_s),
                               mape(points, power_features, &ClockPoint::power_w),
                               mape(points, constant, &ClockPoint::power_w)};
      fmt::print("{:<26} {:6} {:8.1f} {:9.1f} {:9.1f} {:9.1f}  {}\n", what, points.size(),
                 errors[0], errors[1], errors[2], errors[3], energies_text(points));
      for (size_t i = 0; i < 4; ++i) sums[i] += errors[i];
      ++rows;
    }
  }
  const auto mean = [&](size_t i) { return sums[i] / static_cast<double>(rows); };
  fmt::print("{:<26} {:6} {:8.1f} {:9.1f} {:9.1f} {:9.1f}\n", "mean", "", mean(0), mean(1), mean(2),
             mean(3));
}

}  // namespace wattgrind
