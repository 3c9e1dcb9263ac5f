// What a loop nest asks of a core whose caches never miss: cycles by a port model, and iterations.
//
// The model is that of static throughput analysers (Laukemann et al., OSACA, PMBS 2018; Stengel et
// al., ECM, ICS 2015): a loop's body takes as long as its busiest port, or as the longest chain of
// results that an iteration hands to the next, whichever is longer; an access across two lines of
// 64 bytes is two. The model leaves out instructions that spill or move registers, the front end,
// and what overlaps between one loop and the next.
#pragma once

#include <cstdint>

#include "kernels/nest/nest.h"

namespace wattgrind {

struct CoreWork {
  // The cycles that each loop's busiest port is taken, summed over the loops.
  double port_cycles = 0;
  // The cycles by which each loop's longest chain of results outlasts its busiest port, summed.
  double waiting_cycles = 0;
  // The iterations of all loops. Each costs a branch and the advance of its pointers.
  uint64_t iterations = 0;
};

CoreWork core_work(const LoopNest& nest);

}  // namespace wattgrind
