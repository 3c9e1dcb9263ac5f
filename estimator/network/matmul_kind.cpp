#include <nlohmann/json.hpp>

#include "estimator/network/parametric_work.h"

namespace wattgrind {
namespace {

class MatMulKind final : public LayerKindOf<MatMul> {
 public:
  std::string_view word() const override { return "matmul"; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

  Operation read(const nlohmann::json& layer) const override {
    return MatMul{layer.value("transpose_b", false)};
  }

  InputCount inputs(const Operation&) const override { return {2, 2}; }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const FeatureShape& out = layer.output_shape;
    const LayerWork as_weights = parametric_work({layer.input_shape().channels, out.channels}, 0,
                                                 out.height * out.width, place);
    return {as_weights.macs, 0};
  }

 protected:
  void write_members(const MatMul& matmul, nlohmann::ordered_json& layer) const override {
    if (matmul.transpose_b) layer["transpose_b"] = true;
  }

  FeatureShape infer(const MatMul& matmul, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape &a = inputs[0], &b = inputs[1];
    const int64_t depth = matmul.transpose_b ? b.channels : b.width;
    if (depth != a.channels) {
      place.reject("inputs", "found {}x{}x{} and {}x{}x{}, wanted the second's {} to be {}",
                   a.channels, a.height, a.width, b.channels, b.height, b.width,
                   matmul.transpose_b ? "channels" : "width", a.channels);
    }
    if (b.height != 1 && b.height != a.height) {
      place.reject("inputs", "found {}x{}x{} and {}x{}x{}, wanted the second's height to be {}{}",
                   a.channels, a.height, a.width, b.channels, b.height, b.width, a.height,
                   a.height == 1 ? "" : " or 1");
    }
    return {matmul.transpose_b ? b.width : b.channels, a.height, a.width};
  }
};

}  // namespace

template <>
const LayerKind& kind_of<MatMul>() {
  static const MatMulKind kKind;
  return kKind;
}

}  // namespace wattgrind
