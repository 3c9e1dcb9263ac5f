// Processes, told apart for longer than their ids are: who holds a lease, and is he still there?
#pragma once

#include <string>
#include <string_view>

namespace wattgrind {

// A name that no other process has, on any host at any time. It is made of the boot of the system,
// the namespace of process ids, this process's id and when it started.
std::string process_identity();

// Whether the process of that identity has ended. False where that cannot be seen, because the
// process belongs to another host or container.
bool has_ended(std::string_view identity);

// This process as people are told of it: "HOST:ID".
std::string process_name();

}  // namespace wattgrind
