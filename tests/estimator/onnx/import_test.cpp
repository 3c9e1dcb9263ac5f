// What models become: layers, shapes, parameters, and errors that name the node.
#include "estimator/onnx/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estimator/onnx/model_file.h"
#include "tests/error_text.h"
#include "tests/estimator/onnx/model_builder.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

ImportedModel import(const ModelBuilder& builder, OnnxImportOptions options = {}) {
  const std::string bytes = builder.bytes();
  options.needs_values = true;
  return import_onnx(parse_onnx_model(std::as_bytes(std::span(bytes)), "", "m.onnx"), options, "m",
                     "m.onnx");
}

std::vector<std::string> kinds(const Network& network) {
  std::vector<std::string> words;
  for (const Layer& layer : network.layers) words.emplace_back(kind_name(layer.operation));
  return words;
}

std::string error_of(const ModelBuilder& builder) {
  return error_text([&] { import(builder); });
}

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) / 8 - 1;
  return values;
}

TEST(Import, ConvolutionWithItsAttributes) {
  ModelBuilder model;
  model.input("x", {-1, 4, 9, 7}).weights("w", {6, 2, 3, 2}, ramp(72)).weights("b", {6}, ramp(6));
  model.node("Conv", {"x", "w", "b"}, {"y"})
      .with("group", int64_t{2})
      .with("strides", std::vector<int64_t>{2, 1})
      .with("dilations", std::vector<int64_t>{1, 2})
      .with("pads", std::vector<int64_t>{1, 0, 2, 3});
  model.output("y");
  const ImportedModel imported = import(model);
  const auto& conv = std::get<Conv2d>(imported.network.layers.at(0).operation);
  EXPECT_EQ(conv.window, (Window2d{3, 2, 2, 1, 1, 0, 2, 3, 1, 2}));
  EXPECT_EQ(conv.groups, 2);
  EXPECT_TRUE(conv.bias);
  EXPECT_EQ(imported.network.layers[0].output_shape, (FeatureShape{6, 5, 8}));
  EXPECT_EQ(imported.parameters[0].weights, ramp(72));
  EXPECT_EQ(imported.parameters[0].bias, ramp(6));
  EXPECT_TRUE(imported.has_values);
}

// SAME_UPPER and SAME_LOWER, by the operator's own formula.
TEST(Import, AutomaticPadding) {
  for (const auto& [mode, pads] :
       {std::pair{"SAME_UPPER", std::array{0, 1}}, {"SAME_LOWER", std::array{1, 0}}}) {
    ModelBuilder model;
    model.input("x", {1, 1, 4, 4}).weights("w", {1, 1, 2, 2}, ramp(4));
    model.node("Conv", {"x", "w"}, {"y"}).with("auto_pad", std::string(mode)).output("y");
    const auto conv = std::get<Conv2d>(import(model).network.layers.at(0).operation);
    EXPECT_EQ(conv.window.pad_top, pads[0]) << mode;
    EXPECT_EQ(conv.window.pad_bottom, pads[1]) << mode;
  }
}

TEST(Import, ExportersFlattenByShapeArithmetic) {
  ModelBuilder model;
  model.input("x", {-1, 2, 3, 5}).integers("zero", {0}).integers("rest", {-1});
  model.weights("w", {4, 30}, ramp(120)).weights("b", {4}, ramp(4));
  model.node("Shape", {"x"}, {"shape"})
      .node("Gather", {"shape", "zero"}, {"n"})
      .with("axis", int64_t{0})
      .node("Concat", {"n", "rest"}, {"target"})
      .with("axis", int64_t{0})
      .node("Reshape", {"x", "target"}, {"flat"})
      .node("Gemm", {"flat", "w", "b"}, {"y"})
      .with("transB", int64_t{1})
      .output("y");
  const ImportedModel imported = import(model);
  EXPECT_THAT(kinds(imported.network), ElementsAre("flatten", "dense"));
  EXPECT_EQ(imported.parameters[1].weights, ramp(120));
  EXPECT_EQ(imported.outputs[0].view.dims(), (std::vector<int64_t>{1, 4}));
}

TEST(Import, ProductsOfTokensAreConvolutionsOfOneTapWithTheirBias) {
  ModelBuilder model;
  model.input("x", {1, 7, 3}).weights("w", {3, 2}, ramp(6)).weights("b", {2}, {5, 6});
  model.node("MatMul", {"x", "w"}, {"z"}).node("Add", {"b", "z"}, {"y"}).output("y");
  const ImportedModel imported = import(model);
  ASSERT_THAT(kinds(imported.network), ElementsAre("conv2d"));
  EXPECT_EQ(imported.network.layers[0].input_shape(), (FeatureShape{3, 1, 7}));
  EXPECT_EQ(imported.network.macs(), 7u * 3 * 2);
  EXPECT_EQ(imported.parameters[0].bias, (std::vector<float>{5, 6}));
  const std::vector<float> w = ramp(6);
  EXPECT_EQ(imported.parameters[0].weights,
            (std::vector<float>{w[0], w[2], w[4], w[1], w[3], w[5]}));
}

TEST(Import, ABiasIsNotPutIntoAProductThatOthersRead) {
  ModelBuilder model;
  model.input("x", {1, 7, 3}).weights("w", {3, 2}, ramp(6)).weights("b", {2}, {5, 6});
  model.node("MatMul", {"x", "w"}, {"z"}).node("Add", {"b", "z"}, {"y"});
  model.output("y").output("z");
  EXPECT_THAT(kinds(import(model).network), ElementsAre("conv2d", "binary"));
}

TEST(Import, TransposesBetweenImageFormatsCostNothing) {
  ModelBuilder model;
  model.input("x", {1, 5, 4, 3}).weights("w", {2, 3, 1, 1}, ramp(6));
  model.node("Transpose", {"x"}, {"nchw"})
      .with("perm", std::vector<int64_t>{0, 3, 1, 2})
      .node("Conv", {"nchw", "w"}, {"c"})
      .node("Transpose", {"c"}, {"y"})
      .with("perm", std::vector<int64_t>{0, 2, 3, 1})
      .output("y");
  const ImportedModel imported = import(model);
  EXPECT_THAT(kinds(imported.network), ElementsAre("conv2d"));
  EXPECT_EQ(imported.outputs[0].view.dims(), (std::vector<int64_t>{1, 5, 4, 2}));
}

TEST(Import, GeluAndLayerNormalisationAreRecognised) {
  ModelBuilder model(11);
  model.input("x", {1, 4, 6}).weights("two", {}, {2}).weights("eps", {}, {1e-5F});
  model.weights("g", {6}, ramp(6)).weights("b", {6}, ramp(6));
  model.weights("root", {}, {1.41421356F}).weights("one", {}, {1}).weights("half", {}, {0.5F});
  model.node("ReduceMean", {"x"}, {"m"})
      .with("axes", std::vector<int64_t>{-1})
      .node("Sub", {"x", "m"}, {"d"})
      .node("Pow", {"d", "two"}, {"s"})
      .node("ReduceMean", {"s"}, {"v"})
      .with("axes", std::vector<int64_t>{-1})
      .node("Add", {"v", "eps"}, {"ve"})
      .node("Sqrt", {"ve"}, {"r"})
      .node("Div", {"d", "r"}, {"n"})
      .node("Mul", {"n", "g"}, {"ng"})
      .node("Add", {"ng", "b"}, {"ln"})
      .node("Div", {"ln", "root"}, {"q"})
      .node("Erf", {"q"}, {"e"})
      .node("Add", {"e", "one"}, {"e1"})
      .node("Mul", {"ln", "e1"}, {"le"})
      .node("Mul", {"le", "half"}, {"y"})
      .output("y");
  const ImportedModel imported = import(model);
  ASSERT_THAT(kinds(imported.network), ElementsAre("normalization", "activation"));
  EXPECT_EQ(std::get<Activation>(imported.network.layers[1].operation).function,
            UnaryFunction::kGelu);
  EXPECT_EQ(imported.parameters[0].weights, ramp(6));
}

TEST(Import, NamesBecomeLayersNames) {
  ModelBuilder model;
  model.input("data 0", {1, 2})
      .node("Relu", {"data 0"}, {"total"})
      .node("Relu", {"total"}, {"9/a b"});
  model.output("9/a b");
  const ImportedModel imported = import(model);
  EXPECT_EQ(imported.network.inputs[0].name, "data_0");
  EXPECT_EQ(imported.network.layers[0].name, "total_2") << "a row of estimates has that name";
  EXPECT_EQ(imported.network.layers[1].name, "relu_9/a_b");
  EXPECT_EQ(imported.outputs[0].name, "9/a b");
}

TEST(Import, WhatWorksAcrossTheBatchIsReadAsOneImage) {
  ModelBuilder model;
  model.input("x", {3, 5}).node("Softmax", {"x"}, {"y"}).with("axis", int64_t{0}).output("y");
  const ImportedModel imported = import(model);
  EXPECT_EQ(imported.network.input(), (FeatureShape{5, 1, 3}));
  EXPECT_EQ(imported.batch, 1);
}

TEST(Import, SizesOfNamedDimensionsAreAskedFor) {
  ModelBuilder model;
  model.input("x", {-1, -2, 5}).node("Relu", {"x"}, {"y"}).output("y");
  EXPECT_EQ(error_text([&] { import(model); }, ErrorKind::kUsage),
            "is wanted for m.onnx: input \"x\": dimension 1, \"n2\", has no size");
  OnnxImportOptions options;
  options.dimensions["n2"] = 7;
  EXPECT_EQ(import(model, options).network.input(), (FeatureShape{5, 1, 7}));
}

TEST(Import, EveryUnsupportedNodeIsNamed) {
  ModelBuilder model(14);
  model.input("x", {1, 5, 4}).node("GRU", {"x"}, {"a"}).node("Relu", {"a"}, {"b"});
  model.node("Loop\x1b[2J", {"b"}, {"c"}).node("Relu", {"x"}, {"y"}).output("c");
  EXPECT_EQ(
      error_of(model),
      "m.onnx: 2 of 4 nodes are not supported: \"a\" (GRU, operator set 14): the operator is "
      "not known here; \"c\" (Loop\\x1b[2J, operator set 14): the operator is not known here");
}

TEST(Import, ContradictionsNameTheNode) {
  ModelBuilder cycle;
  cycle.input("x", {1, 4}).node("Add", {"x", "z"}, {"y"}).node("Relu", {"y"}, {"z"}).output("z");
  EXPECT_EQ(error_of(cycle),
            "m.onnx: node \"y\" (Add, operator set 13): reads \"z\", which no earlier node makes");
  ModelBuilder wrong;
  wrong.input("x", {1, 4, 5, 5}).weights("w", {2, 3, 1, 1}, ramp(6));
  wrong.node("Conv", {"x", "w"}, {"y"}).output("y");
  EXPECT_EQ(error_of(wrong),
            "m.onnx: node \"y\" (Conv, operator set 13): found weights for 3 channels in 1 groups, "
            "and 4 channels");
  ModelBuilder large;
  large.input("x", {1, 4, 5, 5}).weights("w", {2, 4, 7, 7}, ramp(392));
  large.node("Conv", {"x", "w"}, {"y"}).output("y");
  EXPECT_THAT(error_of(large), StartsWith("m.onnx: node \"y\" (Conv, operator set 13): kernel: "));
  ModelBuilder type;
  type.input("x", {1, 4}).node("LeakyRelu", {"x"}, {"y"}).with("alpha", int64_t{3}).output("y");
  EXPECT_THAT(error_of(type), HasSubstr("attribute \"alpha\": found a value of another type"));
}

ModelBuilder relu_of(const std::vector<int64_t>& dims) {
  ModelBuilder model;
  model.input("x", dims).node("Relu", {"x"}, {"y"}).output("y");
  return model;
}

void say(onnx::ValueInfoProto& value, const std::vector<int64_t>& dims) {
  auto* shape = value.mutable_type()->mutable_tensor_type()->mutable_shape();
  shape->clear_dim();
  for (const int64_t extent : dims) shape->add_dim()->set_dim_value(extent);
}

TEST(Import, EveryTensorHasOneOrigin) {
  ModelBuilder twice = relu_of({1, 4});
  twice.node("Tanh", {"x"}, {"y"});
  EXPECT_EQ(error_of(twice),
            "m.onnx: node \"y\" (Tanh, operator set 13): makes \"y\", which is there already");
  ModelBuilder input;
  input.input("x", {1, 4}).node("Relu", {"x"}, {"x"}).output("x");
  EXPECT_THAT(error_of(input), HasSubstr("makes \"x\", which is there already"));
}

TEST(Import, TypesAndNumbersOfValuesMustFit) {
  ModelBuilder text = relu_of({1, 4});
  auto* type = text.proto().mutable_graph()->mutable_input(0)->mutable_type();
  type->mutable_tensor_type()->set_elem_type(onnx::TensorProto::STRING);
  EXPECT_EQ(error_of(text), "m.onnx: input \"x\": found the type string, wanted numbers");
  ModelBuilder strings;
  strings.input("x", {1, 2, 3, 3}).weights("w", {1, 2, 1, 1}, {0.5F, -1.0F});
  strings.node("Conv", {"x", "w"}, {"y"}).output("y");
  // Costs alone read no weights, and refuse them all the same.
  const auto error_of_costs = [&] {
    const std::string bytes = strings.bytes();
    return error_text([&] {
      import_onnx(parse_onnx_model(std::as_bytes(std::span(bytes)), "", "m.onnx"), {}, "m",
                  "m.onnx");
    });
  };
  auto* weights = strings.proto().mutable_graph()->mutable_initializer(0);
  weights->set_data_type(onnx::TensorProto::STRING);
  EXPECT_EQ(error_of_costs(),
            "m.onnx: initialiser \"w\": found values of type string, wanted numbers");
  weights->set_data_type(onnx::TensorProto::FLOAT);
  weights->set_dims(0, int64_t{1} << 30);
  EXPECT_EQ(error_of_costs(),
            "m.onnx: initialiser \"w\": found 2 values, wanted 2147483648 by its dimensions");
}

TEST(Import, SizesThatCannotBeAreRefused) {
  for (const auto& [extent, message] :
       {std::pair<int64_t, std::string>{-8, "found a dimension of -8, wanted 1 or more"},
        {0, "found a dimension of 0: empty tensors are not read"},
        {int64_t{1} << 40, "found a dimension of 1099511627776, wanted at most 2147483647"}}) {
    ModelBuilder model = relu_of({1, 3, 8, 8});
    say(*model.proto().mutable_graph()->mutable_input(0), {1, 3, extent, 8});
    EXPECT_EQ(error_of(model), "m.onnx: input \"x\": " + message);
  }
  ModelBuilder large = relu_of({1, 1 << 20, 1 << 20, 1 << 20});
  EXPECT_THAT(error_of(large), HasSubstr("does not fit in memory"));
  ModelBuilder expanded;
  expanded.input("x", {1, 1, 1, 1}).integers("s", {1, 1, int64_t{1} << 40, 1});
  expanded.node("Expand", {"x", "s"}, {"y"}).output("y");
  EXPECT_EQ(error_of(expanded),
            "m.onnx: output \"y\": width: found 1099511627776, wanted 1 to 2147483647");
}

TEST(Import, OutputsAreAsTheModelSays) {
  ModelBuilder model = relu_of({1, 3, 8, 8});
  auto& output = *model.proto().mutable_graph()->mutable_output(0);
  say(output, {5, 3, 8, 8});  // of any batch
  EXPECT_EQ(error_of(model), "nothing thrown");
  say(output, {1, 3, 9, 8});
  EXPECT_EQ(
      error_of(model),
      "m.onnx: output \"y\": found 1x3x8x8 by its nodes, and 1x3x9x8 as the model says it is");
  say(output, {1, 192});
  EXPECT_THAT(error_of(model), HasSubstr("found 1x3x8x8 by its nodes, and 1x192"));
}

TEST(Import, SaysWhichTypesBecomeSinglePrecision) {
  ModelBuilder model;
  model.input("x", {1, 2, 3, 3}).weights("w", {1, 2, 1, 1}, {0.5F, -1.0F});
  model.node("Conv", {"x", "w"}, {"y"}).output("y");
  EXPECT_TRUE(import(model).network.notes.empty());
  auto* weights = model.proto().mutable_graph()->mutable_initializer(0);
  weights->set_data_type(onnx::TensorProto::DOUBLE);
  weights->clear_raw_data();
  weights->add_double_data(0.5);
  weights->add_double_data(-1);
  const ImportedModel imported = import(model);
  EXPECT_THAT(imported.network.notes,
              ElementsAre("weights of type float64 are taken in single precision"));
  EXPECT_EQ(imported.parameters[0].weights, (std::vector<float>{0.5F, -1}));
}

TEST(Import, WhatNoOutputDependsOnIsLeftOut) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .node("Relu", {"x"}, {"y"})
      .node("Sigmoid", {"x"}, {"unused"})
      .output("y");
  EXPECT_THAT(kinds(import(model).network), ElementsAre("relu"));
}

}  // namespace
}  // namespace wattgrind
