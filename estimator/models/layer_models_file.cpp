#include "estimator/models/layer_models_file.h"

#include <fmt/format.h>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kSchema = "wattgrind/layer-models/1";

ordered_json quality_json(const FitQuality& quality) {
  return {{"mape_percent", quality.mape_percent}, {"rmspe_percent", quality.rmspe_percent}};
}

FitQuality read_quality(const nlohmann::json& json) {
  FitQuality quality;
  quality.mape_percent = json.at("mape_percent");
  quality.rmspe_percent = json.at("rmspe_percent");
  return quality;
}

ordered_json quantity_json(const QuantityModel& model) {
  ordered_json json = {{"left_out", quality_json(model.left_out)},
                       {"factor", {model.factor.low, model.factor.high}}};
  if (model.nearest_mode_mape_percent) {
    json["nearest_mode_mape_percent"] = *model.nearest_mode_mape_percent;
  }
  if (model.in_proportion) json["in_proportion"] = quality_json(*model.in_proportion);
  ordered_json scores = ordered_json::array();
  for (const FormScore& score : model.scores) {
    ordered_json entry = {{"form", score.form}};
    entry.update(quality_json(score.left_out));
    if (score.cold) entry["cold"] = quality_json(*score.cold);
    if (score.by_network) entry["by_network"] = quality_json(*score.by_network);
    scores.push_back(std::move(entry));
  }
  json["forms"] = std::move(scores);
  ordered_json predictor = {{"form", model.predictor->form()}};
  predictor.update(model.predictor->to_json());
  json["predictor"] = std::move(predictor);
  return json;
}

QuantityModel read_quantity(const nlohmann::json& json, std::string_view kind,
                            std::string_view where) {
  QuantityModel model;
  model.left_out = read_quality(json.at("left_out"));
  model.factor = {json.at("factor").at(0), json.at("factor").at(1)};
  if (json.contains("nearest_mode_mape_percent")) {
    model.nearest_mode_mape_percent = json.at("nearest_mode_mape_percent");
  }
  if (json.contains("in_proportion")) model.in_proportion = read_quality(json.at("in_proportion"));
  for (const nlohmann::json& score : json.at("forms")) {
    FormScore read{score.at("form"), read_quality(score), std::nullopt, std::nullopt};
    if (score.contains("cold")) read.cold = read_quality(score.at("cold"));
    if (score.contains("by_network")) read.by_network = read_quality(score.at("by_network"));
    model.scores.push_back(std::move(read));
  }
  const nlohmann::json& predictor = json.at("predictor");
  const PredictorForm* form = find_predictor_form(predictor.at("form").get<std::string>());
  CHECK(form != nullptr, "{}: in the schema, not in the program", quote_json(predictor.at("form")));
  model.predictor = form->read(predictor, kind, fmt::format("{}.predictor", where));
  return model;
}

}  // namespace

std::string write_layer_models(const LayerModels& models) {
  ordered_json kinds = ordered_json::array();
  for (const KindModel& model : models.kinds) {
    ordered_json ranges = ordered_json::object();
    for (const SizeRange& range : model.ranges) ranges[range.name] = {range.least, range.most};
    ordered_json kind = {
        {"kind", model.kind}, {"readings", model.readings}, {"ranges", std::move(ranges)}};
    if (model.repeatability_percent) kind["repeatability_percent"] = *model.repeatability_percent;
    for (const LayerQuantity quantity : {LayerQuantity::kTime, LayerQuantity::kEnergy}) {
      if (model.of(quantity)) kind[name(quantity)] = quantity_json(*model.of(quantity));
    }
    kinds.push_back(std::move(kind));
  }
  return layout_json({{"schema", kSchema},
                      {"readings", models.readings},
                      {"machine", models.machine},
                      {"kernels", models.kernels},
                      {"date", models.date},
                      {"kinds", std::move(kinds)}});
}

LayerModels read_layer_models(std::string_view text, std::string_view where) {
  const nlohmann::json json = parse_json(text, where);
  builtin_schema("layer-models").validate(json, where);
  LayerModels models;
  models.readings = json.at("readings");
  models.machine = json.at("machine");
  models.kernels = json.at("kernels");
  models.date = json.at("date");
  for (size_t i = 0; i < json.at("kinds").size(); ++i) {
    const nlohmann::json& kind = json.at("kinds").at(i);
    KindModel model;
    model.kind = kind.at("kind");
    model.readings = kind.at("readings");
    if (kind.contains("repeatability_percent")) {
      model.repeatability_percent = kind.at("repeatability_percent");
    }
    for (const std::string_view size : size_names(model.kind)) {
      const auto range = kind.at("ranges").find(size);
      if (range == kind.at("ranges").end() || !range->is_array() || range->size() != 2 ||
          !range->at(0).is_number() || !range->at(1).is_number()) {
        fail(ErrorKind::kInput, "{}: kinds[{}].ranges.{}: wanted [least, most]", where, i, size);
      }
      model.ranges.push_back({std::string(size), range->at(0), range->at(1)});
    }
    for (const LayerQuantity quantity : {LayerQuantity::kTime, LayerQuantity::kEnergy}) {
      const std::string key(name(quantity));
      if (!kind.contains(key)) continue;
      (quantity == LayerQuantity::kTime ? model.time : model.energy) =
          read_quantity(kind.at(key), model.kind, fmt::format("{}: kinds[{}].{}", where, i, key));
    }
    models.kinds.push_back(std::move(model));
  }
  return models;
}

}  // namespace wattgrind
