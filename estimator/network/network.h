// A network is a graph of layers with their shapes, multiply-accumulates and parameters.
//
// Layers stand in the order they run: each reads outputs of earlier ones, or inputs of the network,
// and any number of layers may read the same output.
//
// Feature maps are described as channels x height x width of one image; kernels decide how to lay
// them out in memory. Everything counted here is of the network as written, without the padding
// that a kernel adds.
#pragma once

#include <cstdint>
#include <optional>
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
  int64_t dilation_height = 1, dilation_width = 1;  // from one tap to the next

  friend bool operator==(const Window2d&, const Window2d&) = default;
};

// Cross-correlation, as every framework calls convolution, with one bias a filter or none. Group g
// of G reads input channels [g*C/G, (g+1)*C/G) and writes filters [g*F/G, (g+1)*F/G).
struct Conv2d {
  int64_t filters = 0;
  Window2d window;
  int64_t groups = 1;
  bool bias = true;
};
// Each channel is a group of its own, and there are as many outputs as inputs.
bool is_depthwise(const Conv2d& conv, int64_t input_channels);

struct Dense {
  int64_t units = 0;
  bool bias = true;  // one a unit
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

// y = f(x), value by value.
enum class UnaryFunction {
  kLeakyRelu,    // x > 0 ? x : alpha x
  kElu,          // x > 0 ? x : alpha (e^x - 1)
  kSelu,         // beta times elu with alpha
  kSigmoid,      // 1 / (1 + e^-x)
  kHardSigmoid,  // alpha x + beta between 0 and 1
  kTanh,
  kSwish,      // x sigmoid(x)
  kHardSwish,  // x times x / 6 + 1 / 2 between 0 and 1
  kGelu,       // x / 2 (1 + erf(x / sqrt 2))
  kGeluTanh,   // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  kSoftplus,   // ln(1 + e^x)
  kSoftsign,   // x / (1 + |x|)
  kExp,
  kLog,
  kSqrt,
  kErf,
  kPower,  // x^alpha
  kAbs,
  kNegative,
  kReciprocal,
  kSin,  // for |x| up to 8192
  kCos,
};
// Parameters that the function does not have are 0. Defaults are in unary_functions.h.
struct Activation {
  UnaryFunction function = UnaryFunction::kSigmoid;
  double alpha = 0;
  double beta = 0;
};

// Two operands, value by value. The second is the second input or, instead of one, a constant that
// the layer holds (a tensor of that shape; 0x0x0: none) or a scalar. In each extent the operands
// are equal, or one of them is 1 and repeated.
enum class BinaryFunction {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMinimum,
  kMaximum,
  kPower,  // a^b
  kPrelu   // a > 0 ? a : b a
};
struct Binary {
  BinaryFunction function = BinaryFunction::kAdd;
  FeatureShape constant;
  std::optional<double> scalar;
  bool reversed = false;  // the second operand stands first: 1 - x, say
};

// y = weight (x - mean) / sqrt(variance + epsilon) + bias, channel by channel. Inference takes the
// statistics that the layer holds: means, then variances. Training takes those of the batch, a
// variance being the mean of squares, and moves what the layer holds towards them: held = momentum
// held + (1 - momentum) measured, as ONNX and Keras have it.
struct BatchNorm {
  double epsilon = 1e-5;
  double momentum = 0.9;
};

enum class MapAxis { kChannels, kHeight, kWidth };
// A set of axes.
struct MapAxes {
  bool channels = false, height = false, width = false;

  friend bool operator==(const MapAxes&, const MapAxes&) = default;
};

// y = scale (x - mean) / sqrt(variance + epsilon) + shift, with the mean and the variance of each
// image over the axes named. Layer normalisation of tokens names the channels, instance
// normalisation height and width. Scale and shift are tensors of the shape `affine`, whose extents
// are the map's or 1; 0x0x0: there are none.
struct Normalization {
  MapAxes axes;
  FeatureShape affine;
  double epsilon = 1e-5;
};

using Operation =
    std::variant<Conv2d, Dense, Relu, MaxPool2d, AvgPool2d, GlobalAvgPool2d, Lrn, Dropout, Flatten,
                 Softmax, Clip, Activation, Binary, BatchNorm, Normalization>;

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
  DECLARE(Clip)                               \
  DECLARE(Activation)                         \
  DECLARE(Binary)                             \
  DECLARE(BatchNorm)                          \
  DECLARE(Normalization)

// The word for the operation in network files: "conv2d", "maxpool2d", ...
std::string_view kind_name(const Operation& operation);

// What a layer reads is the output of the layer of that index or, below zero, an input of the
// network: -1 is the first, -2 the second.
inline constexpr int kNetworkInput = -1;
constexpr bool is_network_input(int source) { return source < 0; }
constexpr int network_input(size_t number) { return kNetworkInput - static_cast<int>(number); }
constexpr size_t input_number(int source) { return static_cast<size_t>(kNetworkInput - source); }

struct Layer {
  std::string name;
  Operation operation;
  std::vector<int> inputs;                 // layers or network inputs, as above
  std::vector<FeatureShape> input_shapes;  // one an input
  FeatureShape output_shape;
  uint64_t macs = 0;        // multiply-accumulates, one image
  uint64_t parameters = 0;  // weights and biases; statistics do not count

  // The first input, which is the only one of most layers.
  int input() const { return inputs.front(); }
  const FeatureShape& input_shape() const { return input_shapes.front(); }
};

struct NetworkInput {
  std::string name;
  FeatureShape shape;

  friend bool operator==(const NetworkInput&, const NetworkInput&) = default;
};

struct Network {
  std::string name;
  std::vector<NetworkInput> inputs;  // at least one
  std::vector<Layer> layers;         // in the order they run
  std::vector<int> outputs;          // the layers whose outputs are the network's, none twice

  uint64_t macs() const;
  uint64_t parameters() const;

  // The shape of the first input; most networks have no other.
  const FeatureShape& input() const { return inputs.front().shape; }
  // The shape of what a layer reads there.
  const FeatureShape& shape_of(int source) const;
  bool is_output(int layer) const;
};

// A layer as a file or a short form writes it, when shapes are not yet known.
struct LayerSpec {
  std::string name;                 // empty: made from the kind and a number ("conv2d_1")
  Operation operation;              // with its window's padding, unless pad_same
  bool pad_same = false;            // the window's padding is "same": worked out from the input
  std::vector<std::string> inputs;  // earlier layers or network inputs; empty: the layer before
};

// A network as a file writes it.
struct NetworkSpec {
  std::string name;
  std::vector<NetworkInput> inputs;
  std::vector<LayerSpec> layers;
  std::vector<std::string> outputs;  // layers' names; empty: those that no layer reads
};

// The largest size (channels, height, stride, units, ...) a network may name.
inline constexpr int64_t kMaxSize = INT32_MAX;
// The most that the parameters and feature maps of one image may take together, in single
// precision: more than any machine an estimate is made for, and small enough that 64-bit
// addresses and counts of one pass cannot overflow.
inline constexpr uint64_t kMaxNetworkBytes = uint64_t{1} << 40;

// Infers every shape and counts, checking that sizes are in range, windows fit, groups divide,
// names are well formed and unique, that nothing overflows 64 bits and that the network stays
// within kMaxNetworkBytes. A name of a layer or an input is a letter followed by at most 63
// letters, digits, "_", "-", "." or "/"; "runtime" and "total" (rows of an estimate) are taken.
// `where` prefixes the errors (the file's name, say); they name the layer by its index:
// "net.json: layers[3].kernel: ...". Throws Error(kInput).
Network build_network(NetworkSpec spec, std::string_view where);

// A network of one input, called "input".
Network build_network(std::string name, FeatureShape input, const std::vector<LayerSpec>& specs,
                      std::string_view where);

// The layers whose outputs no layer reads, in order.
std::vector<int> unread_layers(const Network& network);

// The most bytes of feature maps that are alive at once while one image passes, in single
// precision: a map is alive from the layer that writes it to the last that reads it, the network's
// inputs from the start and its outputs to the end. Layers that only change how a map is seen or
// could work in place are taken as writing maps of their own.
uint64_t peak_activation_bytes(const Network& network);

}  // namespace wattgrind
