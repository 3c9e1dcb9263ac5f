// Processes, told apart for longer than their ids are: who holds a lease, and is he still there?
#pragma once

#include <string>
#include <string_view>

namespace wattgrind {

// This process by a name no other has, on any host at any time: the boot of the system, the
// namespace of process ids, the id, and when the process started.
std::string process_identity();

// Whether the process of that identity has ended. False where that cannot be seen from here:
// another host, another container.
bool has_ended(std::string_view identity);

// For people: "HOST:ID".
std::string process_name();

}  // namespace wattgrind
