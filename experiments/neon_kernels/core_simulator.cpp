#include "experiments/neon_kernels/core_simulator.h"

#include <algorithm>
#include <cstdlib>

#include "estimator/base/error.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {
namespace {

constexpr int kIterations = 200;

// The number behind a word in what llvm-mca prints: "Total Cycles:      1234".
double number_behind(const std::string& printed, const std::string& word) {
  const size_t place = printed.find(word);
  CHECK(place != std::string::npos, "llvm-mca does not print {}", word);
  return std::strtod(printed.c_str() + place + word.size(), nullptr);
}

}  // namespace

std::string CoreSimulator::run(std::vector<std::string> argv) {
  constexpr size_t kMostBytes = size_t{64} << 20;
  const std::string program = argv[0];
  const ProcessResult result = processes_->run({.argv = std::move(argv),
                                                .environment = {"PATH=/usr/bin:/bin"},
                                                .captured_bytes = kMostBytes});
  const auto* exited = std::get_if<ProcessExited>(&result.end);
  if (exited == nullptr || exited->status != 0) {
    fail(ErrorKind::kMissing, "{} failed: {}; install llvm-19", program, result.error);
  }
  return result.out;
}

std::vector<AssemblyInstruction> CoreSimulator::disassemble(const std::vector<uint8_t>& code) {
  // llvm-objdump wants an object: the assembler makes one.
  const auto assembly = folder_.path() / "code.s", object = folder_.path() / "code.o";
  std::string words = "code:\n";
  for (size_t i = 0; i + 4 <= code.size(); i += 4) {
    words += fmt::format(".inst {:#x}\n", code[i] | code[i + 1] << 8 | code[i + 2] << 16 |
                                              static_cast<uint32_t>(code[i + 3]) << 24);
  }
  write_file(assembly, words, FileKind::kOrdinary);
  run({"llvm-mc-19", "-triple=aarch64-linux-gnu", "-mattr=+v8.2a,+dotprod", "-filetype=obj", "-o",
       object.string(), assembly.string()});
  return parse_disassembly(run({"llvm-objdump-19", "-d", "--no-show-raw-insn", object.string()}));
}

std::vector<std::pair<std::string, std::vector<AssemblyInstruction>>> CoreSimulator::functions_of(
    const std::filesystem::path& archive, const std::string& beginning) {
  std::vector<std::pair<std::string, std::vector<AssemblyInstruction>>> functions;
  const std::string symbols = run({"llvm-nm-19", "--defined-only", "-g", "-j", archive.string()});
  for (size_t begin = 0; begin < symbols.size();) {
    const size_t end = std::min(symbols.find('\n', begin), symbols.size());
    const std::string name = symbols.substr(begin, end - begin);
    begin = end + 1;
    if (!name.starts_with(beginning)) continue;
    functions.emplace_back(
        name, parse_disassembly(run({"llvm-objdump-19", "-d", "--no-show-raw-insn",
                                     "--disassemble-symbols=" + name, archive.string()})));
  }
  return functions;
}

double CoreSimulator::cycles(const std::vector<AssemblyInstruction>& loop,
                             const std::string& core) {
  // The branch stays an instruction: llvm-mca takes it as not taken, and goes on with the next
  // iteration.
  std::string source;
  for (const AssemblyInstruction& instruction : loop) source += instruction.text + "\n";
  const auto assembly = folder_.path() / "loop.s";
  write_file(assembly, source, FileKind::kOrdinary);
  const std::string printed = run({"llvm-mca-19", "-mtriple=aarch64-linux-gnu", "-mcpu=" + core,
                                   fmt::format("-iterations={}", kIterations), assembly.string()});
  return number_behind(printed, "Total Cycles:") / kIterations;
}

}  // namespace wattgrind
