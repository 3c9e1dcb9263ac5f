// Lets the maps of an inference lie where earlier ones lay that nobody reads any more, as engines
// do.
#pragma once

#include "kernels/program/memory_plan.h"
#include "kernels/program/program.h"

namespace wattgrind {

// Gives the program's maps new addresses behind its inputs, parameters and scratch buffers, which
// stay apart (some of the latter hold zeros that nobody writes), and clears what lies beside a map,
// where readers want zeros, before it is written ("conv1:halo"). The network's outputs live to the
// end. Buffers overlap from then on. Returns the plan of the buffers that share.
MemoryPlan share_memory(Program& program, const Network& network);

}  // namespace wattgrind
