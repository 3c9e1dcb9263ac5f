// Layers on bytes compute exactly what naive loops on integers do: over sizes on and off vectors,
// on every instruction set of this computer, alone and fused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "kernels/run/inference_run.h"
#include "tests/kernels/byte_reference.h"
#include "tests/kernels/codegen_targets.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

constexpr ByteScale kFirst{0.0081f, 119}, kSecond{0.031f, 140}, kThird{0.05f, 0},
    kFourth{0.021f, 9};

LayerSpec on_bytes(Operation operation, std::optional<ByteScale> bytes, int weight_bits = 8,
                   std::string name = {}, std::vector<std::string> inputs = {}) {
  return {std::move(name), std::move(operation), false, std::move(inputs),
          Int8Layer{bytes, weight_bits}};
}

// By every form of code that this computer runs.
std::vector<CodegenOptions> byte_codes() {
  std::vector<CodegenOptions> codes = {{least_host_isa(), false}};
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (!host_runs(isa)) continue;
    codes.push_back({isa, true});
    if (host_has_byte_dots(isa)) codes.push_back({isa, true, true});
  }
  return codes;
}

std::string words(const CodegenOptions& code) {
  return fmt::format("{}{}", traits(code.isa).name, code.byte_dots ? " with dots" : "");
}

// Every stored map against the reference, in both plans.
void check_exact(const Network& network, int64_t batch, const std::string& what) {
  std::vector<LayerParameters> parameters(network.layers.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!parameter_tensors(network.layers[i]).empty()) {
      parameters[i] = random_byte_parameters(network.layers[i], i + 7);
    }
  }
  const auto images = random_values(static_cast<size_t>(batch * network.input().elements()), 77);
  const auto wanted = reference_byte_maps(network, parameters, batch, images);
  for (const CodegenOptions& code : byte_codes()) {
    for (const Plan plan : {Plan::kLayers, Plan::kFused}) {
      InferenceRun run(network, batch, plan, code);
      for (size_t i = 0; i < parameters.size(); ++i) {
        if (!parameter_tensors(network.layers[i]).empty()) run.set_parameters(i, parameters[i]);
      }
      run.set_input(0, images);
      run.run([&](size_t layer) {
        const std::vector<float> found = run.map(static_cast<int>(layer));
        const auto bytes = network.layers[layer].output_bytes();
        ASSERT_EQ(found.size(), wanted[layer].size());
        for (size_t i = 0; i < found.size(); ++i) {
          const double value =
              bytes
                  ? double{bytes->scale * static_cast<float>(wanted[layer][i] - bytes->zero_point)}
                  : wanted[layer][i];
          ASSERT_EQ(found[i], value)
              << what << ", batch " << batch << ", " << words(code) << ", " << name(plan)
              << ", layer " << network.layers[layer].name << ", value " << i;
        }
      });
    }
  }
}

void check_layer(const FeatureShape& input, const std::vector<LayerSpec>& layers,
                 const std::string& what, int64_t batch = 2) {
  std::vector<LayerSpec> specs = {on_bytes(Quantize{}, kFirst)};
  specs.insert(specs.end(), layers.begin(), layers.end());
  specs.push_back({"", Dequantize{}});
  check_exact(build_network("bytes", input, specs, "test"), batch, what);
}

Window2d square(int64_t kernel, int64_t stride = 1, int64_t padding = 0, int64_t dilation = 1) {
  return {kernel, kernel, stride, stride, padding, padding, padding, padding, dilation, dilation};
}

TEST(ByteInference, ConvolutionsAreExact) {
  for (const int bits : {7, 8}) {
    for (const int64_t channels : {1, 3, 6, 17}) {
      for (const int64_t filters : {1, 5, 8, 20, 33}) {
        check_layer({channels, 9, 7}, {on_bytes(Conv2d{filters, square(3, 1, 1)}, kSecond, bits)},
                    fmt::format("3x3 {} to {}, {} bits", channels, filters, bits));
      }
    }
    check_layer({5, 13, 11}, {on_bytes(Conv2d{12, square(5, 2, 2)}, kSecond, bits)}, "5x5 by 2");
    check_layer({8, 13, 11}, {on_bytes(Conv2d{9, square(3, 1, 2, 2)}, kSecond, bits)}, "dilated");
    check_layer({19, 6, 5}, {on_bytes(Conv2d{40, square(1)}, kSecond, bits)}, "1x1");
    check_layer({64, 2, 17}, {on_bytes(Conv2d{70, square(1), 1, false}, kThird, bits)}, "no bias");
    check_layer({12, 7, 7}, {on_bytes(Conv2d{18, square(3, 1, 1), 3}, kSecond, bits)}, "groups");
  }
}

TEST(ByteInference, DepthwiseConvolutionsAreExact) {
  for (const int64_t channels : {3, 8, 21, 32}) {
    check_layer({channels, 9, 8}, {on_bytes(Conv2d{channels, square(3, 1, 1), channels}, kSecond)},
                fmt::format("depthwise {}", channels));
    check_layer({channels, 9, 8}, {on_bytes(Conv2d{channels, square(3, 2, 1), channels}, kThird)},
                fmt::format("depthwise {} by 2", channels));
  }
}

TEST(ByteInference, DenseLayersAreExact) {
  for (const int bits : {7, 8}) {
    for (const int64_t values : {1, 3, 31, 64, 130}) {
      for (const int64_t units : {1, 10, 33}) {
        for (const int64_t batch : {1, 3, 13}) {
          check_layer({values, 1, 1}, {on_bytes(Dense{units}, kSecond, bits)},
                      fmt::format("dense {} x {}", values, units), batch);
        }
      }
    }
  }
  check_layer({3, 4, 5}, {on_bytes(Flatten{}, kFirst), on_bytes(Dense{7}, kSecond)},
              "dense on a map");
  check_layer({6, 8, 8},
              {on_bytes(Conv2d{6, square(3, 1, 1)}, kSecond), on_bytes(Flatten{}, kSecond),
               on_bytes(Dense{11}, kThird)},
              "dense on a padded map");
}

TEST(ByteInference, SinglePrecisionBehindProducts) {
  const Network network = build_network(
      "logits", {20, 1, 1},
      {on_bytes(Quantize{}, kFirst), on_bytes(Dense{10}, std::nullopt), {"", Relu{}}}, "test");
  check_exact(network, 3, "values of sums");
}

TEST(ByteInference, PoolingIsExact) {
  for (const int64_t channels : {1, 3, 8, 13, 40}) {
    const FeatureShape shape{channels, 9, 11};
    check_layer(shape, {on_bytes(MaxPool2d{square(2, 2)}, kFirst)}, "max");
    check_layer(shape, {on_bytes(MaxPool2d{square(3, 2, 1)}, kFirst)}, "max padded");
    check_layer(shape, {on_bytes(MaxPool2d{square(5, 2, 2)}, kFirst)}, "max of many");
    check_layer(shape, {on_bytes(AvgPool2d{square(2, 2)}, kSecond)}, "mean");
    check_layer(shape, {on_bytes(AvgPool2d{square(3, 2, 1), false, true}, kSecond)}, "padded mean");
    check_layer(shape, {on_bytes(AvgPool2d{square(5, 3, 2)}, kThird)}, "mean of many");
    check_layer(shape, {on_bytes(GlobalAvgPool2d{}, kFourth)}, "global mean");
  }
}

TEST(ByteInference, FunctionsAreExact) {
  for (const int64_t channels : {1, 5, 16}) {
    const FeatureShape shape{channels, 5, 7};
    check_layer(shape, {on_bytes(Relu{}, kFirst)}, "relu");
    check_layer(shape, {on_bytes(Relu{}, kThird)}, "relu to another scale");
    check_layer(shape, {on_bytes(Clip{-0.3, 0.4}, kFirst)}, "clip");
    check_layer(shape, {on_bytes(Clip{0, 6}, kFourth)}, "clip to another scale");
  }
}

TEST(ByteInference, FusedFunctionsAreExact) {
  check_layer({6, 9, 9},
              {on_bytes(Conv2d{10, square(3, 1, 1)}, kSecond), on_bytes(Relu{}, kSecond)}, "relu");
  check_layer({6, 9, 9},
              {on_bytes(Conv2d{10, square(3, 1, 1)}, kSecond), on_bytes(Clip{0, 1}, kSecond)},
              "clip");
  check_layer({6, 9, 9}, {on_bytes(Conv2d{10, square(3, 1, 1)}, kSecond), on_bytes(Relu{}, kThird)},
              "relu to another scale");
}

TEST(ByteInference, BranchesAreExact) {
  for (const int64_t channels : {4, 11, 24}) {
    const std::vector<LayerSpec> block = {
        on_bytes(Conv2d{channels, square(3, 1, 1)}, kSecond, 7, "stem"),
        on_bytes(Relu{}, kSecond, 8, "stem_relu"),
        on_bytes(Conv2d{channels, square(3, 1, 1)}, kFourth, 7, "a"),
        on_bytes(Binary{BinaryFunction::kAdd}, kThird, 8, "sum", {"a", "stem_relu"}),
        on_bytes(Relu{}, kThird, 8, "sum_relu"),
        on_bytes(Conv2d{9, square(1)}, kFourth, 8, "b", {"sum_relu"}),
        on_bytes(Concat{}, kSecond, 8, "joined", {"b", "sum_relu", "stem_relu"}),
        on_bytes(MaxPool2d{square(2, 2)}, kSecond, 8, "pool"),
        on_bytes(Conv2d{12, square(3, 1, 1)}, kSecond, 8, "c"),
        on_bytes(GlobalAvgPool2d{}, kSecond, 8, "mean"),
        on_bytes(Flatten{}, kSecond, 8, "flat"),
        on_bytes(Dense{10}, kSecond, 8, "dense")};
    check_layer({3, 8, 10}, block, fmt::format("a block of {} channels", channels));
  }
}

}  // namespace
}  // namespace wattgrind
