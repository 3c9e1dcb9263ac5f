// The hash by which a content policy allows a style or a script: "sha256-..." (W3C, Content
// Security Policy Level 3).
#pragma once

#include <string>
#include <string_view>

namespace wattgrind {

std::string policy_hash(std::string_view text);

}  // namespace wattgrind
