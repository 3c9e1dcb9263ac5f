// What the builders of topologies share: their limits, and the text of a task in a network's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/network/short_form.h"

namespace wattgrind {

// ",classes=2,input=3x32x32", without what is not said where it is the default.
std::string task_text(const Task& task);

// Throws Error(kInput), begun by `where`, unless the size is from 1 to `most`.
void check_size(int64_t size, std::string_view key, int64_t most, std::string_view where);

}  // namespace wattgrind
