// Quantised models: QDQ, QLinear and integer operators become layers on bytes.
#include <gmock/gmock.h>

#include <span>

#include "estimator/network/layer_kind.h"
#include "estimator/onnx/import.h"
#include "estimator/onnx/model_file.h"
#include "tests/error_text.h"
#include "tests/estimator/onnx/model_builder.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Bytes as exporters write them.
void add_numbers(ModelBuilder& model, const std::string& name, const std::vector<int64_t>& dims,
                 const std::vector<int>& numbers, onnx::TensorProto::DataType type) {
  onnx::TensorProto& tensor = *model.proto().mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t extent : dims) tensor.add_dims(extent);
  for (const int number : numbers) tensor.add_int32_data(number);
}

void add_scale(ModelBuilder& model, const std::string& name, float scale, int zero,
               onnx::TensorProto::DataType type = onnx::TensorProto::UINT8) {
  model.weights(name, {}, {scale});
  add_numbers(model, name + "_zero", {}, {zero}, type);
}

ImportedModel import_quantized(ModelBuilder& model) {
  const std::string bytes = model.bytes();
  const OnnxModel read = parse_onnx_model(std::as_bytes(std::span(bytes)), "", "q.onnx");
  OnnxImportOptions options;
  options.needs_values = true;
  return import_onnx(read, options, "q", "q.onnx");
}

std::vector<std::string> kinds_of(const Network& network) {
  std::vector<std::string> words;
  for (const Layer& layer : network.layers) {
    words.push_back(std::string(kind_name(layer.operation)) + (layer.int8 ? "*" : ""));
  }
  return words;
}

TEST(QuantizedModels, QdqBecomesLayersOnBytes) {
  ModelBuilder model;
  model.input("x", {1, 2, 4, 4}).output("y");
  add_scale(model, "xs", 0.5f, 3);
  add_scale(model, "ys", 0.25f, 128);
  model.weights("ws", {2}, {0.1f, 0.2f});
  add_numbers(model, "w", {2, 2, 1, 1}, {1, -2, 3, 127}, onnx::TensorProto::INT8);
  add_numbers(model, "wz", {2}, {0, 0}, onnx::TensorProto::INT8);
  model.weights("bs", {2}, {0.05f, 0.1f});
  add_numbers(model, "b", {2}, {40, -7}, onnx::TensorProto::INT32);
  model.node("QuantizeLinear", {"x", "xs", "xs_zero"}, {"q"});
  model.node("DequantizeLinear", {"q", "xs", "xs_zero"}, {"v"});
  model.node("DequantizeLinear", {"w", "ws", "wz"}, {"wf"}).with("axis", int64_t{0});
  model.node("DequantizeLinear", {"b", "bs"}, {"bf"}).with("axis", int64_t{0});
  model.node("Conv", {"v", "wf", "bf"}, {"c"});
  model.node("Relu", {"c"}, {"r"});
  model.node("QuantizeLinear", {"r", "ys", "ys_zero"}, {"rq"});
  model.node("DequantizeLinear", {"rq", "ys", "ys_zero"}, {"rv"});
  model.node("MaxPool", {"rv"}, {"p"}).with("kernel_shape", std::vector<int64_t>{2, 2});
  model.node("QuantizeLinear", {"p", "ys", "ys_zero"}, {"pq"});
  model.node("DequantizeLinear", {"pq", "ys", "ys_zero"}, {"y"});
  const ImportedModel imported = import_quantized(model);
  EXPECT_THAT(kinds_of(imported.network),
              ElementsAre("quantize*", "conv2d*", "relu*", "maxpool2d*", "dequantize"));
  const Layer& conv = imported.network.layers[1];
  EXPECT_EQ(conv.int8->output, (ByteScale{0.25f, 128}));
  EXPECT_THAT(imported.parameters[1].weights, ElementsAre(1, -2, 3, 127));
  EXPECT_THAT(imported.parameters[1].bias, ElementsAre(40, -7));
  EXPECT_THAT(imported.parameters[1].scales, ElementsAre(0.1f, 0.2f));
  EXPECT_TRUE(imported.has_values);
}

TEST(QuantizedModels, QLinearConvOnSignedBytes) {
  ModelBuilder model;
  model.input("x", {1, 1, 3, 3}).output("y");
  add_scale(model, "xs", 0.5f, -5, onnx::TensorProto::INT8);
  add_scale(model, "ws", 0.1f, 0, onnx::TensorProto::INT8);
  add_scale(model, "ys", 0.25f, 7, onnx::TensorProto::INT8);
  add_numbers(model, "w", {1, 1, 2, 2}, {1, -2, 3, -128}, onnx::TensorProto::INT8);
  add_numbers(model, "b", {1}, {1000}, onnx::TensorProto::INT32);
  model.node("QuantizeLinear", {"x", "xs", "xs_zero"}, {"q"});
  model.node("QLinearConv", {"q", "xs", "xs_zero", "w", "ws", "ws_zero", "ys", "ys_zero", "b"},
             {"c"});
  model.node("DequantizeLinear", {"c", "ys", "ys_zero"}, {"y"});
  const ImportedModel imported = import_quantized(model);
  EXPECT_THAT(kinds_of(imported.network), ElementsAre("quantize*", "conv2d*", "dequantize"));
  EXPECT_EQ(imported.network.layers[0].int8->output, (ByteScale{0.5f, 123}));
  EXPECT_EQ(imported.network.layers[1].int8->output, (ByteScale{0.25f, 135}));
  EXPECT_THAT(imported.parameters[1].weights, ElementsAre(1, -2, 3, -128));
  EXPECT_THAT(imported.parameters[1].bias, ElementsAre(1000));
}

// Numbers that leave as numbers keep their values.
TEST(QuantizedModels, NumbersAsOutputs) {
  ModelBuilder model;
  model.input("x", {1, 4}).output("q");
  add_scale(model, "xs", 0.5f, -5, onnx::TensorProto::INT8);
  model.node("QuantizeLinear", {"x", "xs", "xs_zero"}, {"q"});
  const ImportedModel imported = import_quantized(model);
  EXPECT_THAT(kinds_of(imported.network), ElementsAre("quantize*", "dequantize"));
  EXPECT_EQ(std::get<Dequantize>(imported.network.layers[1].operation).as, (ByteScale{1, 128}));
}

TEST(QuantizedModels, WeightsBeyondBytesStayInSinglePrecision) {
  ModelBuilder model;
  model.input("x", {1, 2}).output("y");
  add_scale(model, "xs", 0.5f, 0);
  add_scale(model, "ws", 0.1f, 255);
  add_numbers(model, "w", {2, 1}, {0, 255}, onnx::TensorProto::UINT8);
  model.node("QuantizeLinear", {"x", "xs", "xs_zero"}, {"q"});
  model.node("DequantizeLinear", {"q", "xs", "xs_zero"}, {"v"});
  model.node("DequantizeLinear", {"w", "ws", "ws_zero"}, {"wf"});
  model.node("MatMul", {"v", "wf"}, {"y"});
  const ImportedModel imported = import_quantized(model);
  EXPECT_THAT(kinds_of(imported.network), ElementsAre("quantize*", "dequantize", "dense"));
  EXPECT_THAT(imported.parameters[2].weights, ElementsAre(-25.5f, 0));
}

TEST(QuantizedModels, ScalesThatDependOnDataAreNamed) {
  ModelBuilder model;
  model.input("x", {1, 2}).output("y");
  model.node("DynamicQuantizeLinear", {"x"}, {"y", "s", "z"});
  EXPECT_THAT(error_text([&] { import_quantized(model); }), HasSubstr("DynamicQuantizeLinear"));
}

}  // namespace
}  // namespace wattgrind
