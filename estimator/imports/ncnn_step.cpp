#include "estimator/imports/ncnn_step.h"

#include <cmath>

#include "estimator/formats/json_text.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {

NcnnBlob vector_blob(const ImportedMap& map) {
  return {.dims = 1, .w = map.shape.channels, .map = map};
}

NcnnBlob tokens_blob(const ImportedMap& map) {
  return {.dims = 2, .w = map.shape.channels, .h = map.shape.width, .map = map};
}

NcnnBlob rows_blob(const ImportedMap& map) {
  return {.dims = 2,
          .w = map.shape.height * map.shape.width,
          .h = map.shape.channels,
          .rows_are_channels = true,
          .map = map};
}

NcnnBlob planes_blob(const ImportedMap& map) {
  return {
      .dims = 3, .w = map.shape.width, .h = map.shape.height, .c = map.shape.channels, .map = map};
}

NcnnBlob blob_like(const NcnnBlob& blob, const ImportedMap& map) {
  if (blob.dims == 1) return vector_blob(map);
  if (blob.dims == 3) return planes_blob(map);
  return blob.rows_are_channels ? rows_blob(map) : tokens_blob(map);
}

std::string to_string(const NcnnBlob& blob) {
  if (blob.dims == 1) return fmt::format("1 dimension, {}", blob.w);
  if (blob.dims == 2) return fmt::format("2 dimensions, {}x{}", blob.w, blob.h);
  return fmt::format("3 dimensions, {}x{}x{}", blob.w, blob.h, blob.c);
}

ImportedMap NcnnStep::add(const Operation& operation, const std::vector<ImportedMap>& maps,
                          std::string_view part) {
  const std::string name = part.empty() ? layer.name : fmt::format("{}.{}", layer.name, part);
  return graph.add(name, operation, maps);
}

const NcnnBlob& NcnnStep::map(size_t input) const {
  const NcnnBlob& blob = inputs[input];
  if (blob.values != NcnnBlob::Values::kMap) {
    graph.reject("{} is a constant: wanted the output of a layer", quote_json(layer.inputs[input]));
  }
  return blob;
}

const NcnnBlob& NcnnStep::planes() const {
  const NcnnBlob& blob = map(0);
  if (blob.dims != 3) graph.reject("found an input of {}, wanted 3 dimensions", to_string(blob));
  return blob;
}

NcnnBlob NcnnStep::as_tokens(const NcnnBlob& blob) {
  CHECK(blob.dims == 2, "{} dimensions", blob.dims);
  if (!blob.rows_are_channels) return blob;
  ImportedMap map = blob.map;
  if (map.shape.height > 1 && map.shape.width > 1) {
    map = add(Reshape{{blob.h, 1, blob.w}}, {map}, "rows");
  }
  const MapAxis columns = map.shape.width > 1 ? MapAxis::kWidth : MapAxis::kHeight;
  const MapAxis single = map.shape.width > 1 ? MapAxis::kHeight : MapAxis::kWidth;
  return tokens_blob(add(Transpose{{columns, single, MapAxis::kChannels}}, {map}, "tokens"));
}

NcnnBlob NcnnStep::as_rows(const NcnnBlob& blob) {
  CHECK(blob.dims == 2, "{} dimensions", blob.dims);
  if (blob.rows_are_channels) return blob;
  return rows_blob(
      add(Transpose{{MapAxis::kWidth, MapAxis::kHeight, MapAxis::kChannels}}, {blob.map}, "rows"));
}

ImportedMap NcnnStep::reshaped(const NcnnBlob& blob, const FeatureShape& shape,
                               std::string_view part) {
  const bool is_ordered = blob.dims != 2 || blob.rows_are_channels || blob.h == 1;
  const ImportedMap map = is_ordered ? blob.map : as_rows(blob).map;
  if (map.shape == shape) return map;
  if (shape.is_vector()) return add(Flatten{}, {map}, part);
  return add(Reshape{shape}, {map}, part);
}

ImportedMap NcnnStep::flat(const NcnnBlob& blob, std::string_view part) {
  return reshaped(blob, {blob.elements(), 1, 1}, part);
}

int NcnnStep::axis(int64_t number, int dims) const {
  const int64_t axis = number < 0 ? number + dims : number;
  if (axis < 0 || axis >= dims) {
    graph.reject("found the axis {}, wanted one of {} dimensions", number, dims);
  }
  return static_cast<int>(axis);
}

MapAxes NcnnStep::map_axes(const NcnnBlob& blob, int axis) const {
  if (blob.dims == 1) return {.channels = true};
  if (blob.dims == 3) return {.channels = axis == 0, .height = axis == 1, .width = axis == 2};
  if (!blob.rows_are_channels) return {.channels = axis == 1, .width = axis == 0};
  return {.channels = axis == 0, .height = axis == 1, .width = axis == 1};
}

bool is_known_activation(int64_t type) { return type >= 0 && type <= 6; }

ImportedMap NcnnStep::activated(const ImportedMap& map, int type_id, int parameters_id) {
  const int64_t type = layer.integer(type_id, 0);
  const std::vector<double> given = layer.numbers(parameters_id).value_or(std::vector<double>());
  const auto parameter = [&](size_t i) {
    if (i >= given.size()) graph.reject("{}={}: its activation lacks parameters", type_id, type);
    return given[i];
  };
  switch (type) {
    case 0:
      return map;
    case 1:
      return add(Relu{}, {map}, "relu");
    case 2:
      return add(Activation{UnaryFunction::kLeakyRelu, parameter(0), 0}, {map}, "leaky_relu");
    case 3:
      return add(Clip{parameter(0), parameter(1)}, {map}, "clip");
    case 4:
      return add(default_activation(UnaryFunction::kSigmoid), {map}, "sigmoid");
    case 5:
      return mish(map);
    case 6:
      return hard_swish(map, parameter(0), parameter(1));
    default:
      graph.reject("{}={}: found an activation that is not known", type_id, type);
  }
}

ImportedMap NcnnStep::mish(const ImportedMap& map) {
  const ImportedMap softplus = add(default_activation(UnaryFunction::kSoftplus), {map}, "softplus");
  const ImportedMap tanh = add(default_activation(UnaryFunction::kTanh), {softplus}, "tanh");
  return add(of_maps(BinaryFunction::kMultiply), {map, tanh}, "mish");
}

ImportedMap NcnnStep::hard_swish(const ImportedMap& map, double alpha, double beta) {
  constexpr double kNear = 1e-4;  // files are written with few digits
  if (std::abs(alpha - 1.0 / 6) < kNear && beta == 0.5) {
    return add(default_activation(UnaryFunction::kHardSwish), {map}, "hard_swish");
  }
  const ImportedMap gate =
      add(Activation{UnaryFunction::kHardSigmoid, alpha, beta}, {map}, "hard_sigmoid");
  return add(of_maps(BinaryFunction::kMultiply), {map, gate}, "hard_swish");
}

}  // namespace wattgrind
