// ncnn's layers that work value by value, and those that normalise or reduce.
#include <cmath>

#include "estimator/formats/json_text.h"
#include "estimator/imports/ncnn_step.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

using Values = NcnnBlob::Values;

std::vector<NcnnBlob> apply(NcnnStep& step, const Operation& operation) {
  const NcnnBlob& blob = step.map(0);
  return {blob_like(blob, step.add(operation, {blob.map}))};
}

template <UnaryFunction kFunction>
std::vector<NcnnBlob> read_function(NcnnStep& step) {
  return apply(step, default_activation(kFunction));
}

std::vector<NcnnBlob> read_relu(NcnnStep& step) {
  const double slope = step.layer.number(0, 0);
  if (slope == 0) return apply(step, Relu{});
  return apply(step, Activation{UnaryFunction::kLeakyRelu, slope, 0});
}

std::vector<NcnnBlob> read_clip(NcnnStep& step) {
  constexpr double kLargest = 3.4028234663852886e38;  // of single precision
  return apply(step, Clip{step.layer.number(0, -kLargest), step.layer.number(1, kLargest)});
}

std::vector<NcnnBlob> read_elu(NcnnStep& step) {
  return apply(step, Activation{UnaryFunction::kElu, step.layer.number(0, 0.1), 0});
}

std::vector<NcnnBlob> read_selu(NcnnStep& step) {
  const Activation usual = default_activation(UnaryFunction::kSelu);
  return apply(step, Activation{UnaryFunction::kSelu, step.layer.number(0, usual.alpha),
                                step.layer.number(1, usual.beta)});
}

std::vector<NcnnBlob> read_hard_sigmoid(NcnnStep& step) {
  return apply(step, Activation{UnaryFunction::kHardSigmoid, step.layer.number(0, 0.2),
                                step.layer.number(1, 0.5)});
}

std::vector<NcnnBlob> read_hard_swish(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  return {blob_like(
      blob, step.hard_swish(blob.map, step.layer.number(0, 0.2), step.layer.number(1, 0.5)))};
}

std::vector<NcnnBlob> read_mish(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  return {blob_like(blob, step.mish(blob.map))};
}

std::vector<NcnnBlob> read_gelu(NcnnStep& step) {
  const bool is_fast = step.layer.integer(0, 0) != 0;
  return apply(step, default_activation(is_fast ? UnaryFunction::kGeluTanh : UnaryFunction::kGelu));
}

std::vector<NcnnBlob> read_requantize(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  return {blob_like(blob, step.activated(blob.map, 3, 4))};
}

std::string unsupported_requantize(const NcnnLayer& layer) {
  return is_known_activation(layer.integer(3, 0)) ? "" : "with an activation that is not known";
}

// e to the x, or the logarithm; other bases, scales and shifts are not supported.
std::string unsupported_base(const NcnnLayer& layer) {
  const bool is_plain =
      layer.number(0, -1) == -1 && layer.number(1, 1) == 1 && layer.number(2, 0) == 0;
  return is_plain ? "" : "of another base, scale or shift";
}

// (shift + scale x) ^ power.
std::vector<NcnnBlob> read_power(NcnnStep& step) {
  const double power = step.layer.number(0, 1), scale = step.layer.number(1, 1),
               shift = step.layer.number(2, 0);
  const NcnnBlob& blob = step.map(0);
  ImportedMap map = blob.map;
  if (scale != 1) map = step.add(by_number(BinaryFunction::kMultiply, scale), {map}, "scale");
  if (shift != 0) map = step.add(by_number(BinaryFunction::kAdd, shift), {map}, "shift");
  if (power != 1) map = step.add(Activation{UnaryFunction::kPower, power, 0}, {map});
  return {blob_like(blob, map)};
}

std::vector<NcnnBlob> read_dropout(NcnnStep& step) {
  const double scale = step.layer.number(0, 1);
  if (scale == 1) return {step.map(0)};
  return apply(step, by_number(BinaryFunction::kMultiply, scale));
}

// What ncnn's UnaryOp numbers mean; absent where there is no such layer here.
std::optional<Activation> unary_activation(int64_t number) {
  switch (number) {
    case 0:
      return default_activation(UnaryFunction::kAbs);
    case 1:
      return default_activation(UnaryFunction::kNegative);
    case 4:
      return Activation{UnaryFunction::kPower, 2, 0};
    case 5:
      return default_activation(UnaryFunction::kSqrt);
    case 6:
      return Activation{UnaryFunction::kPower, -0.5, 0};
    case 7:
      return default_activation(UnaryFunction::kExp);
    case 8:
      return default_activation(UnaryFunction::kLog);
    case 9:
      return default_activation(UnaryFunction::kSin);
    case 10:
      return default_activation(UnaryFunction::kCos);
    case 15:
      return default_activation(UnaryFunction::kReciprocal);
    case 16:
      return default_activation(UnaryFunction::kTanh);
    default:
      return std::nullopt;
  }
}

std::vector<NcnnBlob> read_unary(NcnnStep& step) {
  return apply(step, *unary_activation(step.layer.integer(0, 0)));
}

std::string unsupported_unary(const NcnnLayer& layer) {
  const int64_t number = layer.integer(0, 0);
  return unary_activation(number) ? "" : fmt::format("of type {}", number);
}

// The shape in which a smaller operand meets a larger one. A vector lies along the outermost axis
// where it has as many values, else along the innermost; a matrix along channels and rows.
FeatureShape broadcast_shape(const NcnnStep& step, const NcnnBlob& small, const NcnnBlob& large) {
  const FeatureShape& map = large.map.shape;
  if (small.dims == 1 && small.w == 1) return {1, 1, 1};
  if (large.dims == 3) {
    if (small.dims == 3) return {small.c, small.h, small.w};
    if (small.dims == 2) return {small.h, small.w, 1};
    if (small.w == large.c) return {small.w, 1, 1};
    if (small.w == large.w) return {1, 1, small.w};
  } else if (large.dims == 2) {
    const bool is_row = small.dims == 1 && small.w != large.h;
    const int64_t rows = small.dims == 2 ? small.h : is_row ? 1 : small.w;
    const int64_t columns = small.dims == 2 || is_row ? small.w : 1;
    if (!large.rows_are_channels) return {columns, 1, rows};
    if (columns == 1) return {rows, 1, 1};
    if (columns == large.w) return {rows, map.height, map.width};
    return {rows, 1, columns};
  } else {
    return {small.w, 1, 1};
  }
  step.graph.reject("found inputs of {} and {}", to_string(small), to_string(large));
}

// A map in the shape in which it meets a larger one.
ImportedMap meeting(NcnnStep& step, const NcnnBlob& small, const NcnnBlob& large) {
  const FeatureShape shape = broadcast_shape(step, small, large);
  if (small.dims == 2 && large.dims == 2 && !large.rows_are_channels) {
    return step.as_tokens(small).map;
  }
  return step.reshaped(small, shape, "broadcast");
}

std::vector<NcnnBlob> combine(NcnnStep& step, Binary binary, const NcnnBlob& a, const NcnnBlob& b,
                              std::string_view part) {
  if (a.values == Values::kConstant && b.values == Values::kConstant) {
    step.graph.reject("its inputs are constants alone");
  }
  const bool swaps = a.values == Values::kConstant ||
                     (b.values == Values::kMap &&
                      (a.dims < b.dims || (a.dims == b.dims && a.elements() < b.elements())));
  const NcnnBlob& large = swaps ? b : a;
  const NcnnBlob& small = swaps ? a : b;
  if (small.dims > large.dims) {
    step.graph.reject("{}: found a constant of {} for a map of {}", step.layer.name,
                      to_string(small), to_string(large));
  }
  if (small.values == Values::kConstant) {
    binary.constant = broadcast_shape(step, small, large);
    binary.reversed = binary.reversed != swaps;
    return {blob_like(large, step.add(binary, {large.map}, part))};
  }
  const ImportedMap other = meeting(step, small, large);
  const bool is_first = swaps == binary.reversed;  // whether the larger is the first operand
  binary.reversed = false;
  const std::vector<ImportedMap> operands =
      is_first ? std::vector{large.map, other} : std::vector{other, large.map};
  return {blob_like(large, step.add(binary, operands, part))};
}

// ncnn's BinaryOp numbers; absent where there is no such layer here.
std::optional<Binary> binary_of(int64_t number) {
  constexpr std::array<BinaryFunction, 10> kFunctions = {
      BinaryFunction::kAdd,    BinaryFunction::kSubtract, BinaryFunction::kMultiply,
      BinaryFunction::kDivide, BinaryFunction::kMaximum,  BinaryFunction::kMinimum,
      BinaryFunction::kPower,  BinaryFunction::kSubtract, BinaryFunction::kDivide,
      BinaryFunction::kPower};
  constexpr int64_t kFirstReversed = 7;
  if (number < 0 || number >= static_cast<int64_t>(kFunctions.size())) return std::nullopt;
  Binary binary = of_maps(kFunctions[static_cast<size_t>(number)]);
  binary.reversed = number >= kFirstReversed;
  return binary;
}

std::vector<NcnnBlob> read_binary(NcnnStep& step) {
  Binary binary = *binary_of(step.layer.integer(0, 0));
  if (step.layer.integer(1, 0) != 0) {
    binary.scalar = step.layer.number(2, 0);
    return apply(step, binary);
  }
  if (step.inputs.size() != 2) step.graph.reject("found one input, wanted two");
  return combine(step, binary, step.inputs[0], step.inputs[1], "");
}

std::string unsupported_binary(const NcnnLayer& layer) {
  const int64_t number = layer.integer(0, 0);
  return binary_of(number) ? "" : fmt::format("of type {}", number);
}

std::vector<NcnnBlob> read_eltwise(NcnnStep& step) {
  constexpr std::array<BinaryFunction, 3> kFunctions = {
      BinaryFunction::kMultiply, BinaryFunction::kAdd, BinaryFunction::kMaximum};
  const Binary binary = of_maps(kFunctions[static_cast<size_t>(step.layer.integer(0, 0))]);
  const std::vector<double> factors = step.layer.numbers(1).value_or(std::vector<double>());
  NcnnBlob result;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    NcnnBlob input = step.map(i);
    if (i < factors.size() && factors[i] != 1) {
      const std::string part = fmt::format("factor_{}", i);
      input.map = step.add(by_number(BinaryFunction::kMultiply, factors[i]), {input.map}, part);
    }
    const std::string part = i + 1 == step.inputs.size() ? "" : fmt::format("{}", i);
    result = i == 0 ? input : combine(step, binary, result, input, part).front();
  }
  return {result};
}

std::string unsupported_eltwise(const NcnnLayer& layer) {
  const int64_t number = layer.integer(0, 0);
  return number < 0 || number > 2 ? fmt::format("of type {}", number) : "";
}

// The map with what these layers call channels, the outermost axis, as channels.
NcnnBlob by_channels(NcnnStep& step, const NcnnBlob& blob) {
  return blob.dims == 2 ? step.as_rows(blob) : blob;
}

int64_t channels_of(const NcnnBlob& blob) { return blob.map.shape.channels; }

std::vector<NcnnBlob> read_scale(NcnnStep& step) {
  constexpr int64_t kScaleIsInput = -233;
  if (step.layer.integer(0, 0) == kScaleIsInput) {
    if (step.inputs.size() != 2) step.graph.reject("found one input, wanted two");
    return combine(step, of_maps(BinaryFunction::kMultiply), step.inputs[0], step.inputs[1], "");
  }
  const NcnnBlob blob = by_channels(step, step.map(0));
  const FeatureShape constant{channels_of(blob), 1, 1};
  ImportedMap map = step.add(by_constant(BinaryFunction::kMultiply, constant), {blob.map});
  if (step.layer.integer(1, 0) != 0) {
    map = step.add(by_constant(BinaryFunction::kAdd, constant), {map}, "bias");
  }
  return {blob_like(blob, map)};
}

std::vector<NcnnBlob> read_bias(NcnnStep& step) {
  const NcnnBlob blob = by_channels(step, step.map(0));
  const FeatureShape constant{channels_of(blob), 1, 1};
  return {blob_like(blob, step.add(by_constant(BinaryFunction::kAdd, constant), {blob.map}))};
}

std::vector<NcnnBlob> read_prelu(NcnnStep& step) {
  const NcnnBlob blob = by_channels(step, step.map(0));
  const int64_t slopes = step.layer.integer(0, 0);
  if (slopes != 1 && slopes != channels_of(blob)) {
    step.graph.reject("0={}: found so many slopes, wanted 1 or {}", slopes, channels_of(blob));
  }
  const Binary prelu = by_constant(BinaryFunction::kPrelu, {slopes, 1, 1});
  return {blob_like(blob, step.add(prelu, {blob.map}))};
}

std::vector<NcnnBlob> read_batch_norm(NcnnStep& step) {
  const NcnnBlob blob = by_channels(step, step.map(0));
  const int64_t channels = step.layer.integer(0, 0);
  if (channels != channels_of(blob)) {
    step.graph.reject("0={}: found so many channels, wanted {}", channels, channels_of(blob));
  }
  BatchNorm norm;
  norm.epsilon = step.layer.number(1, 0);
  return {blob_like(blob, step.add(norm, {blob.map}))};
}

NcnnBlob normalize(NcnnStep& step, const NcnnBlob& blob, const MapAxes& axes,
                   const FeatureShape& affine, double epsilon, bool has_affine) {
  Normalization norm;
  norm.axes = axes;
  norm.epsilon = epsilon;
  if (has_affine) norm.affine = affine;
  return blob_like(blob, step.add(norm, {blob.map}));
}

// Over the innermost axis, or the two innermost, whichever has the size that the layer tells.
std::vector<NcnnBlob> read_layer_norm(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  const int64_t size = step.layer.integer(0, 0);
  const FeatureShape& map = blob.map.shape;
  MapAxes axes = step.map_axes(blob, blob.dims - 1);
  if (blob.dims == 3 && size != blob.w && size == blob.w * blob.h) axes.height = true;
  const FeatureShape affine{axes.channels ? map.channels : 1, axes.height ? map.height : 1,
                            axes.width ? map.width : 1};
  if (affine.elements() != size) {
    step.graph.reject("0={}: found so many values in a row of {}", size, to_string(blob));
  }
  return {normalize(step, blob, axes, affine, step.layer.number(1, 0.001),
                    step.layer.integer(2, 1) != 0)};
}

std::vector<NcnnBlob> read_instance_norm(NcnnStep& step) {
  const NcnnBlob& blob = step.planes();
  return {normalize(step, blob, {.height = true, .width = true}, {blob.c, 1, 1},
                    step.layer.number(1, 0.001), step.layer.integer(2, 1) != 0)};
}

std::vector<NcnnBlob> read_group_norm(NcnnStep& step) {
  const NcnnBlob& blob = step.planes();
  return {normalize(step, blob, {.channels = true, .height = true, .width = true}, {blob.c, 1, 1},
                    step.layer.number(2, 0.001), step.layer.integer(3, 1) != 0)};
}

std::string unsupported_group_norm(const NcnnLayer& layer) {
  return layer.integer(0, 1) == 1 ? "" : "of several groups";
}

std::vector<NcnnBlob> read_lrn(NcnnStep& step) {
  Lrn lrn;
  lrn.size = step.layer.integer(1, 5);
  lrn.alpha = step.layer.number(2, 1);
  lrn.beta = step.layer.number(3, 0.75);
  lrn.k = step.layer.number(4, 1);
  return apply(step, lrn);
}

std::string unsupported_lrn(const NcnnLayer& layer) {
  return layer.integer(0, 0) == 0 ? "" : "within channels";
}

std::vector<NcnnBlob> read_softmax(NcnnStep& step) {
  const NcnnBlob& blob = step.map(0);
  const int axis = step.axis(step.layer.integer(0, 0), blob.dims);
  return apply(step, Softmax{.axes = step.map_axes(blob, axis)});
}

// Files from before axes counted from the outermost have no mark that they do.
std::string unsupported_softmax(const NcnnLayer& layer) {
  const bool is_old = layer.integer(0, 0) != 0 && layer.integer(1, 0) == 0;
  return is_old ? "with an axis as old files number them" : "";
}

ReduceFunction reduce_function(int64_t number) {
  return number == 0   ? ReduceFunction::kSum
         : number == 3 ? ReduceFunction::kMean
         : number == 4 ? ReduceFunction::kMax
                       : ReduceFunction::kMin;
}

std::vector<NcnnBlob> read_reduction(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const NcnnBlob& blob = step.map(0);
  MapAxes axes;
  std::array<bool, 3> is_reduced = {false, false, false};
  const bool all = layer.integer(1, 1) != 0;
  std::vector<int64_t> numbers = layer.integers(3).value_or(std::vector<int64_t>());
  for (int64_t i = 0; all && i < blob.dims; ++i) numbers.push_back(i);
  for (const int64_t number : numbers) {
    const int axis = step.axis(number, blob.dims);
    const MapAxes more = step.map_axes(blob, axis);
    axes = {axes.channels || more.channels, axes.height || more.height, axes.width || more.width};
    is_reduced[static_cast<size_t>(axis)] = true;
  }
  const double factor = layer.number(2, 1);
  ImportedMap map = step.add(Reduce{reduce_function(layer.integer(0, 0)), axes}, {blob.map});
  if (factor != 1) map = step.add(by_number(BinaryFunction::kMultiply, factor), {map}, "factor");
  const NcnnBlob kept = blob_like(blob, map);
  if (layer.integer(4, 0) != 0) return {kept};
  std::vector<int64_t> sizes;  // outermost first
  const std::array<int64_t, 3> extents = {blob.c, blob.h, blob.w};
  for (int i = 0; i < blob.dims; ++i) {
    if (!is_reduced[static_cast<size_t>(i)]) {
      sizes.push_back(extents[static_cast<size_t>(i + 3 - blob.dims)]);
    }
  }
  if (sizes.size() < 2) return {vector_blob(step.flat(kept))};
  if (sizes.size() == 3) return {kept};
  if (blob.dims == 2) return {kept};
  if (sizes[0] == map.shape.channels) return {rows_blob(map)};
  return {rows_blob(step.reshaped(kept, {sizes[0], 1, sizes[1]}, "rows"))};
}

std::string unsupported_reduction(const NcnnLayer& layer) {
  const int64_t number = layer.integer(0, 0);
  if (number != 0 && (number < 3 || number > 5)) return fmt::format("of type {}", number);
  const bool is_old = layer.integer(1, 1) == 0 && layer.integer(5, 0) == 0;
  return is_old ? "with axes as old files number them" : "";
}

}  // namespace

NcnnReaders ncnn_elementwise_readers() {
  constexpr size_t kMany = 1 << 16;
  return {{"ReLU", {read_relu}},
          {"Clip", {read_clip}},
          {"ELU", {read_elu}},
          {"SELU", {read_selu}},
          {"HardSigmoid", {read_hard_sigmoid}},
          {"HardSwish", {read_hard_swish}},
          {"Mish", {read_mish}},
          {"GELU", {read_gelu}},
          {"Swish", {read_function<UnaryFunction::kSwish>}},
          {"Sigmoid", {read_function<UnaryFunction::kSigmoid>}},
          {"TanH", {read_function<UnaryFunction::kTanh>}},
          {"AbsVal", {read_function<UnaryFunction::kAbs>}},
          {"BNLL", {read_function<UnaryFunction::kSoftplus>}},
          {"Softplus", {read_function<UnaryFunction::kSoftplus>}},
          {"Erf", {read_function<UnaryFunction::kErf>}},
          {"Exp", {read_function<UnaryFunction::kExp>, 1, 1, unsupported_base}},
          {"Log", {read_function<UnaryFunction::kLog>, 1, 1, unsupported_base}},
          {"Power", {read_power}},
          {"UnaryOp", {read_unary, 1, 1, unsupported_unary}},
          {"BinaryOp", {read_binary, 1, 2, unsupported_binary}},
          {"Eltwise", {read_eltwise, 1, kMany, unsupported_eltwise}},
          {"Dropout", {read_dropout}},
          {"Requantize", {read_requantize, 1, 1, unsupported_requantize}},
          {"Scale", {read_scale, 1, 2}},
          {"Bias", {read_bias}},
          {"PReLU", {read_prelu}},
          {"BatchNorm", {read_batch_norm}},
          {"LayerNorm", {read_layer_norm}},
          {"InstanceNorm", {read_instance_norm}},
          {"GroupNorm", {read_group_norm, 1, 1, unsupported_group_norm}},
          {"LRN", {read_lrn, 1, 1, unsupported_lrn}},
          {"Softmax", {read_softmax, 1, 1, unsupported_softmax}},
          {"Reduction", {read_reduction, 1, 1, unsupported_reduction}}};
}

}  // namespace wattgrind
