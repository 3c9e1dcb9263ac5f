// Runs access programs through a cache hierarchy and counts, without executing anything.
//
// There are three ways of counting. All are exact, and each is tested against the same oracle:
//   kReference   looks up every reference on its own (reference_model.h).
//   kCollapsed   looks up a line once for all the references that stay on it (segment.h).
//   kReplayed    does so too, and does not walk those iterations of outer loops that are proved to
//                repeat earlier ones up to a shift: it replays them (replay.h).
// Where a way of counting would not be exact for a hierarchy, the simulator takes the one above it
// in this list; Simulator::counting says which one it took. Nothing is ever extrapolated.
//
// The simulator needs memory for the caches' contents, four bytes a level for each line of the
// programs' buffers and, while a loop is being replayed, the misses of one period.
#pragma once

#include <memory>
#include <string_view>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/program/access_program.h"
#include "cachesim/walk/walker.h"

namespace wattgrind {

enum class Counting { kReference, kCollapsed, kReplayed };

std::string_view name(Counting counting);

class Simulator {
 public:
  // The caches start empty, and are walked the fastest exact way up to `fastest`. Throws
  // Error(kInput) as validate(config) does.
  explicit Simulator(const HierarchyConfig& config, Counting fastest = Counting::kReplayed);

  // Runs the program on the caches as the programs before it left them: a network's layers run one
  // after the other, and a second pass over them is the steady state. Throws Error(kInput) as
  // validate(program) does, and for buffers beyond 2^31 - 1 lines (128 GiB at 64 bytes a line),
  // which only kReference can address.
  Simulation run(const AccessProgram& program);

  Counting counting() const { return counting_; }

 private:
  Counting counting_;
  std::unique_ptr<Walker> walker_;
};

}  // namespace wattgrind
