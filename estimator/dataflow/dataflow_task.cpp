#include "estimator/dataflow/dataflow_task.h"

#include <algorithm>

namespace wattgrind {
namespace {

PaddedInput padded_input(const Layer& layer, const FeatureShape& shape) {
  PaddedInput input;
  input.rows = static_cast<uint64_t>(shape.height);
  input.columns = static_cast<uint64_t>(shape.width);
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    input.top = static_cast<uint64_t>(conv->window.pad_top);
    input.bottom = static_cast<uint64_t>(conv->window.pad_bottom);
    input.left = static_cast<uint64_t>(conv->window.pad_left);
    input.right = static_cast<uint64_t>(conv->window.pad_right);
  }
  return input;
}

// What the windows of a transposed convolution's problem reach beyond the map, if they do; the rest
// of a map that they do not reach is left out.
void pad_transposed(const LayerProblem& problem, PaddedInput& input) {
  const auto pad = [](uint64_t reached, uint64_t& size, uint64_t& before, uint64_t& after) {
    size = std::min(size, reached);
    before = (reached - size) / 2;
    after = reached - size - before;
  };
  pad(problem.ifmap_rows(), input.rows, input.top, input.bottom);
  pad(problem.ifmap_columns(), input.columns, input.left, input.right);
}

}  // namespace

DataflowTasks tasks_of(const Network& network, int64_t images) {
  DataflowTasks tasks{network.name, images, {}};
  for (const Layer& layer : network.layers) {
    DataflowTask task;
    task.name = layer.name;
    task.kind = kind_name(layer.operation);
    const FeatureShape input = std::holds_alternative<Dense>(layer.operation)
                                   ? unflattened_input(network, layer)
                                   : layer.input_shape();
    task.problem = layer_problem(layer, input, images);
    task.reads_network_input =
        std::any_of(layer.inputs.begin(), layer.inputs.end(), is_network_input);
    task.input = padded_input(layer, input);
    if (std::holds_alternative<ConvTranspose2d>(layer.operation)) {
      pad_transposed(task.problem.value(), task.input);
    }
    tasks.layers.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace wattgrind
