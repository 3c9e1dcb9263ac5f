// How an executable begins and ends on Linux, for each family of processors.
#pragma once

#include <cstdint>
#include <string>

#include "estimator/base/architecture.h"

namespace wattgrind {

struct StartUp {
  // The ELF word of the processor.
  uint16_t elf_machine = 0;
  // The largest page that systems of the family have: parts of a file that are loaded with other
  // rights lie so far apart. AArch64's have 4, 16 or 64 KiB.
  uint64_t page_bytes = 0;
  // Code with the functions `start_up`, which sets the stack pointer, maps the arena and goes to
  // `continuation`, and `chain_end`, which exits with status 0. Where the system does not give the
  // arena at its address, `start_up` exits with status 1.
  std::string assembly;
};

StartUp start_up(Architecture architecture, uint64_t arena_address, uint64_t arena_bytes);

}  // namespace wattgrind
