#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"

namespace wattgrind {
namespace {

// Indices are single-precision numbers, which tell so many rows apart.
constexpr int64_t kMostRows = int64_t{1} << 24;

class EmbeddingKind final : public LayerKindOf<Embedding> {
 public:
  std::string_view word() const override { return "embedding"; }

  Operation read(const nlohmann::json& layer) const override {
    return Embedding{layer.at("rows").get<int64_t>(), layer.at("features").get<int64_t>()};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const auto& embedding = std::get<Embedding>(layer.operation);
    return {0, parametric_work({embedding.rows, embedding.features}, 0, 1, place).parameters};
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const auto& embedding = std::get<Embedding>(layer.operation);
    return {{ParameterRole::kWeights, {embedding.rows, embedding.features}}};
  }

 protected:
  void write_members(const Embedding& embedding, nlohmann::ordered_json& layer) const override {
    layer["rows"] = embedding.rows;
    layer["features"] = embedding.features;
  }

  FeatureShape infer(const Embedding& embedding, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_size(embedding.rows, "rows", 1, place);
    check_size(embedding.features, "features", 1, place);
    if (embedding.rows > kMostRows) {
      place.reject("rows", "found {}, wanted at most {}", embedding.rows, kMostRows);
    }
    if (inputs[0].channels != 1) {
      place.reject("", "embedding found the feature map {}, wanted one channel of indices",
                   to_string(inputs[0]));
    }
    return {embedding.features, inputs[0].height, inputs[0].width};
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Embedding>() {
  static const EmbeddingKind kKind;
  return kKind;
}

}  // namespace wattgrind
