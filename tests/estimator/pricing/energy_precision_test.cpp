#include "estimator/pricing/energy_precision.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

TEST(EnergyPrecision, IsTheErrorsPowerTimesTheEnergy) {
  EXPECT_DOUBLE_EQ(energy_precision_ratio(0.5, 2, 8), 2);
  EXPECT_DOUBLE_EQ(energy_precision_ratio(1, 4, 8), 8);
  EXPECT_DOUBLE_EQ(energy_precision_ratio(0, 1, 8), 0);
}

// NeuralPower's Table 7: ratios recomputed from its errors and energies. It prints three decimals,
// of ratios that it made from an energy with more digits than the one decimal that it prints.
TEST(EnergyPrecision, GivesThePublishedRatios) {
  const char* data = std::getenv("WATTGRIND_DATA");
  const std::filesystem::path file =
      std::filesystem::path(data ? data : "/nonexistent") / "measurements/neuralpower_epr.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file << ": set WATTGRIND_DATA";
  const CsvTable table = parse_csv(read_file(file), "neuralpower_epr.csv");
  ASSERT_EQ(table.rows.size(), 3u);
  for (const CsvRow& row : table.rows) {
    const auto number = [&](const std::string& name) {
      return table.number(row, table.column(name));
    };
    for (int alpha = 1; alpha <= 4; ++alpha) {
      const double error = number("top5_error_percent") / 100;
      const auto ratio = [&](double energy) {
        return energy_precision_ratio(error, alpha, energy);
      };
      const double printed = number(fmt::format("m_alpha{}", alpha));
      EXPECT_LE(ratio(number("epi_mj") - 0.05) - 0.0005, printed) << row.fields[0] << alpha;
      EXPECT_GE(ratio(number("epi_mj") + 0.05) + 0.0005, printed) << row.fields[0] << alpha;
    }
  }
}

}  // namespace
}  // namespace wattgrind
