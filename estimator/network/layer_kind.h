// What a network needs to know of each kind of layer: its word in files, its members, the shape it
// gives, the work it does. One object a kind; a kind's own file is all that knows it.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Where an error is: the layer, and in which network.
struct LayerPlace {
  std::string_view where;
  size_t index;

  // Throws Error(kInput) with the message "WHERE: layers[INDEX].KEY: ..."; `key` may be empty.
  template <typename... Args>
  [[noreturn]] void reject(std::string_view key, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail(ErrorKind::kInput, "{}: layers[{}]{}{}: {}", where, index, key.empty() ? "" : ".", key,
         fmt::format(format, std::forward<Args>(args)...));
  }
};

// Multiply-accumulates and parameters of one layer, one image. Biases count as parameters, not as
// multiply-accumulates; products with padding count (as they do in the literature).
struct LayerWork {
  uint64_t macs = 0;
  uint64_t parameters = 0;
};

// Operations of one image besides multiply-accumulates.
struct OtherOperations {
  uint64_t forward = 0;
  uint64_t backward = 0;       // of the way back
  uint64_t training_only = 0;  // on the way forward, in training alone
};

// A tensor that a layer holds, as frameworks shape it: [filters][channels / groups][rows][columns]
// for a convolution's weights. Statistics are what training measures and does not learn; scales are
// those of the weights of a layer on bytes.
enum class ParameterRole { kWeights, kBias, kStatistics, kScales };
struct ParameterTensor {
  ParameterRole role = ParameterRole::kWeights;
  std::vector<int64_t> shape;

  friend bool operator==(const ParameterTensor&, const ParameterTensor&) = default;
};

// How many maps layers of a kind read.
struct InputCount {
  size_t least = 1, most = 1;
};
inline constexpr size_t kManyInputs = 1 << 16;

// How a layer may share memory with its input.
enum class MapUse {
  kOwnOutput,    // writes a map of its own
  kOverwrites,   // may write its output over its input
  kElementwise,  // the same, and each value comes from the value in its place alone, in any layout
};

// Which of a layer's maps its gradients read, besides the output's gradient.
struct GradientReads {
  bool input = false, output = false;

  friend bool operator==(const GradientReads&, const GradientReads&) = default;
};

class LayerKind {
 public:
  virtual ~LayerKind() = default;

  // The word for the kind in network files and in layers' default names: "conv2d".
  virtual std::string_view word() const = 0;

  // A layer as a network file has it, checked against the schema; and its members written beside
  // the kind.
  virtual Operation read(const nlohmann::json& layer) const = 0;
  virtual void write(const Operation& operation, nlohmann::ordered_json& layer) const = 0;

  // The operation with "same" padding put into its window: as many outputs as ceil(input / stride),
  // any surplus at the bottom and right. Operations without a window are returned as they are.
  virtual Operation with_same_padding(const Operation& operation,
                                      const FeatureShape& input) const = 0;

  // How many maps the layer reads.
  virtual InputCount inputs(const Operation&) const { return {}; }

  // Checks the operation's sizes and that it fits its inputs; throws through `place`.
  virtual FeatureShape infer_shape(const Operation& operation, std::span<const FeatureShape> inputs,
                                   const LayerPlace& place) const = 0;

  // Of a layer whose shapes are known. Throws through `place` where a count overflows 64 bits.
  virtual LayerWork work(const Layer& layer, const LayerPlace& place) const = 0;

  // What the layer holds: at most one tensor of each role, in the order of roles. The sizes of
  // weights and biases add up to work().parameters.
  virtual std::vector<ParameterTensor> parameter_tensors(const Layer& layer) const = 0;

  virtual OtherOperations other_operations(const Layer& layer) const = 0;

  virtual MapUse map_use(const Layer& layer) const = 0;

  // What training must keep, as a layer that overwrites it does not.
  virtual GradientReads gradient_reads(const Operation&) const { return {}; }
};

// Every kind is an object of one of these: what the kind's file does not say is nothing.
template <typename T>
class LayerKindOf : public LayerKind {
 public:
  Operation read(const nlohmann::json&) const override { return T{}; }
  void write(const Operation& operation, nlohmann::ordered_json& layer) const override {
    write_members(std::get<T>(operation), layer);
  }
  Operation with_same_padding(const Operation& operation,
                              const FeatureShape& input) const override {
    T padded = std::get<T>(operation);
    pad_same(padded, input);
    return padded;
  }
  FeatureShape infer_shape(const Operation& operation, std::span<const FeatureShape> inputs,
                           const LayerPlace& place) const override {
    return infer(std::get<T>(operation), inputs, place);
  }
  LayerWork work(const Layer&, const LayerPlace&) const override { return {}; }
  std::vector<ParameterTensor> parameter_tensors(const Layer&) const override { return {}; }
  OtherOperations other_operations(const Layer&) const override { return {}; }
  MapUse map_use(const Layer&) const override { return MapUse::kOwnOutput; }

 protected:
  virtual void write_members(const T&, nlohmann::ordered_json&) const {}
  virtual void pad_same(T&, const FeatureShape&) const {}
  virtual FeatureShape infer(const T& operation, std::span<const FeatureShape> inputs,
                             const LayerPlace& place) const = 0;
};

// Defined in the file of each kind.
template <typename T>
const LayerKind& kind_of();
#define WATTGRIND_DECLARE(T) \
  template <>                \
  const LayerKind& kind_of<T>();
WATTGRIND_FOR_EACH_OPERATION(WATTGRIND_DECLARE)
#undef WATTGRIND_DECLARE

const LayerKind& layer_kind(const Operation& operation);
// Null where no kind has the word.
const LayerKind* find_layer_kind(std::string_view word);

std::vector<ParameterTensor> parameter_tensors(const Layer& layer);
// The values of the tensor of that role; 0 where the layer has none.
size_t parameter_values(const Layer& layer, ParameterRole role);

// A size that is none of `least` to kMaxSize is rejected.
void check_size(int64_t size, std::string_view key, int64_t least, const LayerPlace& place);

}  // namespace wattgrind
