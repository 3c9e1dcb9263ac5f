// The person at the terminal answers for meters that are read by eye.
#pragma once

#include <optional>
#include <string>

#include "estimator/meters/meter.h"

namespace wattgrind {

class Console : public Operator {
 public:
  void tell(const std::string& message) override;
  std::optional<std::string> ask(const std::string& question) override;
};

}  // namespace wattgrind
