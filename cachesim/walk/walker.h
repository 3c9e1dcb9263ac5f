// What every way of walking a program through caches has in common.
#pragma once

#include <cstdint>

#include "cachesim/model/traffic.h"
#include "cachesim/program/access_program.h"

namespace wattgrind {

struct Simulation {
  ProgramTraffic traffic;
  // How many of the program's references were replayed; all the others were walked.
  uint64_t replayed_references = 0;
};

// A walker owns the caches it walks programs through; they start empty.
class Walker {
 public:
  virtual ~Walker() = default;

  // Runs a valid program on the caches as the programs before it left them.
  virtual Simulation run(const AccessProgram& program) = 0;
};

}  // namespace wattgrind
