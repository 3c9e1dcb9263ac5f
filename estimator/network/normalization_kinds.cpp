#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "estimator/base/checked_math.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"

namespace wattgrind {
namespace {

// Squares, sum, scale, offset, power and product: 2 * size + 3 operations an output value, and as
// many on the way back.
class LrnKind final : public LayerKindOf<Lrn> {
 public:
  std::string_view word() const override { return "lrn"; }
  GradientReads gradient_reads(const Operation&) const override { return {.input = true}; }

  Operation read(const nlohmann::json& layer) const override {
    const Lrn standard;
    return Lrn{layer.value("size", standard.size), layer.value("alpha", standard.alpha),
               layer.value("beta", standard.beta), layer.value("k", standard.k)};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    if (!operations(layer))
      place.reject("size", "its operations overflow 64 bits: make it smaller");
    return {};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const uint64_t found = operations(layer).value();
    return {.forward = found, .backward = found};
  }

 protected:
  void write_members(const Lrn& lrn, nlohmann::ordered_json& layer) const override {
    layer["size"] = lrn.size;
    layer["alpha"] = lrn.alpha;
    layer["beta"] = lrn.beta;
    layer["k"] = lrn.k;
  }

  FeatureShape infer(const Lrn& lrn, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_size(lrn.size, "size", 1, place);
    if (lrn.size % 2 == 0) {
      place.reject("size", "found {}, wanted an odd number of channels", lrn.size);
    }
    const auto check = [&](double value, std::string_view key, bool zero_allowed) {
      if (!std::isfinite(value) || value < 0 || (value == 0 && !zero_allowed)) {
        place.reject(key, "found {}, wanted a number {} 0", value, zero_allowed ? ">=" : ">");
      }
    };
    check(lrn.alpha, "alpha", true);
    check(lrn.beta, "beta", true);
    check(lrn.k, "k", false);
    return inputs[0];
  }

 private:
  static std::optional<uint64_t> operations(const Layer& layer) {
    const auto size = static_cast<uint64_t>(std::get<Lrn>(layer.operation).size);
    return checked_product({static_cast<uint64_t>(layer.output_shape.elements()), 2 * size + 3});
  }
};

// A value's comparison, subtraction, exponential, addition and product: 5, and as many for the
// logarithm, which subtracts again instead of multiplying. The way back of a vector's is that of
// softmax with cross-entropy: a subtraction a value, and logarithm and sign of the loss. That of
// others is a product, an addition, a subtraction and a product a value.
class SoftmaxKind final : public LayerKindOf<Softmax> {
 public:
  std::string_view word() const override { return "softmax"; }
  GradientReads gradient_reads(const Operation&) const override { return {.output = true}; }

  Operation read(const nlohmann::json& layer) const override {
    Softmax softmax;
    if (layer.contains("axes")) softmax.axes = read_axes(layer.at("axes"));
    softmax.log = layer.value("log", softmax.log);
    return softmax;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const auto outputs = static_cast<uint64_t>(layer.output_shape.elements());
    const auto& softmax = std::get<Softmax>(layer.operation);
    const bool may_be_last = !softmax.log && layer.output_shape.is_vector();
    return {.forward = outputs * 5, .backward = may_be_last ? outputs + 2 : outputs * 4};
  }

  MapUse map_use(const Layer&) const override { return MapUse::kOverwrites; }

 protected:
  void write_members(const Softmax& softmax, nlohmann::ordered_json& layer) const override {
    if (softmax.axes != Softmax{}.axes) layer["axes"] = write_axes(softmax.axes);
    if (softmax.log) layer["log"] = true;
  }

  FeatureShape infer(const Softmax& softmax, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (softmax.axes == MapAxes{}) place.reject("axes", "found none, wanted one or more");
    return inputs[0];
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Lrn>() {
  static const LrnKind kKind;
  return kKind;
}

template <>
const LayerKind& kind_of<Softmax>() {
  static const SoftmaxKind kKind;
  return kKind;
}

}  // namespace wattgrind
