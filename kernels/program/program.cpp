#include "kernels/program/program.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "estimator/base/error.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/output_pitch.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_access.h"

namespace wattgrind {
namespace {

bool is_flatten(const Layer& layer) { return std::holds_alternative<Flatten>(layer.operation); }
bool is_dense(const Layer& layer) { return std::holds_alternative<Dense>(layer.operation); }
bool is_elementwise(const Layer& layer) {
  return std::holds_alternative<Relu>(layer.operation) ||
         std::holds_alternative<Dropout>(layer.operation);
}

// How a layer's output comes to lie where it does.
enum class Storage {
  kOwn,      // a buffer of its own
  kInPlace,  // the layer overwrites its input
  kView      // the layer does nothing: its output is its input
};

class ProgramBuilder {
 public:
  ProgramBuilder(const Network& network, Isa isa, int64_t batch, Phase phase)
      : network_(network), phase_(phase) {
    program_.isa = isa;
    program_.batch = batch;
  }

  Program build() && {
    if (program_.batch < 1) {
      fail(ErrorKind::kInput, "{}: found batch {}, wanted at least 1", network_.name,
           program_.batch);
    }
    choose_storage();
    choose_layouts();
    program_.input = {
        add_buffer("input", BufferKind::kInput, kNetworkInput, bytes(input_layout_, "input")),
        input_layout_};
    for (size_t i = 0; i < network_.layers.size(); ++i) lower_layer(static_cast<int>(i));
    return std::move(program_);
  }

 private:
  const Layer& layer(int index) const { return network_.layers[static_cast<size_t>(index)]; }

  std::vector<int> consumers(int index) const {
    std::vector<int> result;
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      if (network_.layers[i].input() == index) result.push_back(static_cast<int>(i));
    }
    return result;
  }

  // Whether everything that reads this output takes any layout: dense layers do, and elementwise
  // ones pass theirs on.
  bool readers_take_any_layout(int index) const {
    const std::vector<int> readers = consumers(index);
    return !readers.empty() && std::ranges::all_of(readers, [&](int reader) {
      return is_dense(layer(reader)) ||
             (is_elementwise(layer(reader)) && readers_take_any_layout(reader));
    });
  }

  Storage storage_of(int index) const {
    const Layer& self = layer(index);
    if (std::holds_alternative<Dropout>(self.operation)) {
      return phase_ == Phase::kTraining ? Storage::kOwn : Storage::kView;
    }
    if (is_flatten(self)) {
      const bool is_vector = self.input_shape().height == 1 && self.input_shape().width == 1;
      return is_vector || readers_take_any_layout(index) ? Storage::kView : Storage::kOwn;
    }
    const bool can_overwrite = std::holds_alternative<Relu>(self.operation) ||
                               std::holds_alternative<Softmax>(self.operation);
    if (!can_overwrite || self.input() == kNetworkInput) return Storage::kOwn;
    return only_reader(index) ? Storage::kInPlace : Storage::kOwn;
  }

  // No one else reads what this layer reads, through views either.
  bool only_reader(int index) const {
    for (int at = layer(index).input();; at = layer(at).input()) {
      if (at == kNetworkInput || consumers(at).size() != 1) return false;
      if (storage_[static_cast<size_t>(at)] != Storage::kView) return true;
    }
  }

  void choose_storage() {
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      storage_.push_back(storage_of(static_cast<int>(i)));
    }
  }

  // Layouts first without halo, then the halos that convolutions want of what they read.
  void choose_layouts() {
    input_layout_ = {
        network_.input, network_.input.channels, {}, readers_take_any_layout(kNetworkInput)};
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& self = network_.layers[i];
      if (storage_[i] == Storage::kOwn) {
        const int64_t pitch = output_pitch(self, layout(self.input()).channel_pitch, program_.isa);
        // An elementwise layer behind a flatten that does nothing still works on the map.
        const FeatureShape& shape =
            is_elementwise(self) ? layout(self.input()).shape : self.output_shape;
        layouts_.push_back({shape, pitch, {}, readers_take_any_layout(static_cast<int>(i))});
      } else {
        layouts_.push_back(layout(self.input()));
      }
    }
    for (const Layer& self : network_.layers) {
      if (const auto* conv = std::get_if<Conv2d>(&self.operation)) {
        owner_layout(self.input())
            .halo.cover(required_halo(*conv, self.input_shape(), self.output_shape));
      }
    }
    for (size_t i = 0; i < layouts_.size(); ++i) {
      layouts_[i] = owner_layout(static_cast<int>(i));
    }
  }

  const MapLayout& layout(int index) const {
    return index == kNetworkInput ? input_layout_ : layouts_[static_cast<size_t>(index)];
  }

  // The layout of the buffer that holds this output.
  MapLayout& owner_layout(int index) {
    while (index != kNetworkInput && storage_[static_cast<size_t>(index)] != Storage::kOwn) {
      index = layer(index).input();
    }
    return index == kNetworkInput ? input_layout_ : layouts_[static_cast<size_t>(index)];
  }

  uint64_t bytes(const MapLayout& map, const std::string& name) const {
    uint64_t result = 0;
    const auto image = static_cast<uint64_t>(map.image_bytes());
    if (__builtin_mul_overflow(image, static_cast<uint64_t>(program_.batch), &result) ||
        result > kLargestArenaBytes) {
      fail(ErrorKind::kInput,
           "{}: {}: {} images of {} bytes do not fit in {} GiB; take a smaller batch",
           network_.name, name, program_.batch, image, kLargestArenaBytes >> 30);
    }
    return result;
  }

  uint32_t add_buffer(std::string name, BufferKind kind, int owner, uint64_t size) {
    return wattgrind::add_buffer(program_, network_.name, {std::move(name), kind, owner, 0, size});
  }

  const OutputMap& map(int index) const {
    return index == kNetworkInput ? program_.input : program_.outputs[static_cast<size_t>(index)];
  }

  void lower_layer(int index) {
    const Layer& self = layer(index);
    const Storage storage = storage_[static_cast<size_t>(index)];
    OutputMap output = map(self.input());
    if (storage == Storage::kView) {
      program_.outputs.push_back(output);
      return;
    }
    const LayerContext context{program_.isa, program_.batch, layout(self.input()), layout(index)};
    if (storage == Storage::kOwn) {
      bytes(context.output, self.name);  // may refuse it before the nest is made
    }
    Step step{index, self.name, lower(self, context, storage == Storage::kInPlace), {}};
    for (const Buffer& buffer : step.nest.buffers) {
      if (buffer.operand == Operand::kInput || buffer.operand == Operand::kMap) {
        step.buffers.push_back(map(self.input()).buffer);
      } else {
        const BufferKind kind =
            buffer.operand == Operand::kMask ? BufferKind::kMask : kind_of(buffer);
        step.buffers.push_back(
            add_buffer(self.name + "." + buffer.name(), kind, index, buffer.bytes));
        if (buffer.operand == Operand::kOutput) output.buffer = step.buffers.back();
      }
    }
    output.layout = context.output;
    program_.outputs.push_back(output);
    program_.steps.push_back(std::move(step));
  }

  static BufferKind kind_of(const Buffer& buffer) {
    switch (buffer.role) {
      case TensorRole::kWeights:
        return BufferKind::kWeights;
      case TensorRole::kBias:
        return BufferKind::kBias;
      case TensorRole::kScratch:
        return BufferKind::kScratch;
      default:
        return BufferKind::kMap;
    }
  }

  static LoopNest lower(const Layer& self, const LayerContext& context, bool in_place) {
    return std::visit(
        [&](const auto& operation) -> LoopNest {
          using T = std::decay_t<decltype(operation)>;
          if constexpr (std::is_same_v<T, Conv2d>) {
            return is_depthwise(operation, self.input_shape().channels)
                       ? lower_depthwise_conv2d(operation, context)
                       : lower_conv2d(operation, context);
          } else if constexpr (std::is_same_v<T, Dense>) {
            return lower_dense(operation, context);
          } else if constexpr (std::is_same_v<T, Relu>) {
            return lower_relu(context, in_place);
          } else if constexpr (std::is_same_v<T, MaxPool2d>) {
            return lower_max_pool2d(operation, context);
          } else if constexpr (std::is_same_v<T, AvgPool2d>) {
            return lower_avg_pool2d(operation, context);
          } else if constexpr (std::is_same_v<T, GlobalAvgPool2d>) {
            return lower_global_avg_pool2d(context);
          } else if constexpr (std::is_same_v<T, Lrn>) {
            return lower_lrn(operation, context);
          } else if constexpr (std::is_same_v<T, Softmax>) {
            return lower_softmax(context, in_place);
          } else if constexpr (std::is_same_v<T, Flatten>) {
            return lower_flatten(context);
          } else {
            static_assert(std::is_same_v<T, Dropout>);
            return lower_dropout(context);
          }
        },
        self.operation);
  }

  const Network& network_;
  const Phase phase_;
  Program program_;
  std::vector<Storage> storage_;    // by layer
  std::vector<MapLayout> layouts_;  // by layer
  MapLayout input_layout_;
};

}  // namespace

uint64_t Program::arena_bytes() const {
  if (buffers.empty()) return 0;
  const uint64_t end = buffers.back().address + buffers.back().bytes - kArenaAddress;
  return (end + kLineBytes - 1) / kLineBytes * kLineBytes;
}

std::vector<uint64_t> Program::addresses(const Step& step) const {
  std::vector<uint64_t> result;
  for (const uint32_t buffer : step.buffers) result.push_back(buffers[buffer].address);
  return result;
}

AccessProgram Program::access_program(const Step& step) const {
  return wattgrind::access_program(step.nest, step.symbol, addresses(step));
}

Program lower_network(const Network& network, Isa isa, int64_t batch, Phase phase) {
  return ProgramBuilder(network, isa, batch, phase).build();
}

uint32_t add_buffer(Program& program, std::string_view network, ProgramBuffer buffer) {
  const uint64_t used = program.arena_bytes();
  if (buffer.bytes > kLargestArenaBytes || used + buffer.bytes > kLargestArenaBytes) {
    fail(ErrorKind::kInput, "{}: {}: the network needs more than {} GiB", network, buffer.name,
         kLargestArenaBytes >> 30);
  }
  buffer.address = kArenaAddress + used;
  program.buffers.push_back(std::move(buffer));
  return static_cast<uint32_t>(program.buffers.size() - 1);
}

uint64_t padding_macs(const Layer& layer, Isa isa, int64_t batch) {
  int64_t channels = 0;
  if (const auto* dense = std::get_if<Dense>(&layer.operation)) {
    channels = dense->units;
  } else if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    if (conv->groups > 1) return 0;
    channels = conv->filters;
  } else {
    return 0;
  }
  const int64_t width = padded_width(column_blocks(channels, isa, Surplus::kPad));
  const uint64_t per_channel = layer.macs / static_cast<uint64_t>(channels);
  return per_channel * static_cast<uint64_t>(width - channels) * static_cast<uint64_t>(batch);
}

}  // namespace wattgrind
