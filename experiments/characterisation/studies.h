// Sweeps that are shipped, estimated for a machine and measured on this computer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/commands/sweep_points.h"
#include "cli/reports/compare_report.h"

namespace wattgrind {

struct StudyPoint {
  SweepPoint values;
  CaseFigures figures;
};

struct Study {
  std::vector<StudyPoint> points;

  // The figures of a point by the value of its first factor, and of the second where it has two.
  const CaseFigures& at(const std::string& first, const std::string& second = "") const;
  std::vector<double> energies_j() const;  // estimated
  std::vector<double> measured_times_s() const;
};

Study study_of(const std::string& what, const std::vector<std::string>& vary,
               const Machine& machine);
// Of configs/sweeps.
Study shipped_study(const std::string& name, const Machine& machine);

// The exponent p of y = a x^p through the first and the last point.
double exponent(const std::vector<double>& xs, const std::vector<double>& ys);
// Of a straight line through the points.
double r_squared(const std::vector<double>& xs, const std::vector<double>& ys);

// Seconds of a network, warm: whole, and the sum of its layers run alone, warm and cold.
struct WholeAndParts {
  std::string network;
  double whole_s = 0, parts_s = 0, cold_parts_s = 0;
  std::vector<std::pair<std::string, double>> by_kind_s;  // of the layers alone
};
WholeAndParts whole_and_parts(const std::string& name);

}  // namespace wattgrind
