#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "estimator/network/layer_kind.h"
#include "estimator/network/map_axes.h"
#include "estimator/network/word_table.h"

namespace wattgrind {
namespace {

constexpr WordTable<PadMode, 3> kPadModes = {
    {{PadMode::kConstant, "constant"}, {PadMode::kEdge, "edge"}, {PadMode::kReflect, "reflect"}}};

// Padding with values of the map makes no operations; on the way back each is added to where it
// came from.
class PadKind final : public LayerKindOf<Pad> {
 public:
  std::string_view word() const override { return "pad"; }

  Operation read(const nlohmann::json& layer) const override {
    Pad pad;
    if (layer.contains("mode")) pad.mode = kPadModes.read(layer.at("mode"));
    for (size_t i = 0; i < kMapAxes.size(); ++i) {
      if (layer.contains("begin")) pad.begin[i] = layer.at("begin").at(i).get<int64_t>();
      if (layer.contains("end")) pad.end[i] = layer.at("end").at(i).get<int64_t>();
    }
    pad.value = layer.value("value", pad.value);
    return pad;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    if (std::get<Pad>(layer.operation).mode == PadMode::kConstant) return {};
    return {.backward = static_cast<uint64_t>(layer.output_shape.elements() -
                                              layer.input_shape().elements())};
  }

 protected:
  void write_members(const Pad& pad, nlohmann::ordered_json& layer) const override {
    layer["mode"] = kPadModes.word(pad.mode);
    layer["begin"] = pad.begin;
    layer["end"] = pad.end;
    if (pad.mode == PadMode::kConstant) layer["value"] = pad.value;
  }

  FeatureShape infer(const Pad& pad, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    if (!(std::abs(pad.value) <= std::numeric_limits<float>::max())) {
      place.reject("value", "found {}, wanted a finite number", pad.value);
    }
    FeatureShape result = inputs[0];
    for (size_t i = 0; i < kMapAxes.size(); ++i) {
      int64_t& size = extent(result, kMapAxes[i]);
      check_padding(pad.begin[i], "begin", pad.mode, size, place);
      check_padding(pad.end[i], "end", pad.mode, size, place);
      size += pad.begin[i] + pad.end[i];
      check_size(size, name(kMapAxes[i]), 1, place);
    }
    return result;
  }

 private:
  static void check_padding(int64_t padding, std::string_view key, PadMode mode, int64_t size,
                            const LayerPlace& place) {
    check_size(padding, key, 0, place);
    if (mode == PadMode::kReflect && padding >= size) {
      place.reject(key, "found {}, wanted less than the {} values to be mirrored", padding, size);
    }
  }
};

}  // namespace

template <>
const LayerKind& kind_of<Pad>() {
  static const PadKind kKind;
  return kKind;
}

}  // namespace wattgrind
