#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "estimator/base/checked_math.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// Squares, sum, scale, offset, power and product: 2 * size + 3 operations an output value, and as
// many on the way back.
class LrnKind final : public LayerKindOf<Lrn> {
 public:
  std::string_view word() const override { return "lrn"; }

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

// A value's comparison, subtraction, exponential, addition and product: 5. The way back is that of
// softmax with cross-entropy: a subtraction a value, and logarithm and sign of the loss.
class SoftmaxKind final : public LayerKindOf<Softmax> {
 public:
  std::string_view word() const override { return "softmax"; }

  OtherOperations other_operations(const Layer& layer) const override {
    const auto outputs = static_cast<uint64_t>(layer.output_shape.elements());
    return {.forward = outputs * 5, .backward = outputs + 2};
  }

  MapUse map_use() const override { return MapUse::kOverwrites; }

 protected:
  FeatureShape infer(const Softmax&, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (!inputs[0].is_vector()) {
      place.reject("",
                   "softmax found the feature map {}, wanted a vector: put a flatten layer before",
                   to_string(inputs[0]));
    }
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
