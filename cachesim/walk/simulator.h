// Runs access programs through a cache hierarchy and counts, without executing anything.
//
// Three ways of counting, all exact, each tested equal to the others:
//   kReference   every reference on its own (hierarchy.h).
//   kCollapsed   a line that references stay on is looked up once for all of them (segment.h).
//   kReplayed    also, iterations of outer loops that are proved to repeat earlier ones up to a
//                shift are not walked but replayed (replay.h).
// Memory is that of the caches, four bytes a level for each line of the programs' buffers and,
// while a loop is being replayed, the misses of one period. Nothing is ever extrapolated. A
// hierarchy for which a way of counting is not exact is simulated the way before;
// Simulator::counting says which it was.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/access_program.h"

namespace wattgrind {

enum class Counting { kReference, kCollapsed, kReplayed };

std::string_view name(Counting counting);

struct Simulation {
  ProgramTraffic traffic;
  uint64_t replayed_references = 0;  // of the program's references; the others were walked
};

// One way of counting: the caches and how to walk a program through them.
class Walker {
 public:
  virtual ~Walker() = default;
  virtual Simulation run(const AccessProgram& program) = 0;  // a valid one
};

class Simulator {
 public:
  // Caches start empty. Throws Error(kInput) as validate(config) does.
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
