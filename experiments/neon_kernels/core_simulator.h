// LLVM's tools, run as programs: llvm-objdump reads machine code, llvm-mca simulates a core's
// pipelines on a loop of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "estimator/system/process.h"
#include "estimator/system/scratch_folder.h"
#include "experiments/neon_kernels/assembly_loops.h"

namespace wattgrind {

class CoreSimulator {
 public:
  // The machine code of one function.
  std::vector<AssemblyInstruction> disassemble(const std::vector<uint8_t>& code);
  // The functions of an archive whose names begin so, each by its name.
  std::vector<std::pair<std::string, std::vector<AssemblyInstruction>>> functions_of(
      const std::filesystem::path& archive, const std::string& beginning);

  // Cycles of one iteration of a loop on the core, by LLVM's name of it, if no cache misses.
  double cycles(const std::vector<AssemblyInstruction>& loop, const std::string& core);

 private:
  std::string run(std::vector<std::string> argv);

  ScratchFolder folder_;
  std::unique_ptr<ProcessRunner> processes_ = make_process_runner();
};

}  // namespace wattgrind
