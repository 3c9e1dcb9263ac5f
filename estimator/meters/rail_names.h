// Names of rails that tell them apart.
#pragma once

#include <string>
#include <vector>

namespace wattgrind {

// Two rails may bear one name: two sockets that are both "package-0", two channels without a label.
// The name of each, followed where others share it by where the rail was found: "package-0
// (intel-rapl:1)". As many places as names; no two rails have one place.
std::vector<std::string> distinct_names(const std::vector<std::string>& names,
                                        const std::vector<std::string>& places);

}  // namespace wattgrind
