// A network's inference, compiled for this computer and run in its memory.
//
//   InferenceRun run(network, 8);                 parameters and inputs are zero
//   run.set_parameters(0, {weights, bias, {}});   for every layer that has any
//   run.set_input(0, images);
//   run.run();
//   run.map(network.outputs[0]);
//
// Values go in and out as frameworks order them: [image][channel][row][column].
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"
#include "kernels/program/engine_plan.h"
#include "kernels/run/native_program.h"

namespace wattgrind {

class InferenceRun {
 public:
  // Throws Error(kInput) where the network does not fit the arena, Error(kFailed) when the system
  // refuses memory.
  InferenceRun(const Network& network, int64_t batch, const PlanRequest& plan = {});
  // For an instruction set, and by code, that this computer runs.
  InferenceRun(const Network& network, int64_t batch, const PlanRequest& plan,
               const CodegenOptions& code);

  // The tensors must have as many values as the layer's own (layer_kind.h).
  void set_parameters(size_t layer, const LayerParameters& parameters);
  void set_input(size_t input, std::span<const float> images);

  // Runs every layer, in order, and calls after_layer(index), where it is given, once each layer's
  // map is there: of layers that one kernel computes, the last's. Layers that come later may
  // overwrite it.
  void run(const std::function<void(size_t)>& after_layer = {}) const;

  // Runs the kernels of a layer of the plan alone, on what its inputs hold.
  void run_layer(size_t planned) const;

  // What a layer's map, or that of an input of the network, holds now: of a map of bytes the values
  // that they stand for. The layer must be one whose map is stored.
  std::vector<float> map(int source) const;

 private:
  std::optional<uint32_t> buffer_of(size_t layer, BufferKind kind) const;
  std::span<float> floats_of(size_t layer, BufferKind kind) const;
  // Packs the parameters of a layer of the plan.
  void pack(size_t planned);
  void pack_on_bytes(size_t planned, const LayerParameters& parameters);
  // Fills maps of bytes with what stands for zero, as it has to around them.
  void clear_byte_maps();

  const Network network_;
  const PlannedInference planned_;
  std::vector<LayerParameters> parameters_;  // by layer of the network; empty until they are set
  std::vector<size_t> planned_layer_;        // by layer of the network, the plan's that holds it
  ProgramMemory memory_;
  NativeSteps kernels_;
};

}  // namespace wattgrind
