#include "estimator/dataflow/fixed_schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

// AlexNet with the zeros of its maps, and VGG-16 without, for theirs are not at hand.
std::vector<ScheduledLayer> layers_of(const std::string& network) {
  if (network == "AlexNet") {
    return {{11, 3, 96, 55, 4, 227, 0.0001, 0.5102, 1, true},
            {5, 48, 256, 27, 1, 31, 0.387, 0.8066, 2},
            {3, 256, 384, 13, 1, 15, 0.725, 0.7244, 6},
            {3, 192, 384, 13, 1, 15, 0.793, 0.7018, 6},
            {3, 192, 256, 13, 1, 15, 0.776, 0.905, 6},
            {6, 256, 4096, 1, 1, 6, 0.7113, 0.8312, 18},
            {1, 4096, 4096, 1, 1, 1, 0.8312, 0.8125, 18},
            {1, 4096, 1000, 1, 1, 1, 0.8125, 0, 18}};
  }
  const auto conv = [](uint64_t channels, uint64_t filters, uint64_t side, uint64_t images) {
    return ScheduledLayer{3, channels, filters, side, 1, side + 2, 0, 0, images};
  };
  return {conv(3, 64, 224, 1),
          conv(64, 64, 224, 1),
          conv(64, 128, 112, 1),
          conv(128, 128, 112, 1),
          conv(128, 256, 56, 1),
          conv(256, 256, 56, 1),
          conv(256, 256, 56, 1),
          conv(256, 512, 28, 2),
          conv(512, 512, 28, 2),
          conv(512, 512, 28, 2),
          conv(512, 512, 14, 6),
          conv(512, 512, 14, 6),
          conv(512, 512, 14, 6),
          {7, 512, 4096, 1, 1, 7, 0, 0, 18},
          {1, 4096, 4096, 1, 1, 1, 0, 0, 18},
          {1, 4096, 1000, 1, 1, 1, 0, 0, 18}};
}

// CNNergy's published program, run by its rules: what it prints of each layer.
TEST(FixedSchedule, AgreesWithCnnergy) {
  WATTGRIND_PUBLISHED_OR_SKIP(table, "cnnergy_layers.csv");
  size_t rows = 0;
  for (const CsvRow& row : table->rows) {
    const std::string& network = row.fields[0];
    const auto number = [&](const char* column) {
      return table->number(row, table->column(column));
    };
    const ScheduledLayer layer = layers_of(network).at(static_cast<size_t>(number("layer")) - 1);
    const std::string where = network + " " + row.fields[1];
    const FixedSchedule schedule = fixed_schedule(layer);
    EXPECT_EQ(schedule.channels_a_set, number("channels_per_set")) << where;
    EXPECT_EQ(schedule.channels_a_pass, number("channels_per_pass")) << where;
    EXPECT_EQ(schedule.filters_a_pass, number("filters_per_pass")) << where;
    EXPECT_EQ(schedule.kept_rows, number("y_out")) << where;
    EXPECT_EQ(schedule.tile_columns, number("x_out")) << where;
    const ScheduledEnergy energy = scheduled_energy(layer);
    EXPECT_NEAR(energy.buffer_mb, number("glb_mb"), 6e-4) << where;
    ++rows;
    if (network != "AlexNet") continue;
    EXPECT_NEAR(energy.data_mj, number("energy_no_control_mj"), 1e-6) << where;
    EXPECT_NEAR(energy.data_mj + energy.control_mj, number("energy_mj"), 1e-6) << where;
    EXPECT_NEAR(energy.dram_mb, number("dram_mb"), 6e-4) << where;
    EXPECT_NEAR(energy.on_chip_mj, number("onchip_no_control_mj"), 1e-6) << where;
  }
  EXPECT_EQ(rows, 24u);
}

// The totals that its authors print for AlexNet, millijoules an image.
TEST(FixedSchedule, AlexNetsTotals) {
  double data = 0, all = 0;
  for (const ScheduledLayer& layer : layers_of("AlexNet")) {
    const ScheduledEnergy energy = scheduled_energy(layer);
    data += energy.data_mj;
    all += energy.data_mj + energy.control_mj;
  }
  EXPECT_NEAR(data, 6.31061, 1e-5);
  EXPECT_NEAR(all, 10.91111, 1e-5);
}

}  // namespace
}  // namespace wattgrind
