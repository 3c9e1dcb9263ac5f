#include <limits>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

class ActivationKind final : public LayerKindOf<Activation> {
 public:
  std::string_view word() const override { return "activation"; }

  Operation read(const nlohmann::json& layer) const override {
    const std::string word = layer.at("function").get<std::string>();
    const auto function = find_unary_function(word);
    CHECK(function.has_value(), "function = {}: in the schema, not in the program", word);
    const Activation standard = default_activation(*function);
    return Activation{*function, layer.value("alpha", standard.alpha),
                      layer.value("beta", standard.beta)};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const UnaryTraits& function = traits(std::get<Activation>(layer.operation).function);
    const auto values = static_cast<uint64_t>(layer.output_shape.elements());
    return {.forward = function.operations * values, .backward = function.backward * values};
  }

  MapUse map_use(const Layer&) const override { return MapUse::kElementwise; }

  GradientReads gradient_reads(const Operation& operation) const override {
    return wattgrind::gradient_reads(std::get<Activation>(operation));
  }

 protected:
  void write_members(const Activation& activation, nlohmann::ordered_json& layer) const override {
    const UnaryTraits& function = traits(activation.function);
    layer["function"] = function.word;
    if (function.parameters >= 1) layer["alpha"] = activation.alpha;
    if (function.parameters >= 2) layer["beta"] = activation.beta;
  }

  FeatureShape infer(const Activation& activation, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const UnaryTraits& function = traits(activation.function);
    // Parameters become single-precision constants of the kernel.
    const auto check = [&](double value, std::string_view key, bool is_used) {
      if (!is_used && value != 0) {
        place.reject(key, "found {}, but {} has no {}: leave it out", value, function.word, key);
      }
      constexpr double kMost = std::numeric_limits<float>::max();
      if (!(value >= -kMost && value <= kMost)) {
        place.reject(key, "found {}, wanted a finite number of single precision", value);
      }
    };
    check(activation.alpha, "alpha", function.parameters >= 1);
    check(activation.beta, "beta", function.parameters >= 2);
    return inputs[0];
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Activation>() {
  static const ActivationKind kKind;
  return kKind;
}

}  // namespace wattgrind
