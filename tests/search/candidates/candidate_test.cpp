#include "search/candidates/candidate.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

CandidateForm form_of(const std::string& topology, Json fixed = Json::object()) {
  fixed["batch"] = 32;
  fixed["optimizer"] = "adam";
  return {topology, {{1, 28, 28}, 2}, fixed};
}

std::string name_of(const CandidateForm& form, const Json& values) {
  return make_candidate(form, values, "x").network.name;
}

std::string error_of(const CandidateForm& form, const Json& values) {
  return error_text([&] { make_candidate(form, values, "x.json: space"); });
}

TEST(Candidate, IsTheNetworkThatItsValuesName) {
  EXPECT_EQ(name_of(form_of("dffr"), {{"layers", 2}, {"width", 12}}),
            "dffr:layers=2,width=12,classes=2");
  EXPECT_EQ(name_of(form_of("dffr"), {{"layers", 2}, {"widths", {12, 4}}}),
            "dffr:layers=2,width=12-4,classes=2");
  EXPECT_EQ(name_of(form_of("dffr_triangle"), {{"layers", 3}}), "dffr_triangle:layers=3,classes=2");
  EXPECT_EQ(name_of(form_of("cnn"), {{"layers", 2}, {"filters", {3, 4}}, {"filter_size", 5}}),
            "cnn:layers=2,filters=3-4,filter_size=5,classes=2");
  EXPECT_EQ(
      name_of(
          form_of("cnn"),
          {{"layers", 2}, {"filters", 3}, {"filter_sizes", {5, 3}}, {"pooling", {"max", "none"}}}),
      "cnn:layers=2,filters=3,filter_size=5-3,pooling=max-none,classes=2");
  EXPECT_EQ(name_of(form_of("residual"), {{"blocks", 2}, {"filters", 4}}),
            "residual:blocks=2,filters=4,classes=2");
  EXPECT_EQ(name_of(form_of("separable", {{"filters", 6}}), {{"blocks", 3}}),
            "separable:blocks=3,filters=6,classes=2");
}

TEST(Candidate, TakesFromFixedWhatItDoesNotSay) {
  const CandidateForm form = form_of("dffr", {{"layers", 1}, {"width", 7}});
  EXPECT_EQ(name_of(form, {{"layers", 3}}), "dffr:layers=3,width=7,classes=2");
  EXPECT_EQ(name_of(form, {{"layers", 2}, {"widths", {5, 6}}}),
            "dffr:layers=2,width=5-6,classes=2");
  const Candidate candidate =
      make_candidate(form, {{"batch", 8}, {"optimizer", "sgd"}, {"learning_rate", 0.5}}, "x");
  EXPECT_EQ(candidate.batch, 8);
  EXPECT_EQ(std::get<Sgd>(candidate.optimizer).learning_rate, 0.5);
  EXPECT_EQ(make_candidate(form, Json::object(), "x").batch, 32);
  EXPECT_EQ(std::get<Adam>(make_candidate(form, Json::object(), "x").optimizer).learning_rate,
            Adam{}.learning_rate);
}

TEST(Candidate, RefusesWhatItsTopologyLacks) {
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 2}, {"filters", 3}}),
            "x.json: space.filters: no parameter of dffr, wanted layers, width, widths, batch, "
            "optimizer, learning_rate");
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 2}}),
            "x.json: space: found no \"width\", wanted one: networks of dffr need it");
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 1}, {"width", 3}, {"widths", {3}}}),
            "x.json: space: found both \"width\" and \"widths\", wanted one of them");
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 2}, {"width", {3, 4}}}),
            "x.json: space.width: found a list, wanted one value for all layers");
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 2}, {"widths", 3}}),
            "x.json: space.widths: found one value, wanted a list, one a layer");
  EXPECT_EQ(error_of(form_of("residual"), {{"blocks", 2}, {"filters", {3, 4}}}),
            "x.json: space.filters: found a list, wanted one value for all layers");
  EXPECT_EQ(error_of(form_of("separable"), {{"layers", 2}}),
            "x.json: space.layers: no parameter of separable, wanted blocks, filters, batch, "
            "optimizer, learning_rate");
}

TEST(Candidate, RefusesValuesOutOfRange) {
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 0}, {"width", 3}}),
            "x.json: space.layers: found 0, wanted 1 to 2147483647");
  EXPECT_EQ(error_of(form_of("dffr_triangle"), {{"layers", 8}}),
            "x.json: space: dffr_triangle:layers=8,classes=2: layers: found 8, wanted 1 to 7");
  EXPECT_EQ(error_of(form_of("dffr"), {{"layers", 3}, {"widths", {3, 4}}}),
            "x.json: space: dffr:layers=3,width=3-4,classes=2,input=1x28x28: width: found 2 sizes, "
            "wanted one, or 3, one a layer");
  EXPECT_EQ(error_of(form_of("dffr", {{"width", 1}, {"layers", 1}}), {{"optimizer", "adagrad"}}),
            "x.json: space.optimizer: found \"adagrad\", wanted \"adam\" or \"rmsprop\" or "
            "\"sgd\"");
  EXPECT_EQ(error_of(form_of("dffr", {{"width", 1}, {"layers", 1}}), {{"learning_rate", 0}}),
            "x.json: space.learning_rate: found 0, wanted more than 0");
}

}  // namespace
}  // namespace wattgrind
