// A network is a graph of layers with their shapes, multiply-accumulates and parameters.
//
// Layers stand in the order they run: each reads outputs of earlier ones, or inputs of the network,
// and any number of layers may read the same output.
//
// Feature maps are described as channels x height x width of one image; kernels decide how to lay
// them out in memory. Everything counted here is of the network as written, without the padding
// that a kernel adds.
#pragma once

#include <array>
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

enum class MapAxis { kChannels, kHeight, kWidth };
// A set of axes.
struct MapAxes {
  bool channels = false, height = false, width = false;

  friend bool operator==(const MapAxes&, const MapAxes&) = default;
};

// The sliding window of a convolution or a pooling layer. "Same" padding has become numbers; where
// it is odd, the bottom and right get one more.
struct Window2d {
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t stride_height = 1, stride_width = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int64_t dilation_height = 1, dilation_width = 1;  // from one tap to the next

  // The rows and columns from the first tap to the last.
  int64_t span_height() const { return dilation_height * (kernel_height - 1) + 1; }
  int64_t span_width() const { return dilation_width * (kernel_width - 1) + 1; }

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

// The convolution's transpose (deconvolution): each input adds its value times the kernel to the
// outputs under the window, of which padding is cut off. An axis has (inputs - 1) * stride + span
// of the window - padding + output_padding outputs. Weights are [channels][filters / groups][rows]
// [columns], as in ONNX.
struct ConvTranspose2d {
  int64_t filters = 0;
  Window2d window;
  int64_t groups = 1;
  bool bias = true;
  int64_t output_padding_height = 0, output_padding_width = 0;  // more outputs, bottom and right
};

struct Dense {
  int64_t units = 0;
  bool bias = true;  // one a unit
};
struct Relu {};
// In ceil mode a last window may reach beyond the padded map; one that would start in the bottom or
// right padding is dropped.
struct MaxPool2d {
  Window2d window;  // padding counts as minus infinity, so it never wins
  bool ceil_mode = false;
};
struct AvgPool2d {
  Window2d window;
  bool ceil_mode = false;
  // Whether padding counts as zeros (ONNX count_include_pad = 1) or is left out of the average
  // (Keras). What lies beyond the padded map never counts.
  bool count_padding = false;
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
// e^x over the sum of e^x along the axes, or its logarithm.
struct Softmax {
  MapAxes axes = {.channels = true};
  bool log = false;
};
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

// One loop of a rearrangement: as its index goes up by one along an axis of the output, the
// coordinate of the input's `axis` moves by `step`. 0 repeats, a negative step goes backwards.
struct RearrangeFactor {
  int64_t extent = 1;
  MapAxis axis = MapAxis::kChannels;
  int64_t step = 1;

  friend bool operator==(const RearrangeFactor&, const RearrangeFactor&) = default;
};
// Every transpose, slice, repetition and most reshapes of a map. An axis of the output is the
// product of its factors, outermost first, or 1 without any. The output's first value is the
// input's at (first_channel, first_row, first_column).
struct Rearrange {
  int64_t first_channel = 0, first_row = 0, first_column = 0;
  std::vector<RearrangeFactor> channels, height, width;

  friend bool operator==(const Rearrange&, const Rearrange&) = default;
};
// The values start, start + step, ... along an axis, `size` of them.
struct Slice {
  MapAxis axis = MapAxis::kChannels;
  int64_t start = 0;
  int64_t size = 1;
  int64_t step = 1;
};
// Output axis i is input axis order[i], counted as channels, height, width.
struct Transpose {
  std::array<MapAxis, 3> order = {MapAxis::kChannels, MapAxis::kHeight, MapAxis::kWidth};
};
// Takes a channel of each group in turn: channel c * groups + g is channel c of group g.
struct ChannelShuffle {
  int64_t groups = 1;
};
// Channels become blocks of pixels, as in ONNX: the channels of a pixel are read as
// [row][column][channel] (mode DCR) or, with column_row_depth, as [channel][row][column] (CRD).
struct DepthToSpace {
  int64_t block = 1;
  bool column_row_depth = false;
};
// Blocks of pixels become channels, read as [row][column][channel].
struct SpaceToDepth {
  int64_t block = 1;
};
// Keeps the values' order as [channel][row][column].
struct Reshape {
  FeatureShape shape;
};
// Two or more maps, one behind the other along an axis.
struct Concat {
  MapAxis axis = MapAxis::kChannels;
};
// What stands around a map: a constant, the nearest value, or the map mirrored at its first and
// last values, which are not repeated.
enum class PadMode { kConstant, kEdge, kReflect };
struct Pad {
  PadMode mode = PadMode::kConstant;
  std::array<int64_t, 3> begin = {0, 0, 0};  // channels, height, width
  std::array<int64_t, 3> end = {0, 0, 0};
  double value = 0;  // the constant
};
enum class ResizeMode { kNearest, kLinear };
// Where output value o of n lies among an input's m values, with s = n / m unless given, in ONNX's
// words:
//   half_pixel            (o + 0.5) / s - 0.5
//   pytorch_half_pixel    the same, but 0 where n = 1
//   align_corners         o * (m - 1) / (n - 1), with m s for n where s is given; 0 where n = 1
//   asymmetric            o / s
//   tf_half_pixel_for_nn  (o + 0.5) / s
enum class CoordinateMode {
  kHalfPixel,
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kTfHalfPixelForNn
};
// How a place between two values becomes one of them; the first two differ half way alone.
enum class NearestMode { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
// Of the rows and columns of a map. Places outside it are taken to its edge.
struct Resize {
  ResizeMode mode = ResizeMode::kNearest;
  int64_t height = 1, width = 1;
  double scale_height = 0, scale_width = 0;  // 0: output / input
  CoordinateMode coordinates = CoordinateMode::kHalfPixel;
  NearestMode nearest = NearestMode::kRoundPreferFloor;
};
enum class ReduceFunction { kMean, kSum, kMax, kMin };
// Over the axes, which become 1 long.
struct Reduce {
  ReduceFunction function = ReduceFunction::kMean;
  MapAxes axes;
};

// The matrix product of two maps, row of pixels by row of pixels: rows are heads of attention, and
// pixels are tokens. `a` is {K, heads, M}; `b` is {N, heads or 1, K} or, transposed,
// {K, heads or 1, N}; one row of `b` serves all heads. The output {N, heads, M} holds
// y[n][h][m] = sum over k of a[k][h][m] * b[n][h][k], or * b[k][h][n].
struct MatMul {
  bool transpose_b = false;
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

// Looks tokens up in a table: pixel t of the output is row x[t] of the weights, where x, a row of
// pixels of one channel, holds whole numbers from 0 to rows - 1.
struct Embedding {
  int64_t rows = 0;
  int64_t features = 0;
};

// y = weight (x - mean) / sqrt(variance + epsilon) + bias, channel by channel. Inference takes the
// statistics that the layer holds: means, then variances. Training takes those of the batch, a
// variance being the mean of squares, and moves what the layer holds towards them: held = momentum
// held + (1 - momentum) measured, as ONNX and Keras have it.
struct BatchNorm {
  double epsilon = 1e-5;
  double momentum = 0.9;
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

// A map of bytes holds whole numbers from 0 to 255, each of which stands for the value
// scale * (number - zero_point): an affine quantisation by map, as in ONNX. Signed bytes are the
// same numbers less 128, zero point included.
struct ByteScale {
  float scale = 1;
  int zero_point = 0;  // 0 to 255

  friend bool operator==(const ByteScale&, const ByteScale&) = default;
};

// To bytes, as the layer's Int8Layer says, and back to single precision: to the values that the
// bytes stand for, or to those that they would stand for at another scale.
struct Quantize {};
struct Dequantize {
  std::optional<ByteScale> as;
};

using Operation =
    std::variant<Conv2d, Dense, Relu, MaxPool2d, AvgPool2d, GlobalAvgPool2d, Lrn, Dropout, Flatten,
                 Softmax, Clip, Activation, Rearrange, Slice, Transpose, ChannelShuffle,
                 DepthToSpace, SpaceToDepth, Reshape, MatMul, Binary, Concat, Pad, Reduce, Resize,
                 Embedding, ConvTranspose2d, BatchNorm, Normalization, Quantize, Dequantize>;

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
  DECLARE(Rearrange)                          \
  DECLARE(Slice)                              \
  DECLARE(Transpose)                          \
  DECLARE(ChannelShuffle)                     \
  DECLARE(DepthToSpace)                       \
  DECLARE(SpaceToDepth)                       \
  DECLARE(Reshape)                            \
  DECLARE(MatMul)                             \
  DECLARE(Binary)                             \
  DECLARE(Concat)                             \
  DECLARE(Pad)                                \
  DECLARE(Reduce)                             \
  DECLARE(Resize)                             \
  DECLARE(Embedding)                          \
  DECLARE(ConvTranspose2d)                    \
  DECLARE(BatchNorm)                          \
  DECLARE(Normalization)                      \
  DECLARE(Quantize)                           \
  DECLARE(Dequantize)

// The word for the operation in network files: "conv2d", "maxpool2d", ...
std::string_view kind_name(const Operation& operation);

// What a layer reads is the output of the layer of that index or, below zero, an input of the
// network: -1 is the first, -2 the second.
inline constexpr int kNetworkInput = -1;
constexpr bool is_network_input(int source) { return source < 0; }
constexpr int network_input(size_t number) { return kNetworkInput - static_cast<int>(number); }
constexpr size_t input_number(int source) { return static_cast<size_t>(kNetworkInput - source); }

// How a layer computes on maps of bytes: on the numbers themselves, with 32-bit sums; a result is
// multiplied in single precision, rounded to the nearest number, ties to even, moved by its map's
// zero point and kept within 0 to 255. byte_layers.h says what each kind computes.
struct Int8Layer {
  // What the numbers of its output stand for; absent: the output is of single precision.
  std::optional<ByteScale> output;
  // Of convolutions and dense layers, whose weights are whole numbers w of which each stands for w
  // times the scale of its output channel. With 8 bits |w| is at most 127; with 7 at most 64, which
  // lets processors without dot products of bytes add pairs of products in 16 bits.
  int weight_bits = 8;

  friend bool operator==(const Int8Layer&, const Int8Layer&) = default;
};

// A layer whose work another layer's kernel does with each value before it stores it
// (kernels/program/fusion.h).
struct FusedLayer {
  std::string name;
  Operation operation;
  // Of an operation on two maps, which of the fused layer's inputs the other one is.
  size_t input = 0;
  uint64_t other_operations = 0;  // of one image
  std::optional<Int8Layer> int8 = {};
  uint64_t other_byte_operations = 0;  // of other_operations, those on bytes
};

struct Layer {
  std::string name;
  Operation operation;
  std::vector<int> inputs;                 // layers or network inputs, as above
  std::vector<FeatureShape> input_shapes;  // one an input
  FeatureShape output_shape;
  uint64_t macs = 0;        // multiply-accumulates, one image
  uint64_t parameters = 0;  // weights and biases; statistics do not count
  // In the order in which they are done, after the layer's own work; no network as read has any.
  std::vector<FusedLayer> fused = {};
  std::string own_name = {};           // without those of `fused`; empty where there are none
  std::optional<Int8Layer> int8 = {};  // absent: it computes in single precision
  // Of each input, what its bytes stand for; absent where it is of single precision.
  std::vector<std::optional<ByteScale>> input_bytes = {};

  // The first input, which is the only one of most layers.
  int input() const { return inputs.front(); }
  const FeatureShape& input_shape() const { return input_shapes.front(); }
  // What the bytes of its map stand for, its fused layers included; absent where it has none.
  std::optional<ByteScale> output_bytes() const;
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
  // What is worth saying of how the network was read, a sentence each: what was left off, say.
  std::vector<std::string> notes = {};

  uint64_t macs() const;
  uint64_t parameters() const;

  // The shape of the first input; most networks have no other.
  const FeatureShape& input() const { return inputs.front().shape; }
  // The shape of what a layer reads there.
  const FeatureShape& shape_of(int source) const;
  // What the bytes of that map stand for; absent where it is of single precision.
  std::optional<ByteScale> bytes_of(int source) const;
  bool is_output(int layer) const;
};

// A layer as a file or a short form writes it, when shapes are not yet known.
struct LayerSpec {
  std::string name;                 // empty: made from the kind and a number ("conv2d_1")
  Operation operation;              // with its window's padding, unless pad_same
  bool pad_same = false;            // the window's padding is "same": worked out from the input
  std::vector<std::string> inputs;  // earlier layers or network inputs; empty: the layer before
  std::optional<Int8Layer> int8 = {};
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
// The most layers a network may have. The deepest that were published have 10,000 convolutions
// (Xiao et al., ICML 2018).
inline constexpr size_t kMaxLayers = 20'000;
// The most that the parameters and feature maps of one image may take together, in single
// precision: more than any machine an estimate is made for, and small enough that 64-bit
// addresses and counts of one pass cannot overflow.
inline constexpr uint64_t kMaxNetworkBytes = uint64_t{1} << 40;

// Infers every shape and counts, checking that sizes are in range, windows fit, groups divide,
// names are well formed and unique, that layers on bytes can be, that nothing overflows 64 bits and
// that the network stays
// within kMaxLayers and kMaxNetworkBytes. A name of a layer or an input is a letter followed by at
// most 63 letters, digits, "_", "-", "." or "/"; "runtime" and "total" (rows of an estimate) are
// taken. `where` prefixes the errors (the file's name, say); they name the layer by its index:
// "net.json: layers[3].kernel: ...". Throws Error(kInput).
Network build_network(NetworkSpec spec, std::string_view where);

// A network of one input, called "input".
Network build_network(std::string name, FeatureShape input, const std::vector<LayerSpec>& specs,
                      std::string_view where);

// The layers whose outputs no layer reads, in order.
std::vector<int> unread_layers(const Network& network);

// The most bytes of feature maps that are alive at once while one image passes: a map is alive from
// the layer that writes it to the last that reads it, the network's inputs from the start and its
// outputs to the end. Layers that only change how a map is seen or could work in place are taken as
// writing maps of their own.
uint64_t peak_activation_bytes(const Network& network);

}  // namespace wattgrind
