// What each operator of a model becomes: one function an operator, found by its name.
#pragma once

#include <string_view>
#include <vector>

#include "estimator/onnx/graph_import.h"

namespace wattgrind {

using OperatorImport = void (*)(NodeImport&);

struct NamedOperator {
  std::string_view name;  // as the specification writes it: "Conv"
  OperatorImport import;
};

// By what they do, a file each.
std::vector<NamedOperator> window_operators();       // convolutions, pooling, resizing
std::vector<NamedOperator> elementwise_operators();  // functions of one or two tensors
std::vector<NamedOperator> product_operators();      // matrix products and look-ups
std::vector<NamedOperator> reducing_operators();     // reductions, normalisations, softmax
std::vector<NamedOperator> view_operators();         // reshaping, transposing, joining, cutting

std::vector<NamedOperator> quantized_operators();  // on whole numbers that stand for values

// Null where no operator of that name is known.
OperatorImport find_operator(std::string_view name);

// Computes the outputs of a node whose inputs are all constants; false where this program does not
// compute that operator ahead of time.
bool fold_constants(NodeImport& node);

// The same of QuantizeLinear and DequantizeLinear, whose scales are kept for who reads them.
bool fold_quantization(NodeImport& node);

// The numbers that stand for values, as values of their own.
MapView numbers_of(NodeImport& node, const MapView& values, const QuantizedTensor& made);

// Where parameters are not needed, real numbers are followed through constants of up to so many
// values: epsilons, scales and masks, no weights.
inline constexpr int64_t kMostFolded = 4096;

// The parts that several files use.

// Channels, rows and columns of an image as convolutions see it: axis 0 is the batch, axis 1 the
// channels. Throws UnsupportedNode for other ranks.
MapView as_image(NodeImport& node, const MapView& view);
MapForm image_form(const MapView& view);

// A constant laid out as a map of the view's form is: its shape, in which extents are whole or 1,
// and its values in that order (none where they are absent or not needed). `dims` are the
// constant's, aligned with the view's axes from behind.
struct FormedConstant {
  FeatureShape shape;
  std::vector<float> values;
};
FormedConstant formed_constant(NodeImport& node, const Constant& constant, const MapView& view,
                               const MapForm& form);

// first (function) second, either of which may be constant.
ModelTensor combined(NodeImport& node, BinaryFunction function, const ModelTensor& first,
                     const ModelTensor& second);
// A function of every value, whatever the order they lie in.
MapView applied(NodeImport& node, const Operation& operation, const MapView& view);

// Whether a constant is one known number.
std::optional<double> known_number(const ModelTensor& tensor);

// A view without those axes, all of one value.
MapView without_axes(const MapView& view, const std::vector<size_t>& axes);

// Views one behind the other along an axis, each in the form of the first.
MapView joined_along(NodeImport& node, const std::vector<MapView>& parts, size_t axis);

// What a Slice node takes of each axis it names, within the axis; `size` may be 0.
struct SliceRange {
  size_t axis = 0;
  int64_t start = 0, size = 0, step = 1;
};
std::vector<SliceRange> slice_ranges(const NodeImport& node, const std::vector<int64_t>& dims);

// Part of an axis. Throws AcrossBatch where the axis is the batch.
MapView cut(NodeImport& node, const MapView& view, size_t axis, int64_t start, int64_t size,
            int64_t step);

}  // namespace wattgrind
