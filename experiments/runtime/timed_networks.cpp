#include "experiments/runtime/timed_networks.h"

#include <fmt/format.h>

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/random.h"

namespace wattgrind {
namespace {

// Of a map: its values take 16 MiB.
constexpr int64_t kMostElements = 1 << 22;

// Multiply-accumulates, or values of the input of a kind without any: from tiny to the largest
// layer of the built-in networks.
struct WorkRange {
  double least = 0;
  double most = 0;
};
constexpr WorkRange kWork[] = {{1e4, 2e9}, {1e3, 1.1e8}, {1e3, 3.3e6}, {1e3, 3.3e6}};  // by kind

double work_of(const Network& network) {
  return static_cast<double>(
      network.macs() > 0 ? network.macs() : static_cast<uint64_t>(network.input().elements()));
}

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed) {}

  // Work is even on a logarithmic scale: else hardly a layer were as large as a network's.
  Network layer(TimedKind kind, size_t number) {
    const WorkRange range = kWork[static_cast<size_t>(kind)];
    const double wanted = range.least * std::pow(range.most / range.least, random_.uniform());
    while (true) {
      Network network = candidate(kind, number);
      const FeatureShape& output = network.layers[0].output_shape;
      const double ratio = work_of(network) / wanted;
      if (ratio > 0.5 && ratio <= 1 && network.input().elements() <= kMostElements &&
          output.elements() <= kMostElements) {
        return network;
      }
    }
  }

 private:
  int64_t size(int64_t low, int64_t high) {
    const double ratio = static_cast<double>(high) / static_cast<double>(low);
    return std::llround(static_cast<double>(low) * std::pow(ratio, random_.uniform()));
  }

  template <typename... Choices>
  int64_t one_of(Choices... choices) {
    const int64_t all[] = {choices...};
    return all[random_.below(sizeof...(choices))];
  }

  Network candidate(TimedKind kind, size_t number) {
    const std::string name =
        fmt::format("{}{}", kLayerKindNames[static_cast<size_t>(kind)], number);
    const auto network = [&](FeatureShape input, LayerSpec layer) {
      return build_network(name, input, {std::move(layer)}, name);
    };
    switch (kind) {
      case TimedKind::kConvolution:
        return network(map(), convolution());
      case TimedKind::kDense:
        return network({size(16, 32768), 1, 1}, {"layer", Dense{size(10, 8192)}});
      case TimedKind::kPooling:
        return network(map(), pooling());
      case TimedKind::kOther:
        return other(name);
    }
    CHECK(false, "kind {}", static_cast<int>(kind));
  }

  FeatureShape map() {
    const int64_t edge = size(7, 224);
    return {size(1, 512), edge, edge};
  }

  LayerSpec convolution() {
    Conv2d conv;
    conv.filters = size(4, 512);
    conv.window.kernel_height = conv.window.kernel_width = one_of(1, 3, 5, 7);
    conv.window.stride_height = conv.window.stride_width = one_of(1, 1, 2);
    LayerSpec spec{"layer", conv};
    spec.pad_same = random_.below(2) == 0;
    return spec;
  }

  LayerSpec pooling() {
    Window2d window;
    window.kernel_height = window.kernel_width = one_of(2, 3);
    window.stride_height = window.stride_width = one_of(1, 2, 2);
    switch (random_.below(5)) {
      case 0:
        return {"layer", GlobalAvgPool2d{}};
      case 1:
      case 2:
        return {"layer", AvgPool2d{window}};
      default:
        return {"layer", MaxPool2d{window}};
    }
  }

  Network other(const std::string& name) {
    const uint64_t choice = random_.below(4);
    if (choice == 0)
      return build_network(name, {size(10, 4096), 1, 1}, {{"layer", Softmax{}}}, name);
    const Operation operation = choice == 1 ? Operation(Lrn{}) : Operation(Relu{});
    return build_network(name, map(), {{"layer", operation}}, name);
  }

  Random random_;
};

}  // namespace

TimedKind kind_of(const Operation& operation) {
  const std::string_view kind = kind_name(operation);
  if (kind == "conv2d") return TimedKind::kConvolution;
  if (kind == "dense") return TimedKind::kDense;
  return kind.find("pool") == std::string_view::npos ? TimedKind::kOther : TimedKind::kPooling;
}

std::vector<Network> random_layers(uint64_t seed) {
  Draw draw(seed);
  std::vector<Network> layers;
  const auto add = [&](TimedKind kind, size_t count) {
    for (size_t i = 0; i < count; ++i) layers.push_back(draw.layer(kind, i));
  };
  add(TimedKind::kConvolution, 80);
  add(TimedKind::kDense, 60);
  add(TimedKind::kPooling, 60);
  add(TimedKind::kOther, 60);
  return layers;
}

}  // namespace wattgrind
