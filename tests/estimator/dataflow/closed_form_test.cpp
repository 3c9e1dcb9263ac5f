#include "estimator/dataflow/closed_form.h"

#include <gmock/gmock.h>

#include <map>
#include <chrono>

#include "estimator/accelerator/storage_area.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

// AlexNet as ISCA'16 has it.
LayerProblem paper_layer(const std::string& name, uint64_t images) {
  static const std::map<std::string, LayerProblem> kLayers = {
      {"CONV1", square_conv(1, 3, 96, 55, 11, 4)},
      {"CONV2", square_conv(1, 48, 128, 27, 5, 1, 2)},
      {"CONV3", square_conv(1, 256, 384, 13, 3, 1)},
      {"CONV4", square_conv(1, 192, 192, 13, 3, 1, 2)},
      {"CONV5", square_conv(1, 192, 128, 13, 3, 1, 2)},
      {"FC1", square_conv(1, 256, 4096, 1, 6, 1)},
      {"FC2", square_conv(1, 4096, 4096, 1, 1, 1)},
      {"FC3", square_conv(1, 4096, 1000, 1, 1, 1)}};
  LayerProblem problem = kLayers.at(name);
  problem.images = images;
  return problem;
}

struct PaperDataflow {
  std::string name;
  double register_bytes;
};
PaperDataflow paper_dataflow(const std::string& word) {
  static const std::map<std::string, PaperDataflow> kDataflows = {
      {"RS", {"rs_reuse", 512}},    {"WS", {"ws", 2}},          {"OSA", {"os_soc_mop", 98}},
      {"OSB", {"os_moc_mop", 10}},  {"OSC", {"os_moc_sop", 2}}, {"NLR", {"nlr", 0}}};
  return kDataflows.at(word);
}

// So many elements with 512 bytes each, and a buffer of as much again, on equal area.
Accelerator paper_accelerator(uint64_t elements, double register_bytes) {
  const Accelerator base =
      test_accelerator(1, elements, 256.0 * static_cast<double>(elements), 256);
  return with_equal_area(base, register_bytes);
}

MappingResult map_paper(const CsvTable& table, const CsvRow& row) {
  const auto number = [&](const char* column) {
    return static_cast<uint64_t>(table.number(row, table.column(column)));
  };
  const PaperDataflow dataflow = paper_dataflow(row.fields[table.column("dataflow")]);
  const Accelerator accelerator = paper_accelerator(number("pes"), dataflow.register_bytes);
  return find_dataflow(dataflow.name)
      .map(paper_layer(row.fields[table.column("layer")], number("batch")), accelerator,
           word_prices(accelerator, AcceleratorUnit::kMacs), MappingObjective::kEnergy);
}

TEST(ClosedForm, AgreesWithTheFrameworkOfIsca16) {
  WATTGRIND_PUBLISHED_OR_SKIP(table, "eyeriss_isca16_layers.csv");
  size_t same_mapping = 0;
  for (const CsvRow& row : table->rows) {
    const std::string where = row.fields[0] + " " + row.fields[1] + " " + row.fields[2] + " " +
                              row.fields[3];
    const auto t0 = std::chrono::steady_clock::now();
    const MappingResult result = map_paper(*table, row);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count();
    if (took > 0.05) fprintf(stderr, "%s %.3f\n", where.c_str(), took);
    if (row.fields[table->column("valid")] == "0") {
      EXPECT_TRUE(std::holds_alternative<NoMapping>(result)) << where;
      continue;
    }
    ASSERT_TRUE(std::holds_alternative<MappedLayer>(result)) << where;
    const auto& mapped = std::get<MappedLayer>(result);
    const Accelerator accelerator = paper_accelerator(1, 0);
    const double found =
        energy_of(amounts_of(mapped), word_prices(accelerator, AcceleratorUnit::kMacs)).total() /
        static_cast<double>(mapped.macs);
    const double printed = table->number(row, table->column("e_total_per_mac_reported"));
    std::string tiles;
    for (const MappingParameter& tile : mapped.mapping.parameters) {
      tiles += tile.name + std::to_string(tile.value) + " ";
    }
    EXPECT_NEAR(found, printed, 3e-6 * printed) << where << " " << tiles;
    const auto active =
        static_cast<uint64_t>(table->number(row, table->column("active_pes")));
    same_mapping += mapped.active_elements == active ? 1 : 0;
    EXPECT_EQ(mapped.active_elements, active) << where << tiles;
  }
}

}  // namespace
}  // namespace wattgrind
