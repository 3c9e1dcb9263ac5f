#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

class FlattenKind final : public LayerKindOf<Flatten> {
 public:
  std::string_view word() const override { return "flatten"; }

 protected:
  FeatureShape infer(const Flatten&, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    const FeatureShape& input = inputs[0];
    if (input.elements() > kMaxSize) {
      place.reject("", "flatten found the feature map {}, wanted at most {} elements",
                   to_string(input), kMaxSize);
    }
    return {input.elements(), 1, 1};
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Flatten>() {
  static const FlattenKind kKind;
  return kKind;
}

}  // namespace wattgrind
