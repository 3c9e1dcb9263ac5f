// A network is a list of layers with their shapes, multiply-accumulates and parameters.
//
// Feature maps are described as channels x height x width of one image; kernels decide how to lay
// them out in memory. Everything counted here is of the network as written, without the padding
// that a kernel adds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wattgrind {

// The shape of a feature map of one image. A vector of n values, as flatten and dense make it, is
// {n, 1, 1}.
struct FeatureShape {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;

  int64_t elements() const { return channels * height * width; }
  bool is_vector() const { return height == 1 && width == 1; }
  friend bool operator==(const FeatureShape&, const FeatureShape&) = default;
};

// "16x5x5", or "120" for a vector.
std::string to_string(const FeatureShape& shape);

// The sliding window of a convolution or a pooling layer. "Same" padding has become numbers; where
// it is odd, the bottom and right get one more.
struct Window2d {
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t stride_height = 1, stride_width = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

  friend bool operator==(const Window2d&, const Window2d&) = default;
};

// Cross-correlation, as every framework calls convolution, with one bias a filter. Group g of G
// reads input channels [g*C/G, (g+1)*C/G) and writes filters [g*F/G, (g+1)*F/G).
struct Conv2d {
  int64_t filters = 0;
  Window2d window;
  int64_t groups = 1;
};
// Each channel is a group of its own, and there are as many outputs as inputs.
bool is_depthwise(const Conv2d& conv, int64_t input_channels);

struct Dense {
  int64_t units = 0;  // each has one bias
};
struct Relu {};
struct MaxPool2d {
  Window2d window;  // padding counts as minus infinity, so it never wins
};
struct AvgPool2d {
  Window2d window;  // padding is left out of the average (ONNX count_include_pad = 0, Keras)
};
struct GlobalAvgPool2d {};
// Local response normalisation across channels, Caffe's and ONNX's form:
// y_c = x_c / (k + alpha / size * sum of x_j^2 over size channels around c) ^ beta.
struct Lrn {
  int64_t size = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 1.0;
};
struct Dropout {
  double rate = 0.5;  // at inference the layer does nothing
};
struct Flatten {};
struct Softmax {};
// min(max(x, low), high): ONNX's Clip; relu6 between 0 and 6.
struct Clip {
  double low = 0;
  double high = 6;
};

using Operation = std::variant<Conv2d, Dense, Relu, MaxPool2d, AvgPool2d, GlobalAvgPool2d, Lrn,
                               Dropout, Flatten, Softmax, Clip>;

// Every kind of layer, for those who declare something of each.
#define WATTGRIND_FOR_EACH_OPERATION(DECLARE) \
  DECLARE(Conv2d)                             \
  DECLARE(Dense)                              \
  DECLARE(Relu)                               \
  DECLARE(MaxPool2d)                          \
  DECLARE(AvgPool2d)                          \
  DECLARE(GlobalAvgPool2d)                    \
  DECLARE(Lrn)                                \
  DECLARE(Dropout)                            \
  DECLARE(Flatten)                            \
  DECLARE(Softmax)                            \
  DECLARE(Clip)

// The word for the operation in network files: "conv2d", "maxpool2d", ...
std::string_view kind_name(const Operation& operation);

inline constexpr int kNetworkInput = -1;

struct Layer {
  std::string name;
  Operation operation;
  std::vector<int> inputs;  // indices of the layers whose outputs it reads, or kNetworkInput
  std::vector<FeatureShape> input_shapes;  // one an input
  FeatureShape output_shape;
  uint64_t macs = 0;        // multiply-accumulates, one image
  uint64_t parameters = 0;  // weights and biases

  // The first input, which is the only one of most layers.
  int input() const { return inputs.front(); }
  const FeatureShape& input_shape() const { return input_shapes.front(); }
};

struct Network {
  std::string name;
  FeatureShape input;
  std::vector<Layer> layers;  // in the order they run; the last one's output is the network's

  uint64_t macs() const;
  uint64_t parameters() const;
};

// A layer as a file or a short form writes it, when shapes are not yet known.
struct LayerSpec {
  std::string name;                 // empty: made from the kind and a number ("conv2d_1")
  Operation operation;              // with its window's padding, unless pad_same
  bool pad_same = false;            // the window's padding is "same": worked out from the input
  std::vector<std::string> inputs;  // earlier layers' names or "input"; empty: the one before
};

// The largest size (channels, height, stride, units, ...) a network may name.
inline constexpr int64_t kMaxSize = INT32_MAX;
// The most layers a network may have. The deepest that were published have 10,000 convolutions
// (Xiao et al., ICML 2018).
inline constexpr size_t kMaxLayers = 20'000;
// The most that the parameters and feature maps of one image may take together, in single
// precision: more than any machine an estimate is made for, and small enough that 64-bit
// addresses and counts of one pass cannot overflow.
inline constexpr uint64_t kMaxNetworkBytes = uint64_t{1} << 40;

// Infers every shape and counts, checking that sizes are in range, windows fit, groups divide,
// names are well formed and unique, that nothing overflows 64 bits and that the network stays
// within kMaxLayers and kMaxNetworkBytes. A layer's name is a letter followed by at most 63
// letters, digits, "_",
// "-", "." or "/"; "input" (the network's own input), "runtime" and "total" (rows of an estimate)
// are taken. `where` prefixes the errors (the file's name, say); they name the layer by its index:
// "net.json: layers[3].kernel: ...". Throws Error(kInput).
Network build_network(std::string name, FeatureShape input, const std::vector<LayerSpec>& specs,
                      std::string_view where);

}  // namespace wattgrind
