// The two kinds of failure.
//
// An `Error` is a fault of the user or of the system. It says in one line what was found where,
// what was wanted and how to fix it, and is handled only in cli/, where its kind becomes the exit
// status. A failing `CHECK` is a fault of ours. It is always on, prints what it compared and
// aborts.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace wattgrind {

// The value is the exit status of the program.
enum class ErrorKind {
  kFailed = 1,        // the run failed: a full disk, a killed child
  kUsage = 2,         // the command line is wrong
  kInput = 3,         // a network, machine, config or data file, or a name for one, is wrong
  kMissing = 4,       // something is missing on this system; the message names the remedy
  kInterrupted = 130  // the user stopped it
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// Returns what `action` returns. An Error that it throws passes on with `where` before its message:
// the file and the key, say, that named what could not be read, or the option that asked for it.
template <typename Action>
auto within(std::string_view where, Action&& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", where, error.what()));
  }
}

// Prints the message to stderr and aborts. Called by CHECK only.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& values);

}  // namespace wattgrind

// CHECK(condition, "format", values...): the values are what a reader needs to see why it failed.
#define CHECK(condition, ...)                                                              \
  do {                                                                                     \
    if (!(condition)) [[unlikely]] {                                                       \
      ::wattgrind::check_failed(__FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__)); \
    }                                                                                      \
  } while (false)
