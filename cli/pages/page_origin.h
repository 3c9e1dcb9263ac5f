// What a page tells of how it was made.
#pragma once

#include <string>

namespace wattgrind {

struct PageOrigin {
  std::string command;  // as it could be typed again: "wattgrind estimate lenet5 --report r.html"
  std::string version;  // of the program: "0.1.0"
};

}  // namespace wattgrind
