// Counting what a lowered network does to a machine's memory hierarchy.
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
#include "kernels/program/program.h"

namespace wattgrind {

// A file worth keeping: an executable, a tool's output.
struct Artifact {
  std::string name;
  std::string content;
  FileKind kind = FileKind::kOrdinary;
};

struct CountedPass {
  std::vector<EventCounts> steps;                  // by step of the program
  std::vector<std::vector<TensorCounts>> tensors;  // by step; none where the source can't tell
};

struct CountedPasses {
  std::vector<CountedPass> passes;
  std::optional<EventCounts> runtime;  // code that belongs to no step; before the first pass
  CountOrigin origin;
  std::vector<Artifact> artifacts;
};

// Called with what is being done, for a progress line.
using ProgressReport = std::function<void(std::string_view)>;

class CountSource {
 public:
  virtual ~CountSource() = default;

  // The instruction set to lower for: the machine's, as far as this source can count it. Throws
  // Error(kInput) where it cannot.
  virtual Isa isa(const Machine& machine) const = 0;

  // Counts passes that run one after the other, the first from empty caches, each on the caches as
  // those before it left them. All are programs of one arena, lowered for isa(); the same program
  // may come again: the second of two passes is the steady state. Throws Error(kInterrupted)
  // between steps or pieces of them.
  virtual CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                              const ProgressReport& progress) = 0;
};

// An executable of the same kernels under Valgrind's cachegrind: one run a level below the first.
// Each pass's kernels are functions of their own, so that one run tells all passes apart. What
// cachegrind takes for the last level holds their instructions too, which no other source models:
// where that is a small L2, kernels of much code (a training step's) lose some data lines there.
std::unique_ptr<CountSource> make_cachegrind_source(ProcessRunner& runner);

// The simulator walks the kernels' access programs: the machine's own caches, or cachegrind's model
// of them for the instruction set cachegrind would run.
std::unique_ptr<CountSource> make_simulation_source(CacheModel model);

// The kernels themselves, run here, write down what they reference: as deployed (multiply-adds
// fused where the instruction set has them) for the machine's own caches, or as cachegrind would
// run them for cachegrind's model. `isa` throws Error(kMissing) for a machine whose instructions
// this processor lacks.
std::unique_ptr<CountSource> make_trace_source(CacheModel model);

// No caches: every reference hits the first level. What that costs is the least that the kernels
// can cost, known without simulating them.
std::unique_ptr<CountSource> make_reference_source();

// Lowers and counts a network. `artifacts`, if wanted, receives the loop nests' text and what the
// source made.
NetworkCounts count_network(const Network& network, int64_t batch, const Machine& machine,
                            bool steady, CountSource& source, const ProgressReport& progress,
                            std::vector<Artifact>* artifacts);

}  // namespace wattgrind
