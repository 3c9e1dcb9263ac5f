// A clock of what one thread has run.
#pragma once

#include "estimator/system/clock.h"

namespace wattgrind {

// now_s() is the CPU time of the thread that asks: it stands still while other work has the CPU, so
// that a busy machine's time slices are no part of what is timed. What others do to caches and
// memory still is. sleep_until() is not meaningful and CHECKs.
Clock& thread_clock();

}  // namespace wattgrind
