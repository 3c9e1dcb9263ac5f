// SIGINT and SIGTERM as something long work can ask about and wait for.
#pragma once

namespace wattgrind {

// While one is alive, the first SIGINT or SIGTERM does not end the process but makes
// `interrupted()` true; a second one ends it. A signal that was ignored stays ignored (nohup).
// Guards nest; the outermost installs the handlers and puts back what was there before.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

// Whether a signal came since the outermost guard was made; false without a guard.
bool interrupted();

// Becomes readable, for poll(), when a signal comes; never read from it. -1 without a guard.
int interrupt_fd();

// Throws Error(kInterrupted) if a signal came.
void throw_if_interrupted();

}  // namespace wattgrind
