// What a loop nest asks of a core whose caches never miss: cycles by a port model, and iterations.
//
// The model is that of static throughput analysers (Laukemann et al., OSACA, PMBS 2018; Stengel et
// al., ECM, ICS 2015): a loop's body takes as long as its busiest port, or as the longest chain of
// results that an iteration hands to the next, whichever is longer; an access across two lines of
// 64 bytes is two. Left out: instructions that spill or move registers, the front end, and what
// overlaps between one loop and the next.
#pragma once

#include <cstdint>

#include "kernels/nest/nest.h"

namespace wattgrind {

struct CoreWork {
  double port_cycles = 0;     // of the busiest port, loop by loop
  double waiting_cycles = 0;  // that the longest chain takes longer, loop by loop
  uint64_t iterations = 0;    // of all loops: a branch and its pointers' steps each
};

CoreWork core_work(const LoopNest& nest);

}  // namespace wattgrind
