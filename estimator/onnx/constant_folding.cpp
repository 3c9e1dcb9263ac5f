#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>

#include "estimator/base/error.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

// What is computed ahead of time stays below this many values.
constexpr int64_t kMostValues = int64_t{1} << 28;

std::vector<int64_t> checked(std::vector<int64_t> dims) {
  int64_t values = 1;
  for (const int64_t extent : dims) {
    if (extent < 0 || extent > kMostValues || values * extent > kMostValues) {
      fail(ErrorKind::kInput, "found a constant of more than 2^28 values, wanted fewer");
    }
    values *= extent;
  }
  return dims;
}

Constant of_numbers(std::vector<int64_t> dims, bool is_integer, const std::vector<double>& values) {
  if (is_integer) return {std::move(dims), std::vector<int64_t>(values.begin(), values.end())};
  return {std::move(dims), std::vector<float>(values.begin(), values.end())};
}

using Function = double (*)(double, double);

// Operators of two tensors, value by value. Comparisons give 0 or 1.
const std::map<std::string_view, std::pair<Function, bool>>& pair_functions() {
  static const std::map<std::string_view, std::pair<Function, bool>> kFunctions = {
      {"Add", {[](double a, double b) { return a + b; }, false}},
      {"Sub", {[](double a, double b) { return a - b; }, false}},
      {"Mul", {[](double a, double b) { return a * b; }, false}},
      {"Pow", {[](double a, double b) { return std::pow(a, b); }, false}},
      {"Max", {[](double a, double b) { return std::max(a, b); }, false}},
      {"Min", {[](double a, double b) { return std::min(a, b); }, false}},
      {"Mod", {[](double a, double b) { return a - b * std::floor(a / b); }, false}},
      {"Equal", {[](double a, double b) { return a == b ? 1.0 : 0.0; }, true}},
      {"Less", {[](double a, double b) { return a < b ? 1.0 : 0.0; }, true}},
      {"Greater", {[](double a, double b) { return a > b ? 1.0 : 0.0; }, true}},
      {"LessOrEqual", {[](double a, double b) { return a <= b ? 1.0 : 0.0; }, true}},
      {"GreaterOrEqual", {[](double a, double b) { return a >= b ? 1.0 : 0.0; }, true}},
      {"And", {[](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }, true}},
      {"Or", {[](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }, true}}};
  return kFunctions;
}

double divided(double a, double b, bool is_integer) {
  return is_integer ? std::trunc(a / b) : a / b;
}

const std::map<std::string_view, double (*)(double)>& value_functions() {
  static const std::map<std::string_view, double (*)(double)> kFunctions = {
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Relu", [](double x) { return std::max(0.0, x); }},
      {"Not", [](double x) { return x == 0 ? 1.0 : 0.0; }}};
  return kFunctions;
}

std::vector<double> numbers(const Constant& constant) {
  if (constant.is_integer()) {
    const std::vector<int64_t>& values = constant.integers();
    return {values.begin(), values.end()};
  }
  const std::vector<float>& values = constant.floats();
  return {values.begin(), values.end()};
}

Constant fold_pair(NodeImport& node, const std::function<double(double, double)>& function,
                   bool is_comparison) {
  Constant result = node.constant(0);
  for (size_t i = 1; i < node.inputs(); ++i) {
    const Constant& other = node.constant(i);
    const auto dims = broadcast(result.dims(), other.dims());
    if (!dims) fail(ErrorKind::kInput, "found shapes that do not broadcast");
    const bool is_integer = is_comparison || (result.is_integer() && other.is_integer());
    if (!result.has_values() || !other.has_values()) {
      result = Constant::absent(checked(*dims), is_integer);
      continue;
    }
    std::vector<double> a = numbers(expanded(result, checked(*dims)));
    const std::vector<double> b = numbers(expanded(other, *dims));
    std::ranges::transform(a, b, a.begin(), function);
    result = of_numbers(*dims, is_integer, a);
  }
  return result;
}

Constant fold_values(const Constant& from, double (*function)(double)) {
  if (!from.has_values()) return from;
  std::vector<double> values = numbers(from);
  std::ranges::transform(values, values.begin(), function);
  return of_numbers(from.dims(), from.is_integer(), values);
}

Constant fold_where(NodeImport& node) {
  auto dims = broadcast(node.constant(0).dims(), node.constant(1).dims());
  if (dims) dims = broadcast(*dims, node.constant(2).dims());
  if (!dims) fail(ErrorKind::kInput, "found shapes that do not broadcast");
  const bool is_integer = node.constant(1).is_integer() && node.constant(2).is_integer();
  for (size_t i = 0; i < 3; ++i) {
    if (!node.constant(i).has_values()) return Constant::absent(checked(*dims), is_integer);
  }
  const std::vector<double> mask = numbers(expanded(node.constant(0), checked(*dims)));
  std::vector<double> yes = numbers(expanded(node.constant(1), *dims));
  const std::vector<double> no = numbers(expanded(node.constant(2), *dims));
  for (size_t i = 0; i < yes.size(); ++i) yes[i] = mask[i] != 0 ? yes[i] : no[i];
  return of_numbers(*dims, is_integer, yes);
}

Constant fold_cast(NodeImport& node) {
  const Constant& from = node.constant(0);
  const bool to_integer = is_integer(static_cast<OnnxType>(node.integer("to", 1)));
  if (to_integer == from.is_integer()) return from;
  if (!from.has_values()) return Constant::absent(from.dims(), to_integer);
  std::vector<double> values = numbers(from);
  if (to_integer) {
    for (double& value : values) {
      if (!(std::abs(value) < 9e18))
        fail(ErrorKind::kInput, "found {} to become an integer", value);
    }
  }
  return of_numbers(from.dims(), to_integer, values);
}

Constant fold_constant_of_shape(NodeImport& node) {
  std::vector<int64_t> dims = checked(node.constant(0).integers());
  if (!node.graph().needs_values() && product(dims) > kMostFolded) {
    return Constant::absent(std::move(dims), false);
  }
  const auto count = static_cast<size_t>(product(dims));
  const auto found = node.node().attributes.find("value");
  if (found == node.node().attributes.end()) return {std::move(dims), std::vector<float>(count, 0)};
  const auto& tensor = std::get<OnnxTensor>(found->second.value);
  const Constant value(tensor, "attribute value");
  if (value.is_integer()) {
    return {std::move(dims), std::vector<int64_t>(count, value.integers().at(0))};
  }
  return {std::move(dims), std::vector<float>(count, value.floats().at(0))};
}

Constant fold_range(NodeImport& node) {
  const double start = numbers(node.constant(0)).at(0), limit = numbers(node.constant(1)).at(0);
  const double delta = numbers(node.constant(2)).at(0);
  const double steps = std::ceil((limit - start) / delta);
  if (!(steps <= static_cast<double>(kMostValues)))
    fail(ErrorKind::kInput, "found an endless range");
  std::vector<double> values;
  for (double i = 0; i < steps; ++i) values.push_back(start + i * delta);
  return of_numbers({static_cast<int64_t>(values.size())}, node.constant(0).is_integer(), values);
}

Constant fold_gather(NodeImport& node) {
  const Constant& table = node.constant(0);
  const Constant& indices = node.constant(1);
  const size_t axis = normal_axis(node.integer("axis", 0), table.dims().size(), "attribute axis");
  const std::vector<int64_t>& dims = table.dims();
  std::vector<int64_t> result(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis));
  result.insert(result.end(), indices.dims().begin(), indices.dims().end());
  result.insert(result.end(), dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, dims.end());
  checked(result);
  if (!table.has_values()) return Constant::absent(result, table.is_integer());
  const std::vector<double> values = numbers(table);
  const int64_t outer = product(std::span(dims).first(axis));
  const int64_t inner = product(std::span(dims).subspan(axis + 1));
  std::vector<double> picked;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t index : indices.integers()) {
      if (index < 0) index += dims[axis];
      if (index < 0 || index >= dims[axis]) {
        fail(ErrorKind::kInput, "found index {}, wanted less than {}", index, dims[axis]);
      }
      const auto first = values.begin() + (o * dims[axis] + index) * inner;
      picked.insert(picked.end(), first, first + inner);
    }
  }
  return of_numbers(result, table.is_integer(), picked);
}

Constant fold_concat(NodeImport& node) {
  std::vector<int64_t> dims = node.constant(0).dims();
  const size_t axis = normal_axis(node.integer("axis", 1), dims.size(), "attribute axis");
  dims[axis] = 0;
  bool is_known = true, is_integer = true;
  for (size_t i = 0; i < node.inputs(); ++i) {
    if (node.dims(i).size() != dims.size()) fail(ErrorKind::kInput, "found different ranks");
    dims[axis] += node.dims(i)[axis];
    is_known &= node.constant(i).has_values();
    is_integer &= node.constant(i).is_integer();
  }
  checked(dims);
  if (!is_known) return Constant::absent(dims, is_integer);
  const int64_t outer = product(std::span(dims).first(axis));
  std::vector<double> values;
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < node.inputs(); ++i) {
      const std::vector<double> part = numbers(node.constant(i));
      const auto rows = static_cast<int64_t>(part.size()) / outer;
      values.insert(values.end(), part.begin() + o * rows, part.begin() + (o + 1) * rows);
    }
  }
  return of_numbers(dims, is_integer, values);
}

Constant fold_slice(NodeImport& node) {
  Constant result = node.constant(0);
  for (const SliceRange& range : slice_ranges(node, result.dims())) {
    std::vector<int64_t> dims = result.dims(), strides = row_major_strides(dims);
    const int64_t first = range.start * strides[range.axis];
    dims[range.axis] = range.size;
    strides[range.axis] *= range.step;
    result = gathered(result, dims, first, strides);
  }
  return result;
}

// A map of the constant's shape goes through the operator that views pass through; the view that
// comes out says where each value of the constant went.
bool fold_as_view(NodeImport& node) {
  static const std::vector<std::string_view> kOperators = {
      "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose",
      "Split",   "Expand",  "Tile",    "Identity",  "Dropout"};
  if (std::ranges::find(kOperators, node.node().type) == kOperators.end()) return false;
  const Constant from = node.constant(0);
  const int64_t values = std::max<int64_t>(1, from.elements());
  MapView flat{"constant", {values, 1, 1}, {0, 0, 0}, {{{values, false, MapAxis::kChannels, 1}}}};
  const auto seen = reshaped(flat, from.dims());
  if (from.elements() == 0 || !seen) {
    if (node.node().type != "Identity") return false;
    node.set(0, from);
    return true;
  }
  GraphImport& graph = node.graph();
  const std::string& name = node.node().inputs[0];
  graph.set(name, *seen);
  find_operator(node.node().type)(node);
  graph.set(name, from);
  for (const std::string& output : node.node().outputs) {
    const ModelTensor* tensor = graph.find(output);
    const auto* view = tensor == nullptr ? nullptr : std::get_if<MapView>(tensor);
    if (view == nullptr) continue;
    // Every factor is a dimension of its own; then they are joined to the tensor's.
    std::vector<int64_t> dims, strides;
    for (const ViewAxis& axis : view->axes) {
      for (const AxisFactor& factor : axis) {
        dims.push_back(factor.extent);
        strides.push_back(factor.step);
      }
    }
    const Constant moved = gathered(from, checked(dims), view->first[0], strides);
    graph.set(output, reshaped(moved, view->dims()));
  }
  return true;
}

}  // namespace

bool fold_constants(NodeImport& node) {
  const std::string& type = node.node().type;
  if (fold_quantization(node)) return true;
  if (type == "Div") {
    const bool is_integer = node.constant(0).is_integer() && node.constant(1).is_integer();
    node.set(0, fold_pair(
                    node, [is_integer](double a, double b) { return divided(a, b, is_integer); },
                    false));
    return true;
  }
  if (const auto pair = pair_functions().find(type); pair != pair_functions().end()) {
    node.set(0, fold_pair(node, pair->second.first, pair->second.second));
    return true;
  }
  if (const auto value = value_functions().find(type); value != value_functions().end()) {
    node.set(0, fold_values(node.constant(0), value->second));
    return true;
  }
  static const std::map<std::string_view, Constant (*)(NodeImport&)> kOthers = {
      {"Where", fold_where}, {"Cast", fold_cast},     {"ConstantOfShape", fold_constant_of_shape},
      {"Range", fold_range}, {"Gather", fold_gather}, {"Concat", fold_concat},
      {"Slice", fold_slice}};
  if (const auto other = kOthers.find(type); other != kOthers.end()) {
    node.set(0, other->second(node));
    return true;
  }
  if (type == "Shape" || type == "Size") {
    find_operator(type)(node);
    return true;
  }
  return fold_as_view(node);
}

}  // namespace wattgrind
