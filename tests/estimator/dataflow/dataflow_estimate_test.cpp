#include "estimator/dataflow/dataflow_estimate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/dataflow/run_length.h"
#include "estimator/dataflow/sparsity_file.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/network/network_file.h"
#include "tests/error_text.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

Accelerator builtin(std::string_view name) {
  return read_accelerator(builtin_text("accelerators", name).value(), name);
}

Network small_network() {
  return read_network(R"({"schema": "wattgrind/network/1", "name": "small", "input": [2, 8, 8],
    "layers": [{"kind": "conv2d", "name": "conv1", "filters": 4, "kernel": [3, 3], "padding": [1, 1]},
               {"kind": "relu", "name": "relu1"},
               {"kind": "maxpool2d", "name": "pool1", "kernel": [2, 2]},
               {"kind": "conv2d", "name": "conv2", "filters": 4, "kernel": [3, 3], "groups": 2},
               {"kind": "flatten", "name": "flatten"}, {"kind": "dense", "name": "fc", "units": 10},
               {"kind": "softmax", "name": "prob"}]})",
                      "small.json");
}

DataflowEstimate estimate(const DataflowTasks& tasks, const Accelerator& accelerator,
                          std::string_view dataflow = "rs") {
  return estimate_dataflow(tasks, accelerator, find_dataflow(dataflow), MappingObjective::kEnergy,
                           preferred_unit(accelerator));
}

Network alexnet_halves() {
  const std::string path = source_path("experiments/eyeriss/alexnet_halves.json");
  std::ifstream stream(path);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return read_network(text, path);
}

// What nn_dataflow's runs come to in all (Gao et al., ASPLOS 2017): of ISCA'16's configuration, and
// of the chip's, whose register files it takes to be shared.
TEST(DataflowEstimate, WholeNetworksAreNnDataflows) {
  const DataflowEstimate paper =
      estimate(tasks_of(alexnet_halves(), 16), builtin("eyeriss_isca16"));
  EXPECT_EQ(paper.energy.total(), 83'740'489'472.0);
  EXPECT_EQ(paper.amounts.cycles, 70'287'104);
  EXPECT_EQ(paper.amounts.macs, 11'608'143'872.0);
  Accelerator chip = builtin("eyeriss_chip");
  chip.register_file = {Sourced<double>{2 * 261, ""}, {}};
  chip.timing.psum_hop_cycles.reset();
  const DataflowEstimate found = estimate(tasks_of(alexnet_halves(), 4), chip);
  EXPECT_NEAR(found.energy.total() * 1e-12, 0.055788598944, 1e-12);
  EXPECT_EQ(found.amounts.cycles, 19'480'256);
  const Network vgg16 = read_network(builtin_text("networks", "vgg16").value(), "vgg16");
  const DataflowEstimate large = estimate(tasks_of(vgg16, 3), chip);
  EXPECT_NEAR(large.energy.total() * 1e-12, 0.7736263895, 1e-10);
  EXPECT_EQ(large.amounts.cycles, 277'724'598);
  EXPECT_EQ(large.amounts.macs, 46'429'157'376.0);
}

// The energies of ISCA'16 that nn_dataflow's public tests hold, in 1e9 of a MAC's, with 0.1 to
// spare: AlexNet in two halves, batch 16 (Chen, Emer, Sze 2016; figure of the energy by layer).
TEST(DataflowEstimate, AlexNetIsThePublishedOne) {
  const DataflowEstimate found =
      estimate(tasks_of(alexnet_halves(), 16), builtin("eyeriss_isca16"));
  struct Published {
    double compute, dram, registers;
  };
  const std::map<std::string, Published> published = {
      {"conv1", {1.69, 2.46, 6.75}}, {"conv2", {3.58, 2.27, 14.33}}, {"conv3", {2.39, 2.02, 9.57}},
      {"conv4", {1.79, 1.57, 7.18}}, {"conv5", {1.20, 1.05, 4.78}},  {"fc6", {0.60, 7.78, 2.42}},
      {"fc7", {0.27, 3.39, 1.07}},   {"fc8", {0.07, 0.84, 0.26}}};
  constexpr double kBillion = 1e9;
  for (const auto& [name, values] : published) {
    DataflowEnergy energy;
    for (const DataflowLayer& layer : found.layers) {
      if (layer.task.name.starts_with(name)) energy += layer.energy;
    }
    EXPECT_NEAR(energy.compute / kBillion, values.compute, 0.006) << name;
    EXPECT_NEAR(energy.level(StorageLevel::kRegisterFile) / kBillion, values.registers, 0.006)
        << name;
    EXPECT_NEAR(energy.level(StorageLevel::kDram) / kBillion, values.dram, 0.02) << name;
  }
}

// Chen et al., JSSC 2017: milliwatts and milliseconds of the chip, batch 4. The model has neither
// clock network nor control, so that it stays below what was measured.
TEST(DataflowEstimate, TheChipsTimesAndPower) {
  const Network network = read_network(builtin_text("networks", "alexnet").value(), "alexnet");
  const DataflowEstimate found = estimate(tasks_of(network, 4), builtin("eyeriss_chip"));
  const std::map<std::string, std::array<double, 3>> measured = {{"conv1", {332, 16.5, 154}},
                                                                 {"conv2", {288, 39.2, 135}},
                                                                 {"conv3", {266, 21.8, 156}},
                                                                 {"conv4", {235, 16.0, 156}},
                                                                 {"conv5", {236, 10.0, 156}}};
  size_t compared = 0;
  for (const DataflowLayer& layer : found.layers) {
    if (measured.count(layer.task.name) == 0) continue;
    const auto& [milliwatts, milliseconds, active] = measured.at(layer.task.name);
    const double seconds = layer.amounts.cycles / found.accelerator.clock_hz->value;
    EXPECT_NEAR(seconds * 1e3, milliseconds, 0.1 * milliseconds) << layer.task.name;
    const double chip_pj = layer.energy.total() - layer.energy.level(StorageLevel::kDram);
    EXPECT_GT(chip_pj * 1e-9 / seconds, 0.6 * milliwatts) << layer.task.name;
    EXPECT_LT(chip_pj * 1e-9 / seconds, 1.02 * milliwatts) << layer.task.name;
    EXPECT_EQ(static_cast<double>(layer.mapped->active_elements), active) << layer.task.name;
    ++compared;
  }
  EXPECT_EQ(compared, 5u);
}

TEST(DataflowEstimate, WhatIsNotMappedIsAbsent) {
  const DataflowEstimate found = estimate(tasks_of(small_network(), 2), builtin("eyeriss_chip"));
  std::vector<std::string> mapped, absent;
  for (const DataflowLayer& layer : found.layers) {
    (layer.mapped ? mapped : absent).push_back(layer.task.name);
  }
  EXPECT_THAT(mapped, testing::ElementsAre("conv1", "pool1", "conv2", "fc"));
  EXPECT_THAT(absent, testing::ElementsAre("relu1", "flatten", "prob"));
}

TEST(DataflowEstimate, CompulsoryWordsBoundDram) {
  for (const auto& dataflow : dataflows()) {
    const DataflowEstimate found =
        estimate(tasks_of(small_network(), 2), builtin("eyeriss_isca16"), dataflow->name());
    for (const DataflowLayer& layer : found.layers) {
      if (!layer.mapped) continue;
      for (const DataKind kind : {DataKind::kIfmap, DataKind::kWeights, DataKind::kPsum}) {
        EXPECT_GE(layer.mapped->counts.at(StorageLevel::kDram, kind),
                  layer.task.problem->words(kind))
            << dataflow->name() << " " << layer.task.name;
      }
      EXPECT_LE(layer.mapped->active_elements, found.accelerator.elements());
    }
  }
}

// With the filters' columns cut into three pieces, one pass of five channels and two filters holds
// 5 x 10 x 8 words of the map, 5 x 2 x 3 weights and 8 x 8 x 2 sums, two bytes each.
TEST(DataflowEstimate, ABufferTooSmallNamesTheLayerAndTheLeast) {
  Accelerator accelerator = builtin("eyeriss_isca16");
  accelerator.buffer_bytes.value = 64;
  EXPECT_EQ(error_text([&] { estimate(tasks_of(small_network(), 1), accelerator); }),
            "eyeriss_isca16: layer conv1 has no row stationary mapping: found a buffer of 64 B, "
            "wanted at least 1116 B");
}

// Pooling of 2 x 2 over a map of 4 channels, 8 x 8: one turn holds what one channel, or all that
// lie side by side, take in and give out. What is left to the host is named, with the least that it
// would take.
TEST(DataflowEstimate, PoolingThatDoesNotFitIsNamedWithTheLeast) {
  DataflowTasks tasks = tasks_of(small_network(), 1);
  std::erase_if(tasks.layers, [](const DataflowTask& task) {
    return task.problem.has_value() && !task.problem->pooling;
  });
  for (const auto& dataflow : dataflows()) {
    Accelerator accelerator = builtin("tpu_like");
    accelerator.register_file.shared_bytes->value = 64;
    accelerator.buffer_bytes.value = 8;
    const DataflowEstimate found = estimate(tasks, accelerator, dataflow->name());
    const std::vector<UnmappedLayer> unmapped = unmapped_layers(found);
    const auto pool = std::ranges::find(unmapped, "pool1", &UnmappedLayer::name);
    ASSERT_NE(pool, unmapped.end()) << dataflow->name();
    EXPECT_THAT(pool->reason, testing::StartsWith("found a buffer of 8 B, wanted at least "))
        << dataflow->name();
    EXPECT_EQ(unmapped.size(), 4u) << dataflow->name();
    EXPECT_EQ(unmapped.front().reason, "") << dataflow->name();
    // The least is enough, and one byte less is not.
    const double least = std::stod(pool->reason.substr(pool->reason.rfind("least ") + 6));
    accelerator.buffer_bytes.value = least;
    EXPECT_EQ(unmapped_layers(estimate(tasks, accelerator, dataflow->name())).size(), 3u)
        << dataflow->name() << " " << least;
    accelerator.buffer_bytes.value = least - 1;
    EXPECT_EQ(unmapped_layers(estimate(tasks, accelerator, dataflow->name())).size(), 4u)
        << dataflow->name() << " " << least;
  }
}

// What is named as the least buffer is the least, in whichever of its forms a layer is mapped.
TEST(DataflowEstimate, TheLeastBufferIsEnoughAndOneByteLessIsNot) {
  LayerProblem wide = square_conv(1, 3, 8, 4, 16, 16);
  LayerProblem pooling = square_conv(2, 1, 6, 4, 3, 2);
  pooling.pooling = true;
  const std::vector<LayerProblem> problems = {square_conv(2, 3, 5, 6, 3, 1),
                                              square_conv(1, 1, 1, 5, 3, 2, 8),
                                              square_conv(3, 4, 10, 1, 5, 1),
                                              square_conv(1, 64, 10, 1, 1, 1),
                                              wide,
                                              pooling};
  int compared = 0;
  for (const auto& dataflow : dataflows()) {
    for (const LayerProblem& problem : problems) {
      DataflowTask task;
      task.name = "layer1";
      task.problem = problem;
      const auto reason_with = [&](double buffer_bytes) -> std::string {
        Accelerator accelerator = builtin("eyeriss_chip");
        accelerator.rows.value = accelerator.columns.value = 256;
        if (dataflow->name() != "rs") {
          accelerator.register_file = {Sourced<double>{4096, ""}, {}};  // the chip's hold no window
        }
        accelerator.buffer_bytes.value = buffer_bytes;
        accelerator.word_bits[index_of(DataKind::kIfmap)].value = 8;
        try {
          const auto unmapped =
              unmapped_layers(estimate({"one", 1, {task}}, accelerator, dataflow->name()));
          return unmapped.empty() ? "" : unmapped.front().reason;
        } catch (const Error& error) {
          EXPECT_THAT(error.what(), testing::HasSubstr("layer layer1 has no "));
          return error.what();
        }
      };
      const std::string where = fmt::format("{} {}", dataflow->name(), to_string(problem));
      const std::string reason = reason_with(1);
      if (reason.empty()) continue;  // nothing lies in its buffer
      ASSERT_THAT(reason, testing::HasSubstr("found a buffer of 1 B, wanted at least ")) << where;
      const double least = std::stod(reason.substr(reason.rfind("least ") + 6));
      EXPECT_EQ(reason_with(least), "") << where;
      EXPECT_NE(reason_with(least - 1), "") << where;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30);
}

// ZigZag's tests (KU Leuven; MIT) expect 2.6e9 pJ and 5.6e6 cycles of ResNet-18 on a TPU-like array
// of 32 x 32, by mappings and prices of its own: the order of magnitude is the same.
TEST(DataflowEstimate, ResNet18IsOfTheOrderOfZigZags) {
  Accelerator accelerator = builtin("tpu_like");
  accelerator.rows.value = accelerator.columns.value = 32;
  const Network network = read_network(builtin_text("networks", "resnet18").value(), "resnet18");
  const DataflowEstimate found = estimate(tasks_of(network, 1), accelerator, "ws");
  EXPECT_GT(found.energy.total(), 2'615'172'831.0 / 10);
  EXPECT_LT(found.energy.total(), 2'615'172'831.0 * 10);
  EXPECT_GT(found.amounts.cycles, 5'584'991.0 / 10);
  EXPECT_LT(found.amounts.cycles, 5'584'991.0 * 10);
}

// The chip's register files hold 12 words of a map: rows of 16 are cut into two of 8. Patches do
// not overlap, so that every word of the map is still fetched once for each pass of filters at
// least.
TEST(DataflowEstimate, RowsLongerThanARegisterFileAreCut) {
  DataflowTask task;
  task.name = "patches";
  task.problem = square_conv(1, 3, 8, 4, 16, 16);
  const DataflowEstimate found = estimate({"patches", 1, {task}}, builtin("eyeriss_chip"));
  ASSERT_TRUE(found.layers.front().mapped);
  const AccessCounts& counts = found.layers.front().mapped->counts;
  EXPECT_EQ(found.layers.front().mapped->macs, task.problem->macs());
  EXPECT_EQ(counts.at(StorageLevel::kDram, DataKind::kWeights),
            task.problem->words(DataKind::kWeights));
  EXPECT_GE(counts.at(StorageLevel::kDram, DataKind::kIfmap), 3u * 64 * 56);
  EXPECT_EQ(counts.at(StorageLevel::kRegisterFile, DataKind::kPsum), 2 * task.problem->macs());
}

// Three taps, each six columns from the next, span 13 columns: one tap at a time fits.
TEST(DataflowEstimate, DilatedRowsAreCutBetweenTaps) {
  DataflowTask task;
  task.name = "dilated";
  task.problem = square_conv(1, 4, 8, 20, 3, 1);
  task.problem->span_rows = task.problem->span_columns = 13;
  const LayerProblem cut = with_column_pieces(*task.problem, 3).value();
  EXPECT_EQ(cut.span_columns, 1u);
  EXPECT_EQ(cut.channels, 12u);
  EXPECT_EQ(cut.macs(), task.problem->macs());
  const DataflowEstimate found = estimate({"dilated", 1, {task}}, builtin("eyeriss_chip"));
  ASSERT_TRUE(found.layers.front().mapped);
  EXPECT_EQ(found.layers.front().mapped->macs, task.problem->macs());
}

// A dense layer behind a map of 28 x 28 has rows that no register file of the chip holds.
TEST(DataflowEstimate, DenseLayersOfWideMapsAreSeenFlat) {
  DataflowTask task;
  task.name = "fc";
  task.problem = square_conv(1, 1, 10, 1, 28, 1);
  const DataflowEstimate found = estimate({"fc", 1, {task}}, builtin("eyeriss_chip"));
  EXPECT_EQ(found.layers.front().mapped.value().counts.at(StorageLevel::kDram, DataKind::kWeights),
            7840u);
}

TEST(DataflowEstimate, ZerosGateAndCompress) {
  DataflowTasks tasks = tasks_of(small_network(), 1);
  set_zeros(read_sparsity(R"({"schema": "wattgrind/sparsity/1", "network": "small",
                              "layers": {"conv1": {"ifmap": 0.5, "ofmap": 0.75},
                                         "conv2": {"ifmap": 0.5}}})",
                          "zeros.json"),
            "zeros.json", tasks);
  const DataflowEstimate found = estimate(tasks, builtin("eyeriss_chip"));
  const DataflowLayer& first = found.layers[0];
  const AccessAmounts all = amounts_of(*first.mapped);
  const auto words = [](const AccessAmounts& amounts, StorageLevel level, DataKind kind) {
    return amounts.words[index_of(level)][index_of(kind)];
  };
  EXPECT_EQ(first.amounts.macs, all.macs / 2);
  constexpr auto kRegisters = StorageLevel::kRegisterFile;
  EXPECT_EQ(words(first.amounts, kRegisters, DataKind::kWeights),
            words(all, kRegisters, DataKind::kWeights) / 2);
  EXPECT_EQ(words(first.amounts, kRegisters, DataKind::kIfmap),
            words(all, kRegisters, DataKind::kIfmap));
  // The network's input is not compressed; a quarter of the output's values take a third more than
  // their own words.
  constexpr auto kDram = StorageLevel::kDram;
  EXPECT_EQ(words(first.amounts, kDram, DataKind::kIfmap), words(all, kDram, DataKind::kIfmap));
  EXPECT_NEAR(words(first.amounts, kDram, DataKind::kPsum), words(all, kDram, DataKind::kPsum) / 3,
              0.1);
  const DataflowLayer& second = found.layers[3];
  EXPECT_NEAR(words(second.amounts, kDram, DataKind::kIfmap),
              words(amounts_of(*second.mapped), kDram, DataKind::kIfmap) * 2 / 3, 0.1);
  EXPECT_EQ(first.amounts.cycles, all.cycles);
}

TEST(Sparsity, ErrorsNameWhatIsWrong) {
  DataflowTasks tasks = tasks_of(small_network(), 1);
  const auto message = [&](const std::string& text) {
    return error_text([&] { set_zeros(read_sparsity(text, "z.json"), "z.json", tasks); });
  };
  const std::string head = R"({"schema": "wattgrind/sparsity/1", "network": )";
  EXPECT_EQ(message(head + R"("small", "layers": {"conv1": {"ifmap": 1.5}}})"),
            "z.json: layers.conv1.ifmap: found 1.5, wanted a part from 0 to 1");
  EXPECT_EQ(message(head + R"("alexnet", "layers": {}})"),
            "z.json: network: found \"alexnet\", wanted \"small\", which is estimated");
  EXPECT_EQ(message(head + R"("small", "layers": {"conv3": {}}})"),
            "z.json: layers.conv3: no such layer is mapped; did you mean conv1 or conv2?");
}

// The paper's example: 0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22.
TEST(RunLength, CodesThePapersExample) {
  const std::vector<int16_t> values = {0, 0, 12, 0, 0, 0, 0, 53, 0, 0, 22};
  const auto pairs = run_length_pairs(values);
  EXPECT_THAT(pairs, testing::ElementsAre(std::pair(2u, int16_t{12}), std::pair(4u, int16_t{53}),
                                          std::pair(2u, int16_t{22})));
  EXPECT_EQ(run_length_words(pairs.size()), 4u);
}

TEST(RunLength, CutsLongRuns) {
  std::vector<int16_t> values(40, 0);
  values.push_back(7);
  EXPECT_THAT(run_length_pairs(values),
              testing::ElementsAre(std::pair(31u, int16_t{0}), std::pair(8u, int16_t{7})));
}

TEST(RunLength, TheRatioIsThatOfRandomZeros) {
  std::mt19937 generator(5);
  for (const double zeros : {0.3, 0.6, 0.9, 0.98}) {
    std::bernoulli_distribution is_zero(zeros);
    std::vector<int16_t> values(300'000);
    for (int16_t& value : values) value = is_zero(generator) ? 0 : 1;
    const double coded = static_cast<double>(run_length_words(run_length_pairs(values).size())) /
                         static_cast<double>(values.size());
    EXPECT_NEAR(run_length_ratio(zeros), std::min(1.0, coded), 0.01) << zeros;
  }
}

}  // namespace
}  // namespace wattgrind
