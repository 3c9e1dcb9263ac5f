#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// To bytes and back. What it takes is told apart (byte_layers.h).
template <typename T>
class ConversionKind final : public LayerKindOf<T> {
 public:
  explicit ConversionKind(std::string_view word) : word_(word) {}

  std::string_view word() const override { return word_; }

 protected:
  FeatureShape infer(const T&, std::span<const FeatureShape> inputs,
                     const LayerPlace&) const override {
    return inputs[0];
  }

 private:
  std::string_view word_;
};

}  // namespace

template <>
const LayerKind& kind_of<Quantize>() {
  static const ConversionKind<Quantize> kKind("quantize");
  return kKind;
}

template <>
const LayerKind& kind_of<Dequantize>() {
  static const ConversionKind<Dequantize> kKind("dequantize");
  return kKind;
}

}  // namespace wattgrind
