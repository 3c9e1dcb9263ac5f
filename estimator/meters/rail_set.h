// Rails that a meter samples one after the other: what they are, and how one is read.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wattgrind {

struct MeteredRail {
  std::string name;       // no two rails of a set have one name
  bool in_total = false;  // false: a rail in the total feeds it, or it is not the machine's
};

// The power of a rail, or why it is not known ("/sys/...: No data available").
struct RailRead {
  std::optional<double> value;  // in watts
  std::string problem;
  int error = 0;          // errno where a file could not be read
  std::string file = {};  // the one that could not
};

class RailSet {
 public:
  virtual ~RailSet() = default;

  virtual std::vector<MeteredRail> rails() const = 0;  // at least one of them in the total
  // What was left out, and what the total lacks.
  virtual std::vector<std::string> notes() const = 0;

  // Begins a sample: what follows is read now.
  virtual void begin_sample() {}
  virtual RailRead read(size_t rail) = 0;
};

}  // namespace wattgrind
