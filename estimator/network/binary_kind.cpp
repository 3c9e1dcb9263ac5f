#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "estimator/base/checked_math.h"
#include "estimator/network/binary_functions.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 8> kWords = {"add",     "subtract", "multiply", "divide",
                                                    "minimum", "maximum",  "power",    "prelu"};

// The extent of two that are equal, or of which one is repeated.
std::optional<int64_t> common_extent(int64_t a, int64_t b) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  return std::nullopt;
}

class BinaryKind final : public LayerKindOf<Binary> {
 public:
  std::string_view word() const override { return "binary"; }

  Operation read(const nlohmann::json& layer) const override {
    Binary binary;
    const std::string word = layer.at("function").get<std::string>();
    const auto* const found = std::ranges::find(kWords, word);
    CHECK(found != kWords.end(), "function = {}: in the schema, not in the program", word);
    binary.function = static_cast<BinaryFunction>(found - kWords.begin());
    if (layer.contains("constant")) {
      const nlohmann::json& sizes = layer.at("constant");
      binary.constant = {sizes.at(0).get<int64_t>(), sizes.at(1).get<int64_t>(),
                         sizes.at(2).get<int64_t>()};
    }
    if (layer.contains("scalar")) binary.scalar = layer.at("scalar").get<double>();
    binary.reversed = layer.value("reversed", false);
    return binary;
  }

  InputCount inputs(const Operation& operation) const override {
    const auto& binary = std::get<Binary>(operation);
    if (has_constant(binary) || binary.scalar) return {1, 1};
    return {2, 2};
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    const FeatureShape& constant = std::get<Binary>(layer.operation).constant;
    const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
    const auto parameters =
        checked_product({size(constant.channels), size(constant.height), size(constant.width)});
    if (!parameters) place.reject("constant", "its values overflow 64 bits");
    return {.macs = 0, .parameters = *parameters};
  }

  std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const override {
    const auto& binary = std::get<Binary>(layer.operation);
    if (!has_constant(binary)) return {};
    const FeatureShape& shape = binary.constant;
    return {{ParameterRole::kWeights, {shape.channels, shape.height, shape.width}}};
  }

  // One operation a value, prelu a comparison and a product; as many for each of two gradients.
  OtherOperations other_operations(const Layer& layer) const override {
    const auto& binary = std::get<Binary>(layer.operation);
    const uint64_t operations = (binary.function == BinaryFunction::kPrelu ? 2 : 1) *
                                static_cast<uint64_t>(layer.output_shape.elements());
    return {.forward = operations, .backward = (binary.scalar ? 1 : 2) * operations};
  }

  MapUse map_use(const Layer& layer) const override {
    if (std::get<Binary>(layer.operation).scalar) return MapUse::kElementwise;
    return layer.output_shape == layer.input_shape() ? MapUse::kOverwrites : MapUse::kOwnOutput;
  }

  GradientReads gradient_reads(const Operation& operation) const override {
    const auto& binary = std::get<Binary>(operation);
    const bool is_sum =
        binary.function == BinaryFunction::kAdd || binary.function == BinaryFunction::kSubtract;
    return {.input = !is_sum, .output = false};
  }

 protected:
  void write_members(const Binary& binary, nlohmann::ordered_json& layer) const override {
    layer["function"] = word_of(binary.function);
    if (has_constant(binary)) {
      layer["constant"] = {binary.constant.channels, binary.constant.height, binary.constant.width};
    }
    if (binary.scalar) layer["scalar"] = *binary.scalar;
    if (binary.reversed) layer["reversed"] = true;
  }

  FeatureShape infer(const Binary& binary, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (binary.scalar) {
      check_scalar(binary, place);
      return inputs[0];
    }
    const bool is_constant = has_constant(binary);
    if (is_constant) {
      for (const int64_t size :
           {binary.constant.channels, binary.constant.height, binary.constant.width}) {
        check_size(size, "constant", 1, place);
      }
    }
    const FeatureShape& a = inputs[0];
    const FeatureShape& b = is_constant ? binary.constant : inputs[1];
    const auto channels = common_extent(a.channels, b.channels);
    const auto height = common_extent(a.height, b.height);
    const auto width = common_extent(a.width, b.width);
    if (!channels || !height || !width) {
      place.reject(is_constant ? "constant" : "inputs",
                   "found {}x{}x{} and {}x{}x{}, wanted each size to be the same or 1", a.channels,
                   a.height, a.width, b.channels, b.height, b.width);
    }
    return {*channels, *height, *width};
  }

 private:
  static void check_scalar(const Binary& binary, const LayerPlace& place) {
    if (has_constant(binary)) {
      place.reject("scalar", "found it beside a constant, wanted one of them");
    }
    // It becomes a single-precision constant of the kernel.
    constexpr double kMost = std::numeric_limits<float>::max();
    if (!(*binary.scalar >= -kMost && *binary.scalar <= kMost)) {
      place.reject("scalar", "found {}, wanted a finite number of single precision",
                   *binary.scalar);
    }
  }
};

}  // namespace

std::string_view word_of(BinaryFunction function) { return kWords[static_cast<size_t>(function)]; }

bool has_constant(const Binary& binary) { return binary.constant != FeatureShape{}; }

template <>
const LayerKind& kind_of<Binary>() {
  static const BinaryKind kKind;
  return kKind;
}

}  // namespace wattgrind
