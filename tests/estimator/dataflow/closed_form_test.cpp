#include "estimator/dataflow/closed_form.h"

#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <random>
#include <tuple>

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
      {"RS", {"rs_reuse", 512}},   {"WS", {"ws", 2}},          {"OSA", {"os_soc_mop", 98}},
      {"OSB", {"os_moc_mop", 10}}, {"OSC", {"os_moc_sop", 2}}, {"NLR", {"nlr", 0}}};
  return kDataflows.at(word);
}

// So many elements with 512 bytes each, and a buffer of as much again, on equal area.
Accelerator paper_accelerator(uint64_t elements, double register_bytes) {
  const Accelerator base =
      test_accelerator(1, elements, 256.0 * static_cast<double>(elements), 256);
  return with_equal_area(base, register_bytes);
}

// Mapped once, however many tests ask for it.
const MappingResult& map_paper(uint64_t elements, uint64_t images, const std::string& layer,
                               const std::string& word) {
  static std::map<std::tuple<uint64_t, uint64_t, std::string, std::string>, MappingResult> known;
  const auto key = std::tuple(elements, images, layer, word);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const PaperDataflow dataflow = paper_dataflow(word);
  const Accelerator accelerator = paper_accelerator(elements, dataflow.register_bytes);
  const MappingResult result =
      find_dataflow(dataflow.name)
          .map(paper_layer(layer, images), accelerator,
               word_prices(accelerator, AcceleratorUnit::kMacs), MappingObjective::kEnergy);
  return known.emplace(key, result).first->second;
}

const MappingResult& map_paper(const CsvTable& table, const CsvRow& row) {
  const auto number = [&](const char* column) {
    return static_cast<uint64_t>(table.number(row, table.column(column)));
  };
  return map_paper(number("pes"), number("batch"), row.fields[table.column("layer")],
                   row.fields[table.column("dataflow")]);
}

TEST(ReuseForm, AgreesWithTheFrameworkOfIsca16) {
  WATTGRIND_PUBLISHED_OR_SKIP(table, "eyeriss_isca16_layers.csv");
  for (const CsvRow& row : table->rows) {
    const std::string where =
        row.fields[0] + " " + row.fields[1] + " " + row.fields[2] + " " + row.fields[3];
    const MappingResult& result = map_paper(*table, row);
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
    EXPECT_EQ(static_cast<double>(mapped.active_elements),
              table->number(row, table->column("active_pes")))
        << where << " " << tiles;
  }
}

// Of all convolutions, and of all dense layers: energies a multiply-accumulate as the search has
// them and as they are reported, their ratios to row stationary, DRAM's words and the delay.
TEST(ReuseForm, SumsAreThoseOfTheFrameworkOfIsca16) {
  WATTGRIND_PUBLISHED_OR_SKIP(table, "eyeriss_isca16_sums.csv");
  const std::map<std::string, std::vector<std::string>> groups = {
      {"CONV", {"CONV1", "CONV2", "CONV3", "CONV4", "CONV5"}}, {"FC", {"FC1", "FC2", "FC3"}}};
  struct Sums {
    double searched = 0, reported = 0, dram = 0, delay = 0, macs = 0;
  };
  const auto sums_of = [&](uint64_t elements, uint64_t images, const std::string& group,
                           const std::string& word) {
    const WordPrices prices = word_prices(paper_accelerator(1, 0), AcceleratorUnit::kMacs);
    Sums sums;
    for (const std::string& layer : groups.at(group)) {
      const auto& mapped = std::get<MappedLayer>(map_paper(elements, images, layer, word));
      const double energy = energy_of(amounts_of(mapped), prices).total();
      const auto macs = static_cast<double>(mapped.macs);
      sums.reported += energy;
      sums.searched +=
          energy + prices.at(StorageLevel::kArray, DataKind::kPsum) *
                       static_cast<double>(mapped.counts.at(StorageLevel::kArray, DataKind::kPsum));
      sums.dram += static_cast<double>(mapped.counts.level(StorageLevel::kDram));
      sums.delay += macs / static_cast<double>(mapped.active_elements);
      sums.macs += macs;
    }
    return sums;
  };
  std::map<std::string, Sums> rows;  // of row stationary, by what else is the same
  for (const CsvRow& row : table->rows) {
    const auto number = [&](const char* column) {
      return table->number(row, table->column(column));
    };
    const auto& group = row.fields[table->column("group")];
    const auto& word = row.fields[table->column("dataflow")];
    const std::string where = row.fields[0] + " " + row.fields[1] + " " + group;
    const Sums sums = sums_of(static_cast<uint64_t>(number("pes")),
                              static_cast<uint64_t>(number("batch")), group, word);
    if (word == "RS") rows[where] = sums;
    const Sums& base = rows.at(where);
    EXPECT_NEAR(sums.searched / sums.macs, number("e_objective"), 1e-4) << where << " " << word;
    EXPECT_NEAR(sums.reported / sums.macs, number("e_reported"), 1e-4) << where << " " << word;
    EXPECT_NEAR(sums.searched / base.searched, number("ratio_objective"), 1e-3) << where << word;
    EXPECT_NEAR(sums.reported / base.reported, number("ratio_reported"), 1e-3) << where << word;
    EXPECT_NEAR(sums.dram / sums.macs, number("dram_per_mac"), 1e-5) << where << " " << word;
    if (row.fields[table->column("delay_per_mac")].empty()) continue;  // of dense layers
    EXPECT_NEAR(sums.delay / sums.macs, number("delay_per_mac"), 2e-6) << where << " " << word;
  }
  EXPECT_EQ(table->rows.size(), 107u);
}

// A weight-stationary array whose way to DRAM is slow: the cycles that are reported are the fewest
// of all tiles, which are not those of the most elements.
TEST(ReuseForm, TheLeastDelayIsThatOfDramWhereItIsSlow) {
  Accelerator accelerator = test_accelerator(4, 4, 600, 8);
  accelerator.bandwidth.dram_bytes_per_cycle = Sourced<double>{0.25, ""};
  const LayerProblem problem = square_conv(1, 6, 12, 6, 1, 1);
  const auto form = weight_stationary_form();
  const std::vector<uint64_t> most = form->most(problem);
  double least = std::numeric_limits<double>::infinity();
  Tiles tiles;
  tiles.fill(1);
  for (tiles[0] = 1; tiles[0] <= most[0]; ++tiles[0]) {
    for (tiles[1] = 1; tiles[1] <= most[1]; ++tiles[1]) {
      for (tiles[2] = 1; tiles[2] <= most[2]; ++tiles[2]) {
        if (!tiles_fit(*form, problem, room_of(accelerator), tiles, most.size())) continue;
        least = std::min(least, tile_cycles(problem, form->active(problem, tiles),
                                            form->accesses(problem, tiles), accelerator));
      }
    }
  }
  const auto mapped = std::get<MappedLayer>(find_dataflow("ws").map(
      problem, accelerator, word_prices(accelerator, AcceleratorUnit::kMacs),
      MappingObjective::kDelay));
  EXPECT_EQ(static_cast<double>(mapped.cycles), least);
  EXPECT_GT(mapped.cycles, problem.macs() / mapped.active_elements);
}

// Six digits are printed; a form that has the same mapping has the same counts.
TEST(ReuseForm, CountsOfConv1AreThePrintedOnes) {
  // Chen, Emer, Sze, ISCA 2016, by the authors' framework: row stationary, 256 elements, N = 16.
  const Accelerator accelerator = paper_accelerator(256, 512);
  const auto result =
      find_dataflow("rs_reuse")
          .map(paper_layer("CONV1", 16), accelerator,
               word_prices(accelerator, AcceleratorUnit::kMacs), MappingObjective::kEnergy);
  const AccessCounts& counts = std::get<MappedLayer>(result).counts;
  EXPECT_EQ(counts.at(StorageLevel::kDram, DataKind::kIfmap), 3'236'112u);
  EXPECT_EQ(counts.at(StorageLevel::kDram, DataKind::kWeights), 3'066'624u);
  EXPECT_EQ(counts.at(StorageLevel::kDram, DataKind::kPsum), 4'646'400u);
  EXPECT_NEAR(static_cast<double>(counts.at(StorageLevel::kBuffer, DataKind::kIfmap)), 6.47222e6,
              5);
  EXPECT_NEAR(static_cast<double>(counts.at(StorageLevel::kBuffer, DataKind::kPsum)), 1.85856e7,
              50);
  EXPECT_NEAR(static_cast<double>(counts.at(StorageLevel::kArray, DataKind::kIfmap)), 3.29604e7,
              50);
  // Printed is twice as much: what the framework's search charges.
  EXPECT_NEAR(2 * static_cast<double>(counts.at(StorageLevel::kArray, DataKind::kPsum)), 2.78784e8,
              500);
}

TEST(ReuseForm, ReuseEquationsAreThePapers) {
  const std::array<double, kStorageLevels> energy = {200, 6, 2, 1};
  EXPECT_EQ(input_energy({1, 2, 3, 4}, energy), 248);
  EXPECT_EQ(psum_energy({2, 3, 3, 2}, energy), 708);
}

// Published: row stationary takes 1.4 to 2.5 times less in convolutions, and at least 1.3 times in
// dense layers from batch 16 on.
TEST(ReuseForm, RatiosToRowStationaryAreThePublishedOnes) {
  const std::vector<std::string> others = {"WS", "OSA", "OSB", "OSC", "NLR"};
  const auto energy_a_mac = [](const std::string& word, const std::vector<std::string>& layers) {
    const PaperDataflow dataflow = paper_dataflow(word);
    const Accelerator accelerator = paper_accelerator(256, dataflow.register_bytes);
    const WordPrices prices = word_prices(accelerator, AcceleratorUnit::kMacs);
    double energy = 0, macs = 0;
    for (const std::string& layer : layers) {
      const auto mapped = std::get<MappedLayer>(
          find_dataflow(dataflow.name)
              .map(paper_layer(layer, 16), accelerator, prices, MappingObjective::kEnergy));
      energy += energy_of(amounts_of(mapped), prices).total();
      macs += static_cast<double>(mapped.macs);
    }
    return energy / macs;
  };
  const std::vector<std::string> convolutions = {"CONV1", "CONV2", "CONV3", "CONV4", "CONV5"};
  const std::vector<std::string> dense = {"FC1", "FC2", "FC3"};
  const double rows = energy_a_mac("RS", convolutions), dense_rows = energy_a_mac("RS", dense);
  EXPECT_NEAR(rows, 6.0272, 1e-4);
  EXPECT_NEAR(dense_rows, 17.9494, 1e-4);
  const std::map<std::string, std::pair<double, double>> ratios = {{"WS", {1.922, 2.232}},
                                                                   {"OSA", {1.416, 2.367}},
                                                                   {"OSB", {1.446, 1.879}},
                                                                   {"OSC", {1.747, 1.798}},
                                                                   {"NLR", {2.156, 1.392}}};
  for (const auto& [word, ratio] : ratios) {
    const double found = energy_a_mac(word, convolutions) / rows;
    EXPECT_NEAR(found, ratio.first, 1e-3) << word;
    EXPECT_GE(found, 1.4) << word;
    EXPECT_LE(found, 2.5) << word;
    const double dense_found = energy_a_mac(word, dense) / dense_rows;
    EXPECT_NEAR(dense_found, ratio.second, 1e-3) << word;
    EXPECT_GE(dense_found, 1.3) << word;
  }
}

TEST(ReuseForm, TheSearchLosesNoOptimum) {
  std::mt19937_64 generator(11);
  const auto draw = [&](uint64_t least, uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(least, most)(generator);
  };
  std::vector<std::unique_ptr<ReuseForm>> forms;
  forms.push_back(row_stationary_reuse_form());
  forms.push_back(weight_stationary_form());
  forms.push_back(output_stationary_soc_mop_form());
  forms.push_back(output_stationary_moc_mop_form());
  forms.push_back(output_stationary_moc_sop_form());
  forms.push_back(no_local_reuse_form());
  int compared = 0;
  for (int round = 0; round < 60; ++round) {
    LayerProblem problem =
        square_conv(draw(1, 3), draw(1, 4), draw(1, 4), draw(1, 4), draw(1, 3), draw(1, 2));
    Accelerator accelerator = test_accelerator(1, draw(1, 20), static_cast<double>(draw(20, 300)),
                                               static_cast<double>(draw(4, 40)));
    const TileRoom room = room_of(accelerator);
    if (round % 2 == 0) accelerator.bandwidth.dram_bytes_per_cycle = Sourced<double>{0.5, ""};
    if (round % 5 == 0) accelerator.bandwidth.buffer_words_per_cycle = Sourced<double>{0.25, ""};
    WordPrices prices = word_prices(accelerator, AcceleratorUnit::kMacs);
    prices.cycle = round % 3 == 0 ? 2 : 0;
    for (size_t f = 0; f < forms.size(); ++f) {
      for (const MappingObjective objective :
           {MappingObjective::kEnergy, MappingObjective::kDelay, MappingObjective::kEnergyDelay}) {
        const ReuseForm& form = *forms[f];
        const std::vector<uint64_t> most = form.most(problem);
        std::optional<double> least;
        Tiles tiles;
        tiles.fill(1);
        for (bool done = false; !done;) {
          if (tiles_fit(form, problem, room, tiles, most.size())) {
            const double value =
                tiles_value(form, problem, tiles, accelerator, prices, objective)[0];
            least = std::min(least.value_or(value), value);
          }
          size_t place = 0;
          while (place < most.size() && ++tiles[place] > most[place]) tiles[place++] = 1;
          done = place == most.size();
        }
        const auto best = best_tiles(form, problem, accelerator, prices, objective);
        ASSERT_EQ(best.has_value(), least.has_value()) << f << " " << to_string(problem);
        if (!best) continue;
        ASSERT_EQ(best->value, *least) << f << " " << to_string(problem) << " round " << round;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 300);
}

}  // namespace
}  // namespace wattgrind
