#include "search/candidates/search_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "estimator/system/file_text.h"
#include "tests/error_text.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

Json example() {
  return Json::parse(R"({
    "schema": "wattgrind/search/1", "name": "example", "topology": "dffr",
    "space": {"layers": {"int": [1, 10]}, "width": {"int": [1, 20]}, "batch": {"int": [2, 128]}},
    "data": {"set": "digits", "classes": [0, 1], "train": 100, "validation": 50, "seed": 3},
    "training": {"epochs": 5, "optimizer": "adam", "learning_rate": 0.01},
    "machine": "xeon_x5650", "counts": "simulate",
    "objective": {"alpha": 0.5, "beta": 0.05, "cost": "cycles"},
    "sampler": {"kind": "tpe"}, "trials": 100, "seed": 7})");
}

// The example with the value at a JSON pointer changed.
Json changed(std::string_view pointer, Json value) {
  Json json = example();
  json[Json::json_pointer(std::string(pointer))] = std::move(value);
  return json;
}

SearchConfig read(const Json& json) { return read_search_config(json.dump(), "a.json"); }

std::string error_of(const Json& json) {
  return error_text([&] { read(json); });
}

TEST(SearchConfig, ReadsItsExample) {
  const SearchConfig config = read(example());
  EXPECT_EQ(config.name, "example");
  EXPECT_EQ(config.space.parameters()[1].name, "width");
  EXPECT_EQ(config.form.task.classes, 2);
  EXPECT_EQ(config.data.selection.validation, 50u);
  EXPECT_EQ(config.epochs, 5u);
  EXPECT_EQ(config.machine.name, "xeon_x5650");
  EXPECT_EQ(config.objective.alpha, 0.5);
  EXPECT_EQ(config.objective.beta, 0.05);
  EXPECT_EQ(config.trials, 100u);
  EXPECT_EQ(config.seed, 7u);
  const Candidate candidate = make_candidate(config.form, {{"layers", 1}, {"width", 2}}, "x");
  EXPECT_EQ(std::get<Adam>(candidate.optimizer).learning_rate, 0.01);
}

TEST(SearchConfig, TheReferenceIsTheLowerMidpointUnlessSaid) {
  const SearchConfig config = read(example());
  ASSERT_TRUE(config.reference);
  EXPECT_EQ(config.reference->network.name, "dffr:layers=5,width=10,classes=2");
  EXPECT_EQ(config.reference->batch, 65);
  const SearchConfig given =
      read(changed("/objective/reference", {{"layers", 1}, {"width", 100}, {"batch", 32}}));
  EXPECT_EQ(given.reference->network.name, "dffr:layers=1,width=100,classes=2");
  EXPECT_FALSE(read(changed("/objective/reference", "first-trial")).reference);
}

TEST(SearchConfig, ReadsListsOneALayer) {
  Json json = example();
  json["topology"] = "cnn";
  json["space"] = {{"layers", {{"int", {1, 3}}}},
                   {"filters", {{"int", {1, 5}}, {"per", "layers"}}},
                   {"filter_sizes", {{"int", {1, 5}}, {"per", "layers"}}},
                   {"pooling", {{"choice", {"none", "max"}}, {"per", "layers"}}}};
  EXPECT_EQ(read(json).reference->network.name, "cnn:layers=2,filters=3,filter_size=3,classes=2");
}

TEST(SearchConfig, ReadsLimitsAndObjectives) {
  Json json = example();
  json["objective"] = {{"objectives", {"infer_cost", "score"}},
                       {"cost", "picojoules"},
                       {"infer_batch", 8},
                       {"limits", {{"score", 0.9}, {"parameters", 5000}}}};
  const SearchConfig config = read(json);
  EXPECT_EQ(config.objective.goals, (std::vector{Goal::kInferCost, Goal::kScore}));
  EXPECT_EQ(config.objective.unit, CostUnit::kPicojoules);
  EXPECT_EQ(config.infer_batch, 8);
  EXPECT_EQ(config.objective.limits.score, 0.9);
  EXPECT_EQ(config.objective.limits.parameters, 5000);
  EXPECT_FALSE(config.objective.limits.macs);
}

TEST(SearchConfig, ErrorsNameFileAndKey) {
  EXPECT_EQ(error_of(changed("/space/layers/int", {10, 1})),
            "a.json: space.layers.int: low 10 is above high 1, wanted [low, high] in this order");
  EXPECT_EQ(error_of(changed("/space/widht", {{"int", {1, 2}}})),
            "a.json: space: unknown key \"widht\"; did you mean width or widths?");
  EXPECT_EQ(error_of(changed("/trials", 0)),
            "a.json: trials: found 0, wanted an integer from 1 to 100000000");
  EXPECT_EQ(error_of(changed("/objective/alpha", -0.1)),
            "a.json: objective.alpha: found -0.1, wanted a number from 0 to 1");
  EXPECT_EQ(error_of(changed("/objective/beta", 0.6)),
            "a.json: objective.alpha: found alpha + beta = 0.5 + 0.6, wanted at most 1 together");
  EXPECT_EQ(
      error_of(changed("/objective/gamma", 0.6)),
      "a.json: objective: unknown key \"gamma\"; known: alpha, beta, cost, form, infer_batch, "
      "limits, objectives, reference");
  EXPECT_EQ(error_of(changed("/space/filters", {{"int", {1, 2}}})),
            "a.json: space.filters: no parameter of dffr, wanted layers, width, widths, batch, "
            "optimizer, learning_rate");
  EXPECT_EQ(error_of(changed("/space/layers", {{"int", {0, 2}}})),
            "a.json: space.layers: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of(changed("/space/learning_rate", {{"float", {0, 1}}})),
            "a.json: space.learning_rate: found 0.0, wanted more than 0");
  EXPECT_THAT(error_of(changed("/machine", "xeon")),
              HasSubstr("a.json: machine: unknown machine \"xeon\"; "));
}

TEST(SearchConfig, RefusesWhatContradictsItself) {
  EXPECT_EQ(error_of(changed("/fixed", {{"width", 3}})),
            "a.json: fixed.width: found it under space as well, wanted one of them");
  EXPECT_EQ(error_of(changed("/objective/objectives", {"score", "train_cost"})),
            "a.json: objective.alpha: found beside \"objectives\", wanted one of them");
  Json json = changed("/objective", {{"objectives", {"score", "score"}}});
  EXPECT_EQ(error_of(json),
            "a.json: objective.objectives: found \"score\" twice, wanted each once");
  json = example();
  json["space"].erase("width");
  EXPECT_EQ(error_of(json),
            "a.json: space: found no \"width\", wanted one: networks of dffr need it");
  EXPECT_EQ(error_of(changed("/space/width/per", "batch")),
            "a.json: space.width: found a list, wanted one value for all layers");
  json = example();
  json["space"]["widths"] = {{"int", {1, 2}}, {"per", "batch"}};
  json["space"].erase("width");
  EXPECT_EQ(error_of(json), "a.json: space.widths.per: found \"batch\", wanted \"layers\"");
}

TEST(SearchConfig, RefusesAReferenceOutsideTheTopology) {
  EXPECT_EQ(error_of(changed("/objective/reference", {{"layers", 1}, {"filters", 2}})),
            "a.json: objective.reference.filters: no parameter of dffr, wanted layers, width, "
            "widths, batch, optimizer, learning_rate");
  EXPECT_EQ(
      error_of(changed("/objective/reference", {{"layers", 1}})),
      "a.json: objective.reference: found no \"width\", wanted one: networks of dffr need it");
}

TEST(SearchConfig, RefusesLimitsThatNothingCanMeet) {
  EXPECT_EQ(error_of(changed("/objective/limits", {{"score", 1.5}})),
            "a.json: objective.limits.score: found 1.5, wanted a number greater than 0 and of at "
            "most 1");
  EXPECT_EQ(error_of(changed("/objective/limits", {{"infer_cycles", 0}})),
            "a.json: objective.limits.infer_cycles: found 0, wanted a number greater than 0");
  // One layer of one unit: 784 + 1 parameters and 2 * (1 + 1) of the classes.
  EXPECT_EQ(error_of(changed("/objective/limits", {{"parameters", 788}})),
            "a.json: objective.limits.parameters: found 788, wanted at least 789: the smallest "
            "network of the space needs that");
  EXPECT_EQ(error_of(changed("/objective/limits", {{"parameters", 789}})), "nothing thrown");
  EXPECT_THAT(error_of(changed("/objective/limits", {{"macs", 785}})), HasSubstr("at least 786"));
  EXPECT_EQ(error_of(changed("/objective/limits", {{"macs", 786}})), "nothing thrown");
  // 786 multiply-accumulates of 3.695 pJ.
  EXPECT_THAT(error_of(changed("/objective/limits", {{"infer_energy_pj", 2900}})),
              HasSubstr("at least 2904.27"));
  EXPECT_THAT(error_of(changed("/objective/limits", {{"train_energy_pj", 1e6}})),
              HasSubstr("at least 1.45214e+06"));
  // 789 parameters in vectors of 4, 4 cycles each; once in each of 5 epochs.
  EXPECT_THAT(error_of(changed("/objective/limits", {{"infer_cycles", 788}})),
              HasSubstr("at least 789"));
  EXPECT_THAT(error_of(changed("/objective/limits", {{"train_cycles", 3900}})),
              HasSubstr("at least 3945"));
}

TEST(SearchConfig, PassesLimitsItCannotDecide) {
  Json json = changed("/objective/limits", {{"parameters", 788}});
  json["space"]["width"] = {{"choice", {20, 1}}};
  EXPECT_EQ(error_of(json), "nothing thrown");
}

TEST(SearchConfig, RefusesASpaceWithNetworksThatCannotBeBuilt) {
  EXPECT_EQ(error_of(changed("/space/layers/int", {1, 1001})).substr(0, 22),
            "a.json: space: dffr:la");
}

TEST(SearchConfig, ReadsAnAcceleratorAndItsDesign) {
  const std::string path = source_path("configs/searches/eyeriss_codesign.json");
  const SearchConfig config = read_search_config(read_file(path), "a.json");
  ASSERT_TRUE(config.target);
  EXPECT_EQ(config.target->accelerator.name, "eyeriss_chip");
  EXPECT_EQ(config.target->dataflow, "rs");
  EXPECT_EQ(config.machine.name, "skylake_i7_6700");
  EXPECT_EQ(config.objective.limits.area_mm2, 3);
  ASSERT_TRUE(config.reference);
  EXPECT_TRUE(config.reference->design.rows && config.reference->design.buffer_bytes);
}

TEST(SearchConfig, DesignsNeedAnAccelerator) {
  EXPECT_EQ(error_of(changed("/space/array_rows", {{"int", {4, 8}}})),
            "a.json: space.array_rows: found a parameter of an accelerator, wanted "
            "machine.accelerator");
  EXPECT_EQ(error_of(changed("/objective/limits", {{"area_mm2", 3}})),
            "a.json: objective.limits.area_mm2: found a limit of an accelerator, wanted "
            "machine.accelerator");
  EXPECT_EQ(error_of(changed("/machine", {{"accelerator", "eyeris_chip"}})).substr(0, 36),
            "a.json: machine: unknown accelerator");
}

TEST(SearchConfig, ShippedSearchesAreSound) {
  size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("configs/searches"))) {
    SCOPED_TRACE(entry.path().filename().string());
    const SearchConfig config = read_search_config(read_file(entry.path()), "x");
    EXPECT_GE(config.trials, 50u);
    EXPECT_TRUE(config.reference);
    ++found;
  }
  EXPECT_GE(found, 10u);
}

}  // namespace
}  // namespace wattgrind
