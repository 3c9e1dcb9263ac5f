#include "experiments/kernel_speed/layer_lists.h"

#include <fmt/format.h>

#include <string>

namespace wattgrind {
namespace {

// Collects layers; one of a shape that is there already is left out.
class LayerList {
 public:
  LayerList(std::string_view network, int64_t batch) : network_(network), batch_(batch) {}

  // A convolution with as much padding as keeps a map's size at stride 1. Groups of 0: depthwise.
  int64_t conv(int64_t channels, int64_t size, int64_t filters, int64_t kernel, int64_t stride,
               int64_t groups = 1) {
    const int64_t pad = kernel / 2;
    const Conv2d operation{filters,
                           {kernel, kernel, stride, stride, pad, pad, pad, pad},
                           groups == 0 ? channels : groups};
    add(fmt::format("{}{}x{}{},{}->{}@{}", groups == 0 ? "dw" : "conv", kernel, kernel,
                    stride == 1 ? "" : fmt::format("/{}", stride), channels, filters, size),
        {{{"x", {channels, size, size}}}, operation, {"x"}});
    return (size - 1) / stride + 1;
  }

  void dense(int64_t values, int64_t units) {
    add(fmt::format("fc,{}->{}", values, units), {{{"x", {values, 1, 1}}}, Dense{units}, {"x"}});
  }

  // A dense layer of every token.
  void projection(int64_t features, int64_t tokens, int64_t units) {
    add(fmt::format("tokens,{}->{}@{}", features, units, tokens),
        {{{"x", {features, 1, tokens}}}, Conv2d{units}, {"x"}});
  }

  void attention(int64_t features, int64_t heads, int64_t tokens) {
    add(fmt::format("scores,{}x{}@{}", heads, features, tokens),
        {{{"q", {features, heads, tokens}}, {"k", {features, heads, tokens}}},
         MatMul{true},
         {"q", "k"}});
    add(fmt::format("values,{}x{}@{}", heads, features, tokens),
        {{{"p", {tokens, heads, tokens}}, {"v", {features, heads, tokens}}},
         MatMul{false},
         {"p", "v"}});
  }

  // Each query's scores, over the keys.
  void softmax(int64_t heads, int64_t tokens) {
    add(fmt::format("softmax,{}x{}@{}", heads, tokens, tokens),
        {{{"scores", {tokens, heads, tokens}}}, Softmax{}, {"scores"}});
  }

  void layer_norm(int64_t features, int64_t tokens) {
    add(fmt::format("layer_norm,{}@{}", features, tokens),
        {{{"x", {features, 1, tokens}}},
         Normalization{{.channels = true}, {features, 1, 1}},
         {"x"}});
  }

  void gelu(int64_t features, int64_t tokens) {
    add(fmt::format("gelu,{}@{}", features, tokens),
        {{{"x", {features, 1, tokens}}}, Activation{UnaryFunction::kGelu}, {"x"}});
  }

  std::vector<TimedLayer> layers() && { return std::move(layers_); }

 private:
  struct Single {
    std::vector<NetworkInput> inputs;
    Operation operation;
    std::vector<std::string> reads;
  };

  void add(std::string label, Single single) {
    label = fmt::format("{}/{}", network_, label);
    for (const TimedLayer& layer : layers_) {
      if (layer.label == label) return;
    }
    const Network network = build_network(
        {"one", std::move(single.inputs), {{"layer", single.operation, false, single.reads}}, {}},
        label);
    layers_.push_back({std::move(label), network.layers[0], batch_});
  }

  const std::string network_;
  const int64_t batch_;
  std::vector<TimedLayer> layers_;
};

void add_resnet50(LayerList& list) {
  list.conv(3, 224, 64, 7, 2);
  int64_t size = 56, channels = 64;
  for (const auto& [width, blocks, stride] :
       {std::tuple<int64_t, int, int64_t>{64, 3, 1}, {128, 4, 2}, {256, 6, 2}, {512, 3, 2}}) {
    for (int block = 0; block < blocks; ++block) {
      const int64_t down = block == 0 ? stride : 1;
      list.conv(channels, size, width, 1, 1);
      const int64_t next = list.conv(width, size, width, 3, down);
      list.conv(width, next, 4 * width, 1, 1);
      if (block == 0) list.conv(channels, size, 4 * width, 1, down);
      size = next;
      channels = 4 * width;
    }
  }
  list.dense(2048, 1000);
}

void add_mobilenet_v2(LayerList& list) {
  int64_t size = list.conv(3, 224, 32, 3, 2), channels = 32;
  struct Stage {
    int64_t expansion, filters;
    int blocks;
    int64_t stride;
  };
  for (const Stage& stage : {Stage{1, 16, 1, 1},
                             {6, 24, 2, 2},
                             {6, 32, 3, 2},
                             {6, 64, 4, 2},
                             {6, 96, 3, 1},
                             {6, 160, 3, 2},
                             {6, 320, 1, 1}}) {
    for (int block = 0; block < stage.blocks; ++block) {
      const int64_t wide = channels * stage.expansion;
      if (stage.expansion > 1) list.conv(channels, size, wide, 1, 1);
      size = list.conv(wide, size, wide, 3, block == 0 ? stage.stride : 1, 0);
      list.conv(wide, size, stage.filters, 1, 1);
      channels = stage.filters;
    }
  }
  list.conv(320, size, 1280, 1, 1);
  list.dense(1280, 1000);
}

void add_squeezenet(LayerList& list) {
  list.conv(3, 224, 64, 3, 2);
  const auto fire = [&](int64_t channels, int64_t size, int64_t squeeze, int64_t expand) {
    list.conv(channels, size, squeeze, 1, 1);
    list.conv(squeeze, size, expand, 1, 1);
    list.conv(squeeze, size, expand, 3, 1);
  };
  fire(64, 55, 16, 64);
  fire(128, 55, 16, 64);
  fire(128, 27, 32, 128);
  fire(256, 27, 32, 128);
  fire(256, 13, 48, 192);
  fire(384, 13, 48, 192);
  fire(384, 13, 64, 256);
  fire(512, 13, 64, 256);
  list.conv(512, 13, 1000, 1, 1);
}

void add_transformer(LayerList& list) {
  for (const int64_t tokens : {128, 197}) {
    list.projection(768, tokens, 768);
    list.attention(64, 12, tokens);
    list.softmax(12, tokens);
    list.projection(768, tokens, 3072);
    list.projection(3072, tokens, 768);
  }
  // BERT-base, bert_tiny and vit_tiny.
  list.softmax(2, 128);
  list.softmax(3, 197);
  list.layer_norm(768, 128);
  list.layer_norm(128, 128);
  list.layer_norm(192, 197);
  list.gelu(3072, 128);
  list.gelu(768, 197);
}

}  // namespace

std::vector<TimedLayer> listed_layers(std::string_view network, int64_t batch) {
  LayerList list(network, batch);
  if (network == "resnet50") add_resnet50(list);
  if (network == "mobilenet_v2") add_mobilenet_v2(list);
  if (network == "squeezenet") add_squeezenet(list);
  if (network == "transformer") add_transformer(list);
  return std::move(list).layers();
}

}  // namespace wattgrind
