// The message of the Error an expression throws, checked to be one line and of the kind wanted.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "estimator/base/error.h"

namespace wattgrind {

template <typename Action>
std::string error_text(Action&& action, ErrorKind kind = ErrorKind::kInput) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  return "nothing thrown";
}

}  // namespace wattgrind
