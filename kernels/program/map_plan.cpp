#include "kernels/program/map_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/arena.h"
#include "kernels/layout/output_pitch.h"

namespace wattgrind {
namespace {

bool is_flatten(const Layer& layer) { return std::holds_alternative<Flatten>(layer.operation); }
bool is_dense(const Layer& layer) { return std::holds_alternative<Dense>(layer.operation); }
MapUse map_use(const Layer& layer) { return layer_kind(layer.operation).map_use(); }
bool is_elementwise(const Layer& layer) { return map_use(layer) == MapUse::kElementwise; }

class MapPlanner {
 public:
  MapPlanner(const Network& network, Isa isa, int64_t batch, Phase phase)
      : network_(network), readers_(network) {
    plan_.isa = isa;
    plan_.batch = batch;
    plan_.phase = phase;
  }

  MapPlan plan() && {
    choose_storage();
    choose_layouts();
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
  // layers do if their own readers do, for they keep the layout of their input.
  bool readers_take_any_layout(int index) const {
    const std::vector<int>& readers = readers_.of(index);
    return !readers.empty() && std::ranges::all_of(readers, [&](int reader) {
      return is_dense(layer(reader)) ||
             (is_elementwise(layer(reader)) && readers_take_any_layout(reader));
    });
  }

  Storage storage_of(int index) const {
    const Layer& self = layer(index);
    if (std::holds_alternative<Dropout>(self.operation)) {
      return plan_.phase == Phase::kTraining ? Storage::kOwn : Storage::kView;
    }
    if (is_flatten(self)) {
      return self.input_shape().is_vector() || readers_take_any_layout(index) ? Storage::kView
                                                                              : Storage::kOwn;
    }
    return map_use(self) != MapUse::kOwnOutput && is_only_reader(index) ? Storage::kInPlace
                                                                        : Storage::kOwn;
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

  void choose_storage() {
    for (size_t i = 0; i < network_.inputs.size(); ++i) {
      plan_.inputs.push_back({Storage::kOwn, network_input(i), {}});
    }
    for (int i = 0; i < layers(); ++i) {
      const Storage storage = storage_of(i);
      const int owner = storage == Storage::kOwn ? i : map(layer(i).input()).owner;
      plan_.outputs.push_back({storage, owner, {}});
    }
  }

  void choose_layouts() {
    for (size_t i = 0; i < network_.inputs.size(); ++i) {
      const FeatureShape& shape = network_.inputs[i].shape;
      plan_.inputs[i].layout = {
          shape, shape.channels, {}, readers_take_any_layout(network_input(i))};
    }
    for (int i = 0; i < layers(); ++i) {
      const Layer& self = layer(i);
      const MapLayout& input = map(self.input()).layout;
      if (map(i).storage != Storage::kOwn) {
        map(i).layout = input;
        continue;
      }
      // An elementwise layer behind a flatten that does nothing still works on the map.
      const FeatureShape& shape = is_elementwise(self) ? input.shape : self.output_shape;
      map(i).layout = {shape,
                       output_pitch(self, input.channel_pitch, plan_.isa),
                       {},
                       readers_take_any_layout(i)};
    }
  }

  // Gives each buffer the halo that the convolutions which read it want, be it through a view.
  void add_halos() {
    for (const Layer& self : network_.layers) {
      if (const auto* conv = std::get_if<Conv2d>(&self.operation)) {
        map(map(self.input()).owner)
            .layout.halo.cover(required_halo(*conv, self.input_shape(), self.output_shape));
      } else if (const auto* transposed = std::get_if<ConvTranspose2d>(&self.operation)) {
        map(map(self.input()).owner)
            .layout.halo.cover(required_halo(*transposed, self.input_shape(), self.output_shape));
      }
    }
    for (int i = 0; i < layers(); ++i) map(i).layout = map(map(i).owner).layout;
  }

  const Network& network_;
  const Readers readers_;
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
  constexpr std::array<std::string_view, 3> kNames = {"own", "in place", "view"};
  return kNames[static_cast<size_t>(storage)];
}

MapPlan plan_maps(const Network& network, Isa isa, int64_t batch, Phase phase) {
  if (batch < 1) {
    fail(ErrorKind::kInput, "{}: found batch {}, wanted at least 1", network.name, batch);
  }
  MapPlan plan = MapPlanner(network, isa, batch, phase).plan();
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
