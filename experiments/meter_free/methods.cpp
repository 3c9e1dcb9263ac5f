#include "experiments/meter_free/methods.h"

namespace wattgrind {
namespace {

constexpr double kHorowitzMacJ = 4.6e-12;

Group by(const std::string& way, const std::vector<EnergyRow>& rows,
         double (*joules)(const EnergyRow&)) {
  Group group{way, {}};
  for (const EnergyRow& row : rows) {
    const double predicted_j = joules(row);
    if (predicted_j > 0) group.rows.push_back({row.name, predicted_j, row.read_j});
  }
  return group;
}

}  // namespace

std::vector<Group> by_method(const std::vector<EnergyRow>& rows) {
  std::vector<Group> ways;
  ways.push_back(by("this program", rows, [](const EnergyRow& row) { return row.predicted_j; }));
  for (size_t i = 0; i < rows.size(); ++i) ways[0].rows[i].factor = rows[i].factor;
  ways.push_back(by("TDP x predicted time", rows,
                    [](const EnergyRow& row) { return row.tdp_w * row.seconds; }));
  ways.push_back(by("half the TDP x predicted time", rows,
                    [](const EnergyRow& row) { return row.tdp_w * row.seconds / 2; }));
  ways.push_back(by("multiply-accumulates x 4.6 pJ", rows,
                    [](const EnergyRow& row) { return kHorowitzMacJ * row.macs; }));
  ways.push_back(by("events alone", rows, [](const EnergyRow& row) { return row.events_j; }));
  return ways;
}

}  // namespace wattgrind
