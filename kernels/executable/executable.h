// The executable that runs under cachegrind: kernels at fixed addresses, and nothing else.
//
// It is static, uses no libc and makes two kinds of system call (mmap, exit). What it does, data
// references included, depends on the calls alone: it looks at neither environment nor arguments,
// and the stack and the arena are its own. Its functions are the calls, under their symbols, and
// `runtime`. They run as a chain (codegen.h):
//
//   runtime: maps the arena --> first call --> ... --> last call --> runtime: exits
//
// A call makes the data references that its nest names and, where registers run out, those of
// spilled registers; `runtime` makes none. Valgrind does not count a load whose result nobody uses,
// and nests have none. Kernels multiply and add separately, because Valgrind emulates fused
// multiply-adds lane by lane, 60 times slower.
//
// It exits with status 0, or 1 if the system refuses the arena.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/layout/arena.h"

namespace wattgrind {

// The name of the one function that is no call. It is not `_start`, which Valgrind shows as "(below
// main)".
inline constexpr std::string_view kRuntimeSymbol = "runtime";

struct ExecutableSpec {
  Isa isa = Isa::kAvx2;                    // not kAvx512 for Valgrind 3.19, which does not run it
  uint64_t arena_address = kArenaAddress;  // a multiple of the page size
  uint64_t arena_bytes = 0;
  std::vector<KernelCall> calls;  // at least one, in order, on buffers in the arena
};

// The bytes of the file.
std::vector<uint8_t> make_executable(const ExecutableSpec& spec);

}  // namespace wattgrind
