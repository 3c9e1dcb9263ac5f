// What an exception that nothing else caught means to the user.
#pragma once

#include <exception>
#include <string>

#include "estimator/base/error.h"

namespace wattgrind {

struct Failure {
  ErrorKind kind;
  std::string message;
};

// An Error is what it says. Of the system's own exceptions those a user can do something about are
// told with the remedy: memory (kFailed), threads that cannot be made (kMissing), a file. Any other
// is a fault of ours: "unexpected: ...".
Failure describe_failure(const std::exception_ptr& exception);

}  // namespace wattgrind
