// Counting what a lowered network does to a machine's memory hierarchy.
//
// In this room a counted pass is one run through all steps of a program. Passes run one after the
// other on the same buffers:
//
//   empty caches --> pass 1 --> pass 2 --> ...      pass 1: a cold start; pass 2: the steady state
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/process.h"
#include "kernels/codegen/codegen.h"
#include "kernels/program/engine_plan.h"
#include "kernels/program/program.h"

namespace wattgrind {

// A file that a user may want to keep, such as an executable or a tool's output.
struct Artifact {
  std::string name;
  std::string content;
  FileKind kind = FileKind::kOrdinary;
};

struct CountedPass {
  std::vector<EventCounts> steps;  // what each step of the program did
  // For each step, its part by tensor; empty where the source cannot tell.
  std::vector<std::vector<TensorCounts>> tensors;
};

struct CountedPasses {
  std::vector<CountedPass> passes;
  std::optional<EventCounts> runtime;  // done by code of no step, before the first pass
  CountOrigin origin;
  std::vector<Artifact> artifacts;
};

// A source calls it with what it is about to do ("simulating conv1"), and as which part of how
// many, counted from 0, for a progress line.
using ProgressReport = std::function<void(std::string_view what, uint64_t done, uint64_t total)>;

class CountSource {
 public:
  virtual ~CountSource() = default;

  // The instruction set to lower programs for: the machine's, or the widest below it that this
  // source can count. Throws Error(kInput) where it can count none.
  virtual Isa isa(const Machine& machine) const = 0;

  // How the machine code is made that it counts or, if it runs none, stands for.
  virtual CodegenOptions code(Isa isa) const = 0;

  // Counts passes that run one after the other. The first begins with empty caches, each other one
  // with the caches as those before it left them. All must be programs of one arena, lowered for
  // isa(). The same program may come again: the second of two such passes is the steady state.
  // Throws Error(kInterrupted) between steps or pieces of them.
  virtual CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                              const ProgressReport& progress) = 0;
};

// This source runs an executable of the kernels under Valgrind's cachegrind, once for each cache
// level below the first. Each pass's kernels are functions of their own, so that one run tells all
// passes apart. What cachegrind takes for the last level holds their instructions too, which no
// other source models: where that is a small L2, kernels of much code (a training step's) lose some
// data lines there.
std::unique_ptr<CountSource> make_cachegrind_source(ProcessRunner& runner);

// This source simulates the kernels' access programs, either on the machine's own caches or on
// cachegrind's model of them, for the instruction set that cachegrind would run.
std::unique_ptr<CountSource> make_simulation_source(CacheModel model);

// This source runs the kernels here and lets them write down what they reference. For the machine's
// own caches they are as deployed (multiply-adds are fused where the instruction set can), for
// cachegrind's model as cachegrind would run them. Its isa() throws Error(kMissing) for a machine
// whose instructions this processor lacks.
std::unique_ptr<CountSource> make_trace_source(CacheModel model);

// This source simulates no caches: every reference hits the first level. What that costs is the
// least that the kernels can cost.
std::unique_ptr<CountSource> make_reference_source();

// This source adds to what `source` counts what the kernels' machine code tells: instructions, and
// cycles where the machine's profile names a core. The code is made while `source` counts. Its
// count() throws Error(kInput) too where LLVM has no model of the profile's core. `source` must
// outlive it.
std::unique_ptr<CountSource> make_instruction_source(CountSource& source);

// Lowers a network and counts its inference of `batch` images: from empty caches or, if `steady`,
// in the second of two passes. `artifacts`, unless null, receives the plan, the loop nests' text
// and what the source made.
NetworkCounts count_network(const Network& network, int64_t batch, const Machine& machine,
                            bool steady, CountSource& source, const ProgressReport& progress,
                            std::vector<Artifact>* artifacts, const PlanRequest& plan = {});

}  // namespace wattgrind
