#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// What conversions take is told apart (byte_layers.h).
class QuantizeKind final : public LayerKindOf<Quantize> {
 public:
  std::string_view word() const override { return "quantize"; }

 protected:
  FeatureShape infer(const Quantize&, std::span<const FeatureShape> inputs,
                     const LayerPlace&) const override {
    return inputs[0];
  }
};

class DequantizeKind final : public LayerKindOf<Dequantize> {
 public:
  std::string_view word() const override { return "dequantize"; }

  Operation read(const nlohmann::json& layer) const override {
    if (!layer.contains("as")) return Dequantize{};
    const nlohmann::json& as = layer.at("as");
    return Dequantize{ByteScale{as.at("scale").get<float>(), as.value("zero_point", 0)}};
  }

 protected:
  void write_members(const Dequantize& dequantize, nlohmann::ordered_json& layer) const override {
    if (!dequantize.as) return;
    layer["as"] = {{"scale", dequantize.as->scale}, {"zero_point", dequantize.as->zero_point}};
  }

  FeatureShape infer(const Dequantize&, std::span<const FeatureShape> inputs,
                     const LayerPlace&) const override {
    return inputs[0];
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Quantize>() {
  static const QuantizeKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Dequantize>() {
  static const DequantizeKind kKind;
  return kKind;
}

}  // namespace wattgrind
