#include "search/candidates/candidate_result.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// Results as study files of version 2 hold them, written down by hand.
constexpr std::string_view kTrained =
    R"({"network":"dffr:layers=1,width=10,classes=2","batch":8,"parameters":7872,"macs":7860,)"
    R"("infer_cycles":16612.0,"infer_energy_pj":126089.9013671875,"infer_batch_cycles":132896.0,)"
    R"("infer_batch_energy_pj":1008719.2109375,"infer_cost":0.4375,"train_cycles":69085748.0,)"
    R"("train_energy_pj":1069902662.25,"train_cost":0.5625,)"
    R"("timing_s":{"costs":0.25,"training":0.5},"score":0.9,"loss":0.125,"learning":"loss-fell",)"
    R"("exceeded":["score: 0.9, at least 0.99"]})";
constexpr std::string_view kPruned =
    R"({"network":"dffr:layers=1,width=10","batch":8,"train_cost":0.5625,"timing_s":{"costs":0.25},)"
    R"("bound":[-0.5,1.5],"ruled_out_by":12})";
constexpr std::string_view kBounded =
    R"({"network":"dffr:layers=1,width=10","batch":8,"infer_cost":0.4375,"bound":[-0.5],)"
    R"("ruled_out_by":12,"least_train_cost":0.5,"timing_s":{"costs":0.25}})";
constexpr std::string_view kFailed =
    R"({"network":"dffr:layers=1,width=10","batch":8,"score":0.5,"error":"out of memory"})";
constexpr std::string_view kReference =
    R"({"network":"dffr:layers=2,width=34,classes=4","batch":32,"parameters":28020,"macs":27948,)"
    R"("train_cycles":134833610.0,"train_energy_pj":1861469077.0,"infer_cycles":38064.0,)"
    R"("infer_energy_pj":297316.0986328125,"train_cost":1.0,"infer_cost":1.0})";

CandidateResult read(std::string_view text) { return read_result(Json::parse(text), "a trial"); }

std::string error_of(std::string_view text) {
  return error_text([text] { read(text); });
}

TEST(CandidateResult, IsWrittenByteForByteAsItWasRead) {
  for (const std::string_view text : {kTrained, kPruned, kBounded, kFailed}) {
    EXPECT_EQ(write_result(read(text)).dump(), text);
  }
  EXPECT_EQ(write_reference(read(kReference)).dump(), kReference);
}

TEST(CandidateResult, MembersAreWhatTheKeysSay) {
  const CandidateResult trained = read(kTrained);
  EXPECT_EQ(trained.network, "dffr:layers=1,width=10,classes=2");
  EXPECT_EQ(trained.parameters, 7872u);
  EXPECT_EQ(trained.infer_cycles, 16612.0);
  EXPECT_EQ(trained.infer_batch_energy_pj, 1008719.2109375);
  EXPECT_EQ(trained.timing_s.value().training_s, 0.5);
  EXPECT_EQ(trained.learning, Learning::kFell);
  EXPECT_EQ(trained.exceeded.value().size(), 1u);
  EXPECT_FALSE(trained.least_train_cost);
  EXPECT_FALSE(trained.error);
  EXPECT_EQ(read(kPruned).ruled_out_by, 12u);
  EXPECT_EQ(read(kPruned).bound, (std::vector{-0.5, 1.5}));
  EXPECT_FALSE(read(kPruned).timing_s.value().training_s);
  EXPECT_EQ(read(kBounded).least_train_cost, 0.5);
  EXPECT_EQ(read(kFailed).error, "out of memory");
}

TEST(CandidateResult, WhatIsNotThereIsAbsent) {
  EXPECT_EQ(write_result(read_result(nullptr, "a trial")), Json::object());
  EXPECT_FALSE(read(R"({"score": null})").score) << "null stands for a number that is none";
  EXPECT_EQ(read(R"({"score": 1, "somebody_elses": [2]})").score, 1);
}

TEST(CandidateResult, FieldsHaveTheirKeysAndValues) {
  const CandidateResult result = read(kTrained);
  EXPECT_EQ(field_key(ResultField::kInferBatchEnergy), "infer_batch_energy_pj");
  EXPECT_EQ(field_key(ResultField::kError), "error");
  EXPECT_EQ(field_value(result, ResultField::kNetwork),
            ResultValue("dffr:layers=1,width=10,classes=2"));
  EXPECT_EQ(field_value(result, ResultField::kMacs), ResultValue(uint64_t{7860}));
  EXPECT_EQ(field_value(result, ResultField::kLoss), ResultValue(0.125));
  EXPECT_EQ(field_value(result, ResultField::kLearning), ResultValue("loss-fell"));
  EXPECT_EQ(field_value(result, ResultField::kExceeded), ResultValue()) << "a list";
  EXPECT_EQ(field_value(result, ResultField::kError), ResultValue()) << "absent";
}

TEST(CandidateResult, GoalsAreMembers) {
  const CandidateResult result = read(kTrained);
  EXPECT_EQ(goal_result(result, Goal::kScore), 0.9);
  EXPECT_EQ(goal_result(result, Goal::kTrainCost), 0.5625);
  EXPECT_EQ(goal_result(result, Goal::kInferCost), 0.4375);
  EXPECT_FALSE(goal_result(read(kBounded), Goal::kTrainCost));
}

TEST(CandidateResult, ErrorsNameTheKey) {
  EXPECT_EQ(error_of("[]"), "a trial: found [], wanted an object");
  EXPECT_EQ(error_of(R"({"score": "high"})"), "a trial.score: found \"high\", wanted a number");
  EXPECT_EQ(error_of(R"({"batch": -1})"), "a trial.batch: found -1, wanted at least 0");
  EXPECT_EQ(error_of(R"({"timing_s": {"costs": true}})"),
            "a trial.timing_s.costs: found true, wanted a number");
  EXPECT_EQ(error_of(R"({"exceeded": "score"})"),
            "a trial.exceeded: found \"score\", wanted a list");
  EXPECT_EQ(error_of(R"({"bound": [1, "2"]})"), "a trial.bound: found \"2\", wanted a number");
  EXPECT_EQ(error_of(R"({"learning": "well"})"),
            "a trial.learning: found \"well\", wanted \"loss-fell\", \"loss-did-not-fall\" or "
            "\"loss-not-a-number\"");
}

}  // namespace
}  // namespace wattgrind
