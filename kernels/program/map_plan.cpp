#include "kernels/program/map_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/rearrangement.h"
#include "estimator/network/window.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/arena.h"
#include "kernels/layout/output_pitch.h"
#include "kernels/layout/tiling.h"

namespace wattgrind {
namespace {

// Whether the layer makes a vector of a map, with the values in the order that dense layers'
// weights have.
bool is_flatten(const Layer& layer) {
  return std::holds_alternative<Flatten>(layer.operation) ||
         (std::holds_alternative<Reshape>(layer.operation) && layer.output_shape.is_vector());
}
bool is_dense(const Layer& layer) { return std::holds_alternative<Dense>(layer.operation); }
MapUse map_use(const Layer& layer) { return layer_kind(layer.operation).map_use(layer); }
bool is_elementwise(const Layer& layer) { return map_use(layer) == MapUse::kElementwise; }

class MapPlanner {
 public:
  MapPlanner(const Network& network, Isa isa, int64_t batch, Phase phase)
      : network_(network), readers_(network) {
    plan_.isa = isa;
    plan_.batch = batch;
    plan_.phase = phase;
    // Readers come behind what they read, so theirs are known first.
    any_layout_.resize(network.layers.size());
    for (int i = layers() - 1; i >= 0; --i) {
      any_layout_[static_cast<size_t>(i)] = take_any_layout(readers_.of(i));
    }
  }

  MapPlan plan(Joining joining) && {
    joining_ = joining;
    if (joining == Joining::kInPlace) find_slices();
    find_wanted_halos();
    add_inputs();
    for (int i = 0; i < layers(); ++i) {
      choose_storage(i);
      choose_layout(i);
    }
    add_halos();
    return std::move(plan_);
  }

 private:
  const Layer& layer(int index) const { return network_.layers[static_cast<size_t>(index)]; }
  int layers() const { return static_cast<int>(network_.layers.size()); }
  PlannedMap& map(int source) {
    return is_network_input(source) ? plan_.inputs[input_number(source)]
                                    : plan_.outputs[static_cast<size_t>(source)];
  }

  // Whether everything that reads this output takes any layout. Dense layers do, and elementwise
  // layers do if their own readers do, for they keep the layout of their input; so do flattens,
  // which are views then. (One image's neighbours are nobody's concern: its maps lie as they always
  // did.)
  bool readers_take_any_layout(int source) const {
    return is_network_input(source) ? take_any_layout(readers_.of(source))
                                    : any_layout_[static_cast<size_t>(source)];
  }
  bool take_any_layout(const std::vector<int>& readers) const {
    return !readers.empty() && std::ranges::all_of(readers, [&](int reader) {
      const bool passes_on =
          is_elementwise(layer(reader)) || (plan_.batch > 1 && is_flatten(layer(reader)));
      return is_dense(layer(reader)) || (passes_on && readers_take_any_layout(reader));
    });
  }

  // What a concatenation along channels joins may be written in its place: by a convolution whose
  // vectors hold no surplus lanes, which would be another's channels, and where nobody but
  // convolutions, who read the channels that they name, reads it besides. A convolution that reads
  // what the same concatenation joins keeps its map, so that no kernel has two operands in one.
  void find_slices() {
    for (int i = 0; i < layers(); ++i) {
      const auto* concat = std::get_if<Concat>(&layer(i).operation);
      if (concat == nullptr || concat->axis != MapAxis::kChannels || readers_take_any_layout(i)) {
        continue;
      }
      int64_t first = 0;
      for (size_t part = 0; part < layer(i).inputs.size(); ++part) {
        const int source = layer(i).inputs[part];
        if (can_be_slice(source, i)) slices_[source] = {i, first};
        first += layer(i).input_shapes[part].channels;
      }
    }
  }

  bool can_be_slice(int source, int concat) const {
    if (is_network_input(source) || network_.is_output(source) || slices_.contains(source)) {
      return false;
    }
    const Layer& writer = layer(source);
    const int64_t channels = writer.output_shape.channels;
    if (writer.output_bytes() || layer(concat).output_bytes()) return false;
    if (!is_convolution(writer) || std::get<Conv2d>(writer.operation).groups > 1 ||
        padded_width(column_blocks(channels, plan_.isa, Surplus::kPad)) != channels) {
      return false;
    }
    const bool reads_slice = std::ranges::any_of(writer.inputs, [&](int input) {
      const auto slice = slices_.find(input);
      return slice != slices_.end() && slice->second.concat == concat;
    });
    const bool is_read_alone = std::ranges::all_of(readers_.of(source), [&](int reader) {
      const Layer& self = layer(reader);
      return reader == concat ||
             (is_convolution(self) && std::ranges::count(self.inputs, source) == 1 &&
              self.input() == source && !joins(concat, reader));
    });
    return !reads_slice && is_read_alone && std::ranges::count(layer(concat).inputs, source) == 1;
  }

  static bool is_convolution(const Layer& self) {
    const auto* conv = std::get_if<Conv2d>(&self.operation);
    return conv != nullptr && !is_depthwise(*conv, self.input_shape().channels);
  }

  // Whether the layer takes channels that lie side by side in a map, of single precision, for
  // readers that find them there. Images of a staggered map are as far apart as before.
  bool sees_some_channels(int index) const {
    const Layer& self = layer(index);
    const auto* slice = std::get_if<Slice>(&self.operation);
    if (joining_ != Joining::kInPlace || slice == nullptr || slice->step != 1 ||
        slice->axis != MapAxis::kChannels || self.output_bytes() || network_.is_output(index)) {
      return false;
    }
    return std::ranges::all_of(readers_.of(index), [&](int reader) {
      const Layer& other = layer(reader);
      const auto* concat = std::get_if<Concat>(&other.operation);
      return std::ranges::count(other.inputs, index) == 1 &&
             ((is_convolution(other) && other.input() == index) || concat != nullptr);
    });
  }

  bool joins(int concat, int source) const {
    return std::ranges::find(layer(concat).inputs, source) != layer(concat).inputs.end();
  }

  Storage storage_of(int index) const {
    const Layer& self = layer(index);
    if (slices_.contains(index)) return Storage::kSlice;
    if (std::holds_alternative<Dropout>(self.operation)) {
      return plan_.phase == Phase::kTraining ? Storage::kOwn : Storage::kView;
    }
    if (is_plain_view(index) || sees_other_shape(index) || sees_some_channels(index)) {
      return Storage::kView;
    }
    return map_use(self) != MapUse::kOwnOutput && keeps_bytes(self) && is_only_reader(index) &&
                   !gradients_read(index)
               ? Storage::kInPlace
               : Storage::kOwn;
  }

  // Whether bytes around the layer's input stand for zero in its output too.
  static bool keeps_bytes(const Layer& self) {
    return self.input_bytes.empty() || self.output_bytes() == self.input_bytes.front();
  }

  // Whether, in training, a gradient reads what the layer would overwrite: its own, or that of the
  // layer whose output it is. What a layer of several inputs overwrote, the gradient by its other
  // inputs would miss.
  bool gradients_read(int index) const {
    if (plan_.phase != Phase::kTraining) return false;
    const Layer& self = layer(index);
    int writer = self.input();
    while (!is_network_input(writer) && plan_.map(writer).storage == Storage::kView) {
      writer = layer(writer).input();
    }
    return self.inputs.size() > 1 ||
           layer_kind(self.operation).gradient_reads(self.operation).input ||
           (!is_network_input(writer) &&
            layer_kind(layer(writer).operation).gradient_reads(layer(writer).operation).output);
  }

  // Whether nothing but this layer reads its first input, directly or through views. It may then
  // overwrite the input, unless that is the network's own or one of its outputs, which belong to
  // the caller.
  bool is_only_reader(int index) const {
    for (int at = layer(index).input();; at = layer(at).input()) {
      if (is_network_input(at) || network_.is_output(at) || readers_.of(at).size() != 1) {
        return false;
      }
      if (plan_.outputs[static_cast<size_t>(at)].storage != Storage::kView) return true;
    }
  }

  // Whether the layer makes a vector of what is one, or of a map for readers of any layout.
  bool is_plain_view(int index) const {
    return is_flatten(layer(index)) &&
           (layer(index).input_shape().is_vector() || readers_take_any_layout(index));
  }

  // Whether a layer that only moves values can be a view: its values lie as it wants them. Nobody
  // may want a halo of the buffer, whose other readers have seen it in its own shape.
  bool sees_other_shape(int index) const {
    const Layer& self = layer(index);
    const PlannedMap& input = plan_.map(self.input());
    return plan_.phase == Phase::kInference && moves_nothing(self.operation, self.input_shape()) &&
           input.layout.shape == self.input_shape() &&
           input.layout.channel_pitch == input.layout.shape.channels &&
           !input.layout.staggers_images && !is_halo_wanted(input.owner);
  }

  bool is_halo_wanted(int source) const {
    return is_network_input(source) ? wanted_halos_of_inputs_[input_number(source)]
                                    : wanted_halos_[static_cast<size_t>(source)];
  }

  // Finds the maps whose readers want a halo, be it through layers that could work in place or be
  // views.
  void find_wanted_halos() {
    wanted_halos_.assign(network_.layers.size(), false);
    wanted_halos_of_inputs_.assign(network_.inputs.size(), false);
    for (int i = layers() - 1; i >= 0; --i) {
      const Layer& self = layer(i);
      const bool may_share = map_use(self) != MapUse::kOwnOutput || is_flatten(self) ||
                             moves_nothing(self.operation, self.input_shape());
      if (reads_other_maps(self)) {
        want_halo(i);
        for (const FusedLayer& fused : self.fused) {
          if (fused.input > 0) want_halo(self.inputs[fused.input]);
        }
      }
      if (wanted_halo(self) == Halo{} && !(may_share && is_halo_wanted(i))) continue;
      want_halo(self.input());
    }
  }

  void want_halo(int source) {
    (is_network_input(source) ? wanted_halos_of_inputs_[input_number(source)]
                              : wanted_halos_[static_cast<size_t>(source)]) = true;
  }

  static bool reads_other_maps(const Layer& self) {
    return std::ranges::any_of(self.fused, [](const FusedLayer& fused) { return fused.input > 0; });
  }

  // Maps that a kernel adds to its output lie as that does: all of them get the halo that any has.
  // Returns whether one grew.
  bool share_halos() {
    bool grew = false;
    for (int i = 0; i < layers(); ++i) {
      for (const FusedLayer& fused : layer(i).fused) {
        if (fused.input == 0) continue;
        Halo& own = map(map(i).owner).layout.halo;
        Halo& other = map(map(layer(i).inputs[fused.input]).owner).layout.halo;
        const Halo before[] = {own, other};
        own.cover(other);
        other.cover(own);
        grew = grew || own != before[0] || other != before[1];
      }
    }
    return grew;
  }

  // The halo that a layer reads of its first input.
  static Halo wanted_halo(const Layer& self) {
    if (const auto* conv = std::get_if<Conv2d>(&self.operation)) {
      // What is fused with it may pool its map.
      return required_halo(*conv, self.input_shape(),
                           slide(conv->window, conv->filters, self.input_shape()));
    }
    if (const auto* transposed = std::get_if<ConvTranspose2d>(&self.operation)) {
      return required_halo(*transposed, self.input_shape(), self.output_shape);
    }
    return {};
  }

  void add_inputs() {
    for (size_t i = 0; i < network_.inputs.size(); ++i) {
      const FeatureShape& shape = network_.inputs[i].shape;
      const bool staggers = readers_take_any_layout(network_input(i));
      plan_.inputs.push_back(
          {Storage::kOwn, network_input(i), {shape, shape.channels, {}, staggers}});
    }
  }

  void choose_storage(int index) {
    const Storage storage = storage_of(index);
    has_own_layout_.push_back(!is_plain_view(index) && sees_other_shape(index));
    if (storage == Storage::kSlice) {
      const PlannedSlice slice = slices_.at(index);
      plan_.outputs.push_back({storage, slice.concat, {}, slice.first_channel});
      return;
    }
    const PlannedMap& input = map(layer(index).input());
    int64_t first_channel = storage == Storage::kView ? input.first_channel : 0;
    if (storage == Storage::kView && sees_some_channels(index)) {
      first_channel += std::get<Slice>(layer(index).operation).start;
    }
    plan_.outputs.push_back(
        {storage, storage == Storage::kOwn ? index : input.owner, {}, first_channel});
  }

  void choose_layout(int index) {
    const Layer& self = layer(index);
    const MapLayout& input = map(self.input()).layout;
    if (map(index).storage == Storage::kSlice) {
      const Layer& whole = layer(map(index).owner);
      map(index).layout = {self.output_shape, output_pitch(whole, 0, plan_.isa), {}};
      return;
    }
    if (map(index).storage == Storage::kOwn) {
      // An elementwise layer behind a flatten that does nothing still works on the map.
      const FeatureShape& shape = is_elementwise(self) ? input.shape : self.output_shape;
      map(index).layout = {shape,
                           output_pitch(self, input.channel_pitch, plan_.isa),
                           {},
                           readers_take_any_layout(index),
                           self.output_bytes() ? kByteBytes : kFloatBytes};
      return;
    }
    map(index).layout = input;
    if (has_own_layout_[static_cast<size_t>(index)]) {
      map(index).layout.shape = self.output_shape;
      map(index).layout.channel_pitch = self.output_shape.channels;
    } else if (sees_some_channels(index)) {
      map(index).layout.shape = self.output_shape;
    }
  }

  // Gives each buffer the halo that the convolutions which read it want, be it through a view.
  void add_halos() {
    for (const Layer& self : network_.layers) {
      map(map(self.input()).owner).layout.halo.cover(wanted_halo(self));
    }
    while (share_halos()) {
    }
    for (const auto& [index, slice] : slices_)
      map(index).layout.halo = map(slice.concat).layout.halo;
    for (int i = 0; i < layers(); ++i) {
      const bool shares = map(i).storage == Storage::kInPlace || map(i).storage == Storage::kView;
      if (shares && !has_own_layout_[static_cast<size_t>(i)]) {
        map(i).layout = map(layer(i).input()).layout;
        if (sees_some_channels(i)) map(i).layout.shape = layer(i).output_shape;
      }
    }
  }

  const Network& network_;
  const Readers readers_;
  Joining joining_ = Joining::kCopies;
  // By layer that writes one.
  struct PlannedSlice {
    int concat = 0;
    int64_t first_channel = 0;
  };
  std::map<int, PlannedSlice> slices_;
  std::vector<bool> any_layout_;                             // by layer, readers_take_any_layout()
  std::vector<bool> wanted_halos_, wanted_halos_of_inputs_;  // by layer and by network input
  std::vector<bool> has_own_layout_;  // by layer: whether it is a view that sees another shape
  MapPlan plan_;
};

void check_size(const Network& network, std::string_view name, const MapLayout& map,
                int64_t batch) {
  uint64_t bytes = 0;
  const auto image = static_cast<uint64_t>(map.image_bytes());
  if (__builtin_mul_overflow(image, static_cast<uint64_t>(batch), &bytes) ||
      bytes > kLargestArenaBytes) {
    fail(ErrorKind::kInput,
         "{}: {}: {} images of {} bytes do not fit in {} GiB; take a smaller batch", network.name,
         name, batch, image, kLargestArenaBytes >> 30);
  }
}

std::string line_of(std::string_view name, std::string_view storage, const MapLayout& layout) {
  return fmt::format("{}: {}, {}, pitch {}, halo {} {} {} {}{}\n", name, storage,
                     to_string(layout.shape), layout.channel_pitch, layout.halo.top,
                     layout.halo.left, layout.halo.bottom, layout.halo.right,
                     layout.staggers_images ? ", images staggered" : "");
}

}  // namespace

std::string_view name(Storage storage) {
  constexpr std::array<std::string_view, 4> kNames = {"own", "in place", "view", "slice"};
  return kNames[static_cast<size_t>(storage)];
}

MapPlan plan_maps(const Network& network, Isa isa, int64_t batch, Phase phase, Joining joining) {
  if (batch < 1) {
    fail(ErrorKind::kInput, "{}: found batch {}, wanted at least 1", network.name, batch);
  }
  MapPlan plan = MapPlanner(network, isa, batch, phase).plan(joining);
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    check_size(network, network.inputs[i].name, plan.inputs[i].layout, batch);
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (plan.outputs[i].storage == Storage::kOwn) {
      check_size(network, network.layers[i].name, plan.outputs[i].layout, batch);
    }
  }
  return plan;
}

std::string to_text(const MapPlan& plan, const Network& network) {
  std::string text =
      fmt::format("maps of {}, batch {}, {}, {}\n", network.name, plan.batch, traits(plan.isa).name,
                  plan.phase == Phase::kInference ? "inference" : "training");
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    text += line_of(network.inputs[i].name, name(plan.inputs[i].storage), plan.inputs[i].layout);
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const PlannedMap& map = plan.outputs[i];
    std::string storage(name(map.storage));
    if (map.storage != Storage::kOwn) {
      storage += fmt::format(" of {}", is_network_input(map.owner)
                                           ? network.inputs[input_number(map.owner)].name
                                           : network.layers[static_cast<size_t>(map.owner)].name);
    }
    text += line_of(network.layers[i].name, storage, map.layout);
  }
  return text;
}

Readers::Readers(const Network& network)
    : inputs_(network.inputs.size()), outputs_(network.layers.size()) {
  for (size_t i = 0; i < network.layers.size(); ++i) {
    for (const int source : network.layers[i].inputs) {
      std::vector<int>& readers = is_network_input(source) ? inputs_[input_number(source)]
                                                           : outputs_[static_cast<size_t>(source)];
      readers.push_back(static_cast<int>(i));
    }
  }
}

const std::vector<int>& Readers::of(int source) const {
  return is_network_input(source) ? inputs_[input_number(source)]
                                  : outputs_[static_cast<size_t>(source)];
}

}  // namespace wattgrind
