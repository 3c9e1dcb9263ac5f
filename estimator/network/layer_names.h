// Names for the layers of a network that comes from elsewhere, where other characters are allowed.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace wattgrind {

inline constexpr size_t kMaxNameLength = 64;

class LayerNames {
 public:
  // A well-formed name (network.h) that was not taken before: `wanted`, with "_" for what may not
  // stand in names; begun by `kind` and "_" where it would not begin with a letter; without its
  // middle where it is too long; and with a number behind it where it is taken or reserved.
  std::string take(std::string_view wanted, std::string_view kind);

 private:
  std::set<std::string> taken_ = {"runtime", "total"};
  std::map<std::string, int> last_number_;
};

}  // namespace wattgrind
