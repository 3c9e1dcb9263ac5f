// Long work can ask whether SIGINT or SIGTERM came, and wait for them.
#pragma once

namespace wattgrind {

// While a guard is alive, the first SIGINT or SIGTERM does not end the process but makes
// `interrupted()` true; a second one ends it. A signal that the process ignores, as under nohup,
// stays ignored. Guards nest: the outermost installs the handlers and puts the old ones back.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

// Tells whether a signal came since the outermost guard was made; false without a guard.
bool interrupted();

// A descriptor for poll() that becomes readable when a signal comes; nobody may read from it. It is
// -1 without a guard.
int interrupt_fd();

// Throws Error(kInterrupted) if a signal came.
void throw_if_interrupted();

}  // namespace wattgrind
