#include "kernels/program/gradient_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"

namespace wattgrind {
namespace {

std::vector<bool> depending_layers(const Network& network) {
  std::vector<bool> depends;
  for (const Layer& layer : network.layers) {
    const bool reads_any = std::ranges::any_of(layer.inputs, [&](int source) {
      return !is_network_input(source) && depends[static_cast<size_t>(source)];
    });
    depends.push_back(layer.parameters > 0 || reads_any);
  }
  if (network.parameters() == 0) {
    fail(ErrorKind::kInput, "{}: no layer has parameters to train", network.name);
  }
  return depends;
}

std::vector<int> writers_of(const Network& network, const MapPlan& maps, int owner) {
  std::vector<int> layers;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (maps.outputs[i].owner == owner) continue;
    for (const int input : network.layers[i].inputs) {
      if (maps.map(input).owner == owner) layers.push_back(static_cast<int>(i));
    }
  }
  return layers;
}

}  // namespace

const PlannedGradient* GradientPlan::find(int owner) const {
  const auto found = gradients.find(owner);
  return found == gradients.end() ? nullptr : &found->second;
}

GradientPlan plan_gradients(const Network& network, const MapPlan& maps) {
  GradientPlan plan{depending_layers(network), {}};
  for (int i = 0; i < static_cast<int>(network.layers.size()); ++i) {
    if (!plan.needs_gradient(i) || maps.map(i).owner != i) continue;
    const Layer& layer = network.layers[static_cast<size_t>(i)];
    const MapLayout& map = maps.map(i).layout;
    PlannedGradient gradient{{map.shape, map.channel_pitch, {}, map.staggers_images},
                             writers_of(network, maps, i)};
    const auto* conv = std::get_if<Conv2d>(&layer.operation);
    if (conv != nullptr && plan.needs_gradient(layer.input())) {
      gradient.layout.halo = required_gradient_halo(*conv, layer.input_shape(), layer.output_shape);
    }
    const auto* transposed = std::get_if<ConvTranspose2d>(&layer.operation);
    if (transposed != nullptr) {
      gradient.layout.halo =
          required_gradient_halo(*transposed, layer.input_shape(), layer.output_shape);
    }
    plan.gradients[i] = std::move(gradient);
  }
  return plan;
}

std::string to_text(const GradientPlan& plan, const Network& network) {
  std::string text = fmt::format("gradients of {}\n", network.name);
  const auto name_of = [&](int layer) { return network.layers[static_cast<size_t>(layer)].name; };
  for (const auto& [owner, gradient] : plan.gradients) {
    std::vector<std::string> readers;
    std::ranges::transform(gradient.readers, std::back_inserter(readers), name_of);
    const Halo& halo = gradient.layout.halo;
    text += fmt::format("{}: pitch {}, halo {} {} {} {}, from {}\n", name_of(owner),
                        gradient.layout.channel_pitch, halo.top, halo.left, halo.bottom, halo.right,
                        readers.empty() ? "the loss" : fmt::to_string(fmt::join(readers, " + ")));
  }
  return text;
}

}  // namespace wattgrind
