// ncnn's products of matrices. The rows of a matrix are tokens, so that a product with weights is a
// convolution of one pixel.
#include <cmath>

#include "estimator/formats/json_text.h"
#include "estimator/imports/ncnn_step.h"

namespace wattgrind {
namespace {

Conv2d projection(int64_t features, bool bias) {
  Conv2d conv;
  conv.filters = features;
  conv.bias = bias;
  return conv;
}

// A vector is taken as one token.
NcnnBlob tokens(NcnnStep& step, size_t input) {
  const NcnnBlob& blob = step.map(input);
  if (blob.dims == 1) return tokens_blob(blob.map);
  if (blob.dims == 3) {
    step.graph.reject("found an input of {}, wanted 1 or 2", to_string(blob));
  }
  return step.as_tokens(blob);
}

void check_weight_count(const NcnnStep& step, int id, int64_t inputs, int64_t outputs) {
  const int64_t told = step.layer.integer(id, 0);
  if (told != 0 && __int128{inputs} * outputs != told) {
    step.graph.reject("{}={}: found so many weights, wanted {} x {}", id, told, outputs, inputs);
  }
}

std::vector<NcnnBlob> read_inner_product(NcnnStep& step) {
  const int64_t outputs = step.layer.integer(0, 0);
  const bool bias = step.layer.integer(1, 0) != 0;
  const NcnnBlob& blob = step.map(0);
  const int64_t weights = step.layer.integer(2, 0);
  // Rows are multiplied one by one where the weights are as many as a row takes.
  if (blob.dims == 2 && blob.h > 1 && __int128{blob.w} * outputs == weights) {
    const ImportedMap rows = step.as_tokens(blob).map;
    return {tokens_blob(step.activated(step.add(projection(outputs, bias), {rows})))};
  }
  check_weight_count(step, 2, blob.elements(), outputs);
  const ImportedMap input = step.flat(blob);
  return {vector_blob(step.activated(step.add(Dense{outputs, bias}, {input})))};
}

std::string unsupported_inner_product(const NcnnLayer& layer) {
  return is_known_activation(layer.integer(9, 0)) ? "" : "with an activation that is not known";
}

std::vector<NcnnBlob> read_gemm(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const NcnnBlob a = tokens(step, 0);
  if (layer.integer(5, 0) != 0) {  // by weights
    const int64_t columns = layer.integer(8, 0), depth = layer.integer(9, 0);
    if (depth != a.w) step.graph.reject("9={}: found rows of {} values", depth, a.w);
    return {tokens_blob(step.add(projection(columns, layer.integer(6, 0) != 0), {a.map}))};
  }
  const NcnnBlob b = tokens(step, 1);
  return {tokens_blob(step.add(MatMul{.transpose_b = layer.integer(3, 0) != 0}, {a.map, b.map}))};
}

std::string unsupported_gemm(const NcnnLayer& layer) {
  if (layer.number(0, 1) != 1 || layer.number(1, 1) != 1) return "with factors";
  if (layer.integer(2, 0) != 0 || layer.integer(14, 0) != 0) return "with transposed rows";
  if (layer.integer(4, 0) != 0) return "with constant rows";
  if (layer.integer(11, 0) != 0) return "with an output of 3 dimensions";
  const bool has_bias = layer.integer(6, 0) != 0;
  if (has_bias && layer.integer(10, 0) != 4) return "with another bias than one a column";
  if (has_bias && layer.integer(5, 0) == 0) return "of two maps with a bias";
  if (layer.inputs.size() != (layer.integer(5, 0) != 0 ? 1 : 2)) return "with a bias that is a map";
  return "";
}

// The maps of two or three dimensions as a product takes them: columns as channels, rows as
// columns, and matrices as rows.
ImportedMap matrices(NcnnStep& step, size_t input) {
  const NcnnBlob& blob = step.map(input);
  if (blob.dims != 3) return tokens(step, input).map;
  return step.add(Transpose{{MapAxis::kWidth, MapAxis::kChannels, MapAxis::kHeight}}, {blob.map},
                  input == 0 ? "left" : "right");
}

std::vector<NcnnBlob> read_matmul(NcnnStep& step) {
  const MatMul matmul{.transpose_b = step.layer.integer(0, 0) != 0};
  const bool is_stack = step.map(0).dims == 3;
  const ImportedMap a = matrices(step, 0), b = matrices(step, 1);
  if (!is_stack) return {tokens_blob(step.add(matmul, {a, b}))};
  const ImportedMap product = step.add(matmul, {a, b}, "product");
  return {planes_blob(
      step.add(Transpose{{MapAxis::kHeight, MapAxis::kWidth, MapAxis::kChannels}}, {product}))};
}

// Tokens whose features are those of all heads, one behind the other, with heads as rows.
ImportedMap split_heads(NcnnStep& step, const ImportedMap& map, int64_t heads,
                        std::string_view part) {
  const int64_t features = map.shape.channels / heads;
  Rearrange split;
  split.channels = {{features, MapAxis::kChannels, 1}};
  split.height = {{heads, MapAxis::kChannels, features}};
  split.width = {{map.shape.width, MapAxis::kWidth, 1}};
  return step.add(split, {map}, part);
}

ImportedMap merge_heads(NcnnStep& step, const ImportedMap& map) {
  Rearrange merge;
  merge.channels = {{map.shape.height, MapAxis::kHeight, 1},
                    {map.shape.channels, MapAxis::kChannels, 1}};
  merge.width = {{map.shape.width, MapAxis::kWidth, 1}};
  return step.add(merge, {map}, "merged");
}

std::vector<NcnnBlob> read_attention(NcnnStep& step) {
  const NcnnLayer& layer = step.layer;
  const int64_t features = layer.integer(0, 0), heads = layer.integer(1, 1);
  if (heads < 1 || features < 1 || features % heads != 0) {
    step.graph.reject("found {} features in {} heads, wanted as many in each", features, heads);
  }
  const size_t last = step.inputs.size() - 1;
  const NcnnBlob queries = tokens(step, 0), keys = tokens(step, std::min<size_t>(1, last)),
                 values = tokens(step, last);
  check_weight_count(step, 2, queries.w, features);
  const auto project = [&](const NcnnBlob& from, std::string_view part) {
    return step.add(projection(features, true), {from.map}, part);
  };
  const double scale = layer.number(6, 1 / std::sqrt(static_cast<double>(features / heads)));
  const ImportedMap query =
      step.add(by_number(BinaryFunction::kMultiply, scale), {project(queries, "query")}, "scaled");
  const ImportedMap scores = step.add(MatMul{.transpose_b = true},
                                      {split_heads(step, query, heads, "query_heads"),
                                       split_heads(step, project(keys, "key"), heads, "key_heads")},
                                      "scores");
  const ImportedMap weights = step.add(Softmax{}, {scores}, "softmax");
  const ImportedMap mixed = step.add(
      MatMul{}, {weights, split_heads(step, project(values, "value"), heads, "value_heads")},
      "mixed");
  return {tokens_blob(step.add(projection(queries.w, true), {merge_heads(step, mixed)}))};
}

std::string unsupported_attention(const NcnnLayer& layer) {
  if (layer.integer(5, 0) != 0) return "with a mask";
  return layer.integer(7, 0) != 0 ? "with keys of earlier calls" : "";
}

std::vector<NcnnBlob> read_embed(NcnnStep& step) {
  const NcnnBlob& words = step.map(0);
  const int64_t features = step.layer.integer(0, 0), rows = step.layer.integer(1, 0);
  check_weight_count(step, 3, rows, features);
  const ImportedMap indices = step.reshaped(words, {1, 1, words.elements()}, "indices");
  const Embedding embedding{.rows = rows, .features = features};
  if (step.layer.integer(2, 0) == 0) return {tokens_blob(step.add(embedding, {indices}))};
  const ImportedMap found = step.add(embedding, {indices}, "rows");
  return {tokens_blob(step.add(by_constant(BinaryFunction::kAdd, {features, 1, 1}), {found}))};
}

}  // namespace

NcnnReaders ncnn_product_readers() {
  return {{"InnerProduct", {read_inner_product, 1, 1, unsupported_inner_product}},
          {"Gemm", {read_gemm, 1, 2, unsupported_gemm}},
          {"MatMul", {read_matmul, 2, 2}},
          {"MultiHeadAttention", {read_attention, 1, 3, unsupported_attention}},
          {"Embed", {read_embed}}};
}

}  // namespace wattgrind
