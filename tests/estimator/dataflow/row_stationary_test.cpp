#include "estimator/dataflow/row_stationary.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

// "ConvLayer(nifm=3, nofm=48, sofm=(55, 55), sfil=(11, 11), strd=(4, 4))", as nn_dataflow prints
// it.
LayerProblem parse_layer(const std::string& text, uint64_t images) {
  const auto numbers = [&](const std::string& key) {
    std::smatch found;
    const std::regex pattern(key + "=\\(?([0-9]+)(?:, ([0-9]+))?");
    std::vector<uint64_t> values;
    if (!std::regex_search(text, found, pattern)) return values;
    values.push_back(std::stoul(found[1]));
    values.push_back(found[2].matched && key[0] == 's' ? std::stoul(found[2]) : values[0]);
    return values;
  };
  LayerProblem problem;
  problem.images = images;
  problem.pooling = text.starts_with("Pooling");
  problem.filters = numbers("nofm").at(0);
  if (!problem.pooling) problem.channels = numbers("nifm").at(0);
  const std::vector<uint64_t> ofmap = numbers("sofm");
  if (!ofmap.empty()) {
    problem.ofmap_rows = ofmap[0];
    problem.ofmap_columns = ofmap[1];
  }
  const std::vector<uint64_t> filter = numbers(problem.pooling ? "sreg" : "sfil");
  problem.filter_rows = problem.span_rows = filter.at(0);
  problem.filter_columns = problem.span_columns = filter.at(1);
  std::smatch stride;
  if (std::regex_search(text, stride, std::regex("strd=\\(([0-9]+), ([0-9]+)\\)"))) {
    problem.stride_rows = std::stoul(stride[1]);
    problem.stride_columns = std::stoul(stride[2]);
  }
  return problem;
}

// The configurations that nn_dataflow was run with.
struct ReferenceRun {
  Accelerator accelerator;
  uint64_t images;
  double unit = 1;  // of its costs
};

ReferenceRun picojoule_run(Accelerator accelerator, const std::array<double, 4>& prices,
                           double idle_pj, uint64_t images) {
  constexpr double kHertz = 2e8, kPicojoulesAJoule = 1e12;
  accelerator.pj = test_prices(prices, 2);
  accelerator.clock_hz = Sourced<double>{kHertz, ""};
  accelerator.idle_w = Sourced<double>{idle_pj * kHertz / kPicojoulesAJoule, ""};
  return {accelerator, images, 1 / kPicojoulesAJoule};
}

std::map<std::string, ReferenceRun> reference_runs() {
  return {{"isca16_b16", {test_accelerator(16, 16, 65536, 256), 16}},
          {"jssc17_alexnet_b4",
           picojoule_run(test_accelerator(12, 14, 55296, 261), {460, 15, 4, 1}, 150, 4)},
          {"jssc17_vgg16_b3",
           picojoule_run(test_accelerator(12, 14, 55296, 261), {460, 15, 4, 1}, 150, 3)},
          {"tetris_L1",
           picojoule_run(test_accelerator(16, 16, 288028, 512), {240, 28, 4, 1}, 320, 16)}};
}

MappedLayer map_rows(const LayerProblem& problem, const Accelerator& accelerator,
                     MappingObjective objective = MappingObjective::kEnergy) {
  const WordPrices prices = word_prices(accelerator, preferred_unit(accelerator));
  const MappingResult result = find_dataflow("rs").map(problem, accelerator, prices, objective);
  if (const auto* none = std::get_if<NoMapping>(&result)) {
    ADD_FAILURE() << "found " << none->found << ", wanted " << none->wanted;
    return {};
  }
  return std::get<MappedLayer>(result);
}

double energy(const MappedLayer& layer, const Accelerator& accelerator) {
  return energy_of(amounts_of(layer), word_prices(accelerator, preferred_unit(accelerator)))
      .total();
}

// Six digits are printed.
void expect_printed(uint64_t found, double printed, const std::string& what) {
  EXPECT_NEAR(static_cast<double>(found), printed, printed * 5e-6) << what;
}

TEST(RowStationary, AgreesWithRunsOfNnDataflow) {
  WATTGRIND_PUBLISHED_OR_SKIP(table, "nn_dataflow_runs.csv");
  const auto runs = reference_runs();
  const std::map<std::string, StorageLevel> levels = {{"DRAM", StorageLevel::kDram},
                                                      {"GBUF", StorageLevel::kBuffer},
                                                      {"ITCN", StorageLevel::kArray},
                                                      {"REGF", StorageLevel::kRegisterFile}};
  size_t rows = 0;
  for (const CsvRow& row : table->rows) {
    const ReferenceRun& run = runs.at(row.fields[table->column("run")]);
    const std::string& name = row.fields[table->column("part")];
    const LayerProblem problem = parse_layer(row.fields[table->column("layer")], run.images);
    const MappedLayer mapped = map_rows(problem, run.accelerator);
    const std::string where = row.fields[0] + " " + name + " " + row.fields[6];
    EXPECT_NEAR(static_cast<double>(mapped.macs), table->number(row, table->column("ops")), 0.5)
        << where;
    EXPECT_EQ(static_cast<double>(mapped.cycles), table->number(row, table->column("cycles")))
        << where;
    const double cost = table->number(row, table->column("cost"));
    EXPECT_NEAR(energy(mapped, run.accelerator) * run.unit, cost, cost * 1e-9) << where;
    const StorageLevel level = levels.at(row.fields[table->column("level")]);
    expect_printed(mapped.counts.at(level, DataKind::kWeights),
                   table->number(row, table->column("fil")), where + " fil");
    expect_printed(mapped.counts.at(level, DataKind::kIfmap),
                   table->number(row, table->column("ifm")), where + " ifm");
    expect_printed(mapped.counts.at(level, DataKind::kPsum),
                   table->number(row, table->column("ofm")), where + " ofm");
    ++rows;
  }
  EXPECT_EQ(rows, 312u);
}

// Chen et al., JSSC 2017: how AlexNet's sets lie on the chip's 12 x 14 elements, as nn_dataflow's
// public tests have it.
TEST(RowStationary, SetsLieOnTheChipAsPublished) {
  struct Published {
    uint64_t ofmap, filter, copies, width;
  };
  for (const auto& [ofmap, filter, copies, width] :
       {Published{55, 11, 1, 14}, {27, 5, 1, 27}, {13, 3, 4, 13}}) {
    const RowStationaryFold fold = fold_set(square_conv(4, 3, 96, ofmap, filter, 1), 12, 14);
    EXPECT_EQ(fold.copies_rows * fold.copies_columns, copies) << filter;
    EXPECT_EQ(fold.set_columns, width) << filter;
    EXPECT_EQ(fold.set_rows, filter);
  }
}

}  // namespace
}  // namespace wattgrind
