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

// An Error becomes its own kind and message. Some of the system's exceptions are told with a
// remedy, because a user can do something about them: memory that runs out (kFailed), threads that
// cannot be made (kMissing), a file. Any other exception is a fault of ours and becomes
// "unexpected: ...".
Failure describe_failure(const std::exception_ptr& exception);

}  // namespace wattgrind
