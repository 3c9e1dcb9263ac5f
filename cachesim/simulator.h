// Runs access programs through a cache hierarchy and counts, without executing anything.
//
// Counting::kReference runs every reference on its own (hierarchy.h). Nothing is extrapolated.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cachesim/access_program.h"
#include "cachesim/hierarchy_config.h"
#include "cachesim/traffic.h"

namespace wattgrind {

enum class Counting { kReference };

std::string_view name(Counting counting);

struct Simulation {
  ProgramTraffic traffic;
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
  explicit Simulator(const HierarchyConfig& config, Counting fastest = Counting::kReference);

  // Runs the program on the caches as the programs before it left them: a network's layers run one
  // after the other, and a second pass over them is the steady state. Throws Error(kInput) as
  // validate(program) does.
  Simulation run(const AccessProgram& program);

  Counting counting() const { return counting_; }

 private:
  Counting counting_;
  std::unique_ptr<Walker> walker_;
};

}  // namespace wattgrind
