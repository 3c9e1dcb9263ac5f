// How an inference is put together: a kernel a layer on a buffer a map, as it is written, or as
// inference engines run it.
#pragma once

#include <utility>

#include "kernels/program/algorithm_request.h"
#include "kernels/program/fusion.h"
#include "kernels/program/memory_plan.h"
#include "kernels/program/program.h"

namespace wattgrind {

enum class Plan {
  kLayers,  // every layer alone; every map in a buffer of its own
  kFused    // layers fused (fusion.h); maps share memory (shared_memory.h)
};

// "layers", "fused"
std::string_view name(Plan plan);

struct PlanRequest {
  // A plan alone leaves the algorithms to the instruction set.
  PlanRequest(Plan of = Plan::kLayers, AlgorithmRequest by = {})
      : plan(of), algorithms(std::move(by)) {}

  Plan plan;
  AlgorithmRequest algorithms;
};

struct PlannedInference {
  Network network;                      // fused, or as read
  std::vector<std::vector<int>> parts;  // by its layer, those of the network as read
  Program program;
  MemoryPlan memory;  // of what shares memory; with kLayers nothing does
};

// Throws Error(kUsage) for a request that names a layer that there is not or that another's kernel
// holds, or an algorithm that applies to no layer.
PlannedInference plan_inference(const Network& network, const PlanRequest& request, Isa isa,
                                int64_t batch);

// The bytes of each kind of memory. Maps are what they take together where they share it, with the
// scratch memory of convolutions that is among them.
struct ProgramBytes {
  uint64_t inputs = 0, parameters = 0, maps = 0, scratch = 0;

  uint64_t total() const { return inputs + parameters + maps + scratch; }
};
ProgramBytes program_bytes(const PlannedInference& inference);

// A map, or of a training step a gradient or a mask, or a scratch buffer, and the kernels that use
// it first and last, by their numbers.
struct MapPlace {
  std::string name;
  uint64_t offset = 0;  // from the arena's first byte
  uint64_t bytes = 0;
  uint64_t first = 0, last = 0;
};
std::vector<MapPlace> map_places(const Program& program);

// The plan for people: what each kernel holds and by which algorithm, and where each map lies and
// for how long. Golden tests compare it.
std::string to_text(const PlannedInference& inference);

}  // namespace wattgrind
