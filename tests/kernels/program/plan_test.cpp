// Where maps, gradients and buffers of networks lie, against files that people read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "estimator/catalog/network_source.h"
#include "kernels/program/gradient_plan.h"
#include "kernels/program/training_program.h"
#include "tests/error_text.h"
#include "tests/kernels/golden_text.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

TEST(Plan, OfInferenceIsAsWritten) {
  const Network network = builtin_network("lenet5");
  const Program program = lower_network(network, Isa::kAvx2, 2);
  expect_golden_text("plan_lenet5",
                     to_text(program.maps, network) + steps_text(program) + buffers_text(program));
}

TEST(Plan, OfTrainingIsAsWritten) {
  const Network network = build_network("small", {3, 8, 8},
                                        {{.operation = Conv2d{8, window(3, 1, 1), 1}},
                                         {.operation = Relu{}},
                                         {.operation = Conv2d{8, window(3, 1, 1), 8}},
                                         {.operation = MaxPool2d{window(2, 2, 0)}},
                                         {.operation = Flatten{}},
                                         {.operation = Dropout{0.5}},
                                         {.operation = Dense{10}},
                                         {.operation = Softmax{}}},
                                        "small");
  const TrainingProgram training = lower_training(network, Adam{}, Isa::kAvx512, 16);
  const MapPlan& maps = training.program.maps;
  expect_golden_text("plan_training",
                     to_text(maps, network) + to_text(plan_gradients(network, maps), network) +
                         steps_text(training.program) + buffers_text(training.program));
}

// A layer that works in place may not overwrite what another still reads.
TEST(Plan, AMapWithTwoReadersIsNotOverwritten) {
  const auto storage_of_relu = [](const std::string& last_reads) {
    const Network network =
        build_network("branch", {4, 1, 1},
                      {{.name = "a", .operation = Dense{3}},
                       {.name = "b", .operation = Relu{}, .inputs = {"a"}},
                       {.name = "c", .operation = Dense{2}, .inputs = {last_reads}}},
                      "branch");
    return plan_maps(network, Isa::kAvx2, 1, Phase::kInference).outputs[1].storage;
  };
  EXPECT_EQ(storage_of_relu("b"), Storage::kInPlace);
  EXPECT_EQ(storage_of_relu("a"), Storage::kOwn);
}

// Every layer that reads a map and writes one of its own adds to the map's gradient, as often as it
// reads it.
TEST(Plan, AGradientIsTheSumOfItsReaders) {
  const Network network = build_network("branch", {4, 1, 1},
                                        {{.name = "a", .operation = Dense{3}},
                                         {.name = "b", .operation = Dense{3}, .inputs = {"a"}},
                                         {.name = "c", .operation = Relu{}, .inputs = {"a"}},
                                         {.name = "d", .operation = Softmax{}, .inputs = {"b"}}},
                                        "branch");
  const GradientPlan plan =
      plan_gradients(network, plan_maps(network, Isa::kAvx2, 1, Phase::kTraining));
  ASSERT_NE(plan.find(0), nullptr);
  EXPECT_EQ(plan.find(0)->readers, (std::vector<int>{1, 2}));
  EXPECT_EQ(plan.find(1)->readers, std::vector<int>{});  // softmax works in place
  EXPECT_EQ(plan.find(kNetworkInput), nullptr);
  EXPECT_EQ(plan.find(3), nullptr);
}

TEST(Plan, RefusesABatchOfNothing) {
  EXPECT_EQ(error_text([] { lower_network(builtin_network("lenet5"), Isa::kAvx2, 0); }),
            "lenet5: found batch 0, wanted at least 1");
}

// What counting adds up beside its simulations.
TEST(Plan, StepsKnowTheirReferencesAndTheirPadding) {
  const Network network = build_network("one", {8, 1, 1}, {{.operation = Dense{3}}}, "one");
  const Program program = lower_network(network, Isa::kAvx2, 2);
  const Step& step = program.steps.at(0);
  EXPECT_EQ(step.references, count_references(program.access_program(step)));
  EXPECT_GT(step.references.reads, 0u);
  // Three units fill four lanes: one lane of 8 products an image is for nothing.
  EXPECT_EQ(step.padding_macs, 2u * 8);
}

// Swish and batch normalisation read their inputs on the way back, sigmoid and relu their outputs.
TEST(Plan, TrainingKeepsWhatGradientsRead) {
  const Network network =
      build_network("test", {4, 6, 6},
                    {{.name = "c", .operation = Conv2d{4, window(3, 1, 1), 1}},
                     {.name = "sigmoid", .operation = Activation{UnaryFunction::kSigmoid}},
                     {.name = "relu", .operation = Relu{}},
                     {.name = "d", .operation = Conv2d{4, window(3, 1, 1), 1}},
                     {.name = "swish", .operation = Activation{UnaryFunction::kSwish}},
                     {.name = "norm", .operation = BatchNorm{}}},
                    "test");
  const auto storages = [&](Phase phase) {
    std::string text;
    for (const PlannedMap& map : plan_maps(network, Isa::kAvx2, 2, phase).outputs) {
      text += fmt::format("{}; ", name(map.storage));
    }
    return text;
  };
  EXPECT_EQ(storages(Phase::kInference), "own; in place; in place; own; in place; in place; ");
  EXPECT_EQ(storages(Phase::kTraining), "own; in place; own; own; own; own; ");
}

}  // namespace
}  // namespace wattgrind
