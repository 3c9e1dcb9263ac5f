// The executable that runs under cachegrind: kernels at fixed addresses, and nothing else.
//
// It is static, uses no libc and makes two kinds of system call (mmap, exit). What it does, data
// references included, is a function of the calls alone: neither environment nor arguments are
// looked at, the stack and the arena are its own. Its functions are the calls, under their symbols,
// and `runtime`, which maps the arena and begins the first call.
//
// Data references: a call makes those its nest names and, where registers run out, those of spilled
// registers; `runtime` makes none. Valgrind does not count a load whose result nobody
// uses; nests have none. Kernels multiply and add separately: Valgrind emulates fused multiply-adds
// lane by lane, 60 times slower.
//
// It exits with status 0, or 1 if the system refuses the arena.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/layout/arena.h"

namespace wattgrind {

// The function of an executable that is no call. Not `_start`: Valgrind calls that "(below main)".
inline constexpr std::string_view kRuntimeSymbol = "runtime";

struct ExecutableSpec {
  Isa isa = Isa::kAvx2;                    // not kAvx512 for Valgrind 3.19, which does not run it
  uint64_t arena_address = kArenaAddress;  // a multiple of the page size
  uint64_t arena_bytes = 0;
  std::vector<KernelCall> calls;  // in order; buffers in the arena
};

// The bytes of the file.
std::vector<uint8_t> make_executable(const ExecutableSpec& spec);

}  // namespace wattgrind
