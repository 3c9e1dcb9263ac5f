// The lines around tables: what they quote may be anybody's text.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>

#include "estimator/base/printable.h"

namespace wattgrind {

// Formats as fmt::format() does, with all text that is put in escaped (estimator/base/printable.h),
// line feeds too: the name of a network cannot break the line that it stands in. Numbers and such
// stay as they are. What has lines of its own, such as a table, is added afterwards.
template <typename... Args>
std::string sentence(fmt::format_string<Args...> format, const Args&... args) {
  const auto in_a_line = [](const auto& arg) {
    using Arg = std::decay_t<decltype(arg)>;
    if constexpr (std::is_convertible_v<Arg, std::string_view>) {
      return printable(arg);
    } else {
      return arg;
    }
  };
  return [format](const auto&... safe) {
    return fmt::vformat(format, fmt::make_format_args(safe...));
  }(in_a_line(args)...);
}

}  // namespace wattgrind
