#include "estimator/system/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

std::mutex guards_mutex;
int guards = 0;
std::array<struct sigaction, kSignals.size()> previous_actions;
int pipe_read_end = -1;

// The signal handler touches these and nothing else.
std::atomic<bool> signal_came = false;
std::atomic<int> pipe_write_end = -1;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void handle_signal(int) {
  const int saved_errno = errno;
  signal_came = true;
  // One byte that is never read keeps the pipe readable for every thread that waits. A full pipe
  // is readable already, so a failed write loses nothing.
  [[maybe_unused]] const ssize_t written = write(pipe_write_end, "", 1);
  errno = saved_errno;
}

void install_handlers() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    fail(ErrorKind::kFailed, "cannot make a pipe: {}", std::strerror(errno));
  }
  pipe_read_end = fds[0];
  pipe_write_end = fds[1];
  signal_came = false;
  struct sigaction action = {};
  action.sa_handler = handle_signal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &previous_actions[i]);
    if (previous_actions[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

void remove_handlers() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &previous_actions[i], nullptr);
  }
  close(pipe_read_end);
  close(pipe_write_end.exchange(-1));
  pipe_read_end = -1;
  signal_came = false;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  const std::lock_guard lock(guards_mutex);
  if (guards == 0) install_handlers();
  ++guards;
}

InterruptGuard::~InterruptGuard() {
  const std::lock_guard lock(guards_mutex);
  if (--guards == 0) remove_handlers();
}

bool interrupted() { return signal_came; }

int interrupt_fd() {
  const std::lock_guard lock(guards_mutex);
  return pipe_read_end;
}

void throw_if_interrupted() {
  if (interrupted()) fail(ErrorKind::kInterrupted, "interrupted");
}

}  // namespace wattgrind
