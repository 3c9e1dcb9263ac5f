#include "kernels/codegen/codegen.h"

#include <llvm-c/Core.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Pass.h>
#include <llvm/Target/TargetMachine.h>

#include <cstring>

#include "estimator/base/architecture.h"
#include "estimator/base/error.h"
#include "kernels/codegen/chain.h"
#include "kernels/codegen/object_code.h"
#include "kernels/codegen/trace_pass.h"

namespace wattgrind {
using llvm::Value;

namespace {

// Makes the code at `bytes`, which lies at `address`, name `target`.
void fill(uint8_t* bytes, FixupForm form, uint64_t address, uint64_t target) {
  if (form == FixupForm::kAddress) {
    std::memcpy(bytes, &target, sizeof target);
    return;
  }
  constexpr int64_t kReach = int64_t{1} << 27;
  constexpr uint32_t kDistanceBits = 0x03ffffff;
  const auto distance_bytes = static_cast<int64_t>(target - address);
  CHECK(distance_bytes >= -kReach && distance_bytes < kReach && distance_bytes % 4 == 0,
        "a branch over {} bytes", distance_bytes);
  uint32_t instruction = 0;
  std::memcpy(&instruction, bytes, sizeof instruction);
  instruction =
      (instruction & ~kDistanceBits) | (static_cast<uint32_t>(distance_bytes / 4) & kDistanceBits);
  std::memcpy(bytes, &instruction, sizeof instruction);
}

}  // namespace

MachineCode generate_functions(std::span<const LoopNest* const> nests,
                               const CodegenOptions& options) {
  const auto machine = make_target_machine(options);
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  llvm::FunctionType* type = llvm::FunctionType::get(
      llvm::Type::getVoidTy(context), {llvm::PointerType::getUnqual(context)}, false);
  for (const LoopNest* nest : nests) {
    llvm::Function* function = create_kernel(module, type, nest->name, options);
    llvm::IRBuilder<> builder(&function->back());
    std::vector<Value*> buffers;
    for (size_t i = 0; i < nest->buffers.size(); ++i) {
      Value* slot = builder.CreateConstGEP1_64(builder.getPtrTy(), function->getArg(0), i);
      buffers.push_back(builder.CreateLoad(builder.getPtrTy(), slot));
    }
    emit_nest(*nest, options, Lookups::kIndexedRow, *function, std::move(buffers));
    llvm::IRBuilder<>(&function->back()).CreateRetVoid();
  }
  MachineCode code = compile(module, *machine);
  for (size_t i = 0; i < nests.size(); ++i) code.functions[i].name = nests[i]->name;
  return code;
}

MachineCode generate_chain(std::span<const KernelCall> calls, const CodegenOptions& options) {
  BlockRunsMap runs;
  return compile_chain(calls, options, runs, nullptr);
}

TracedChain generate_traced_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                                  uint64_t frame_address) {
  CHECK(architecture_of(options.isa) == Architecture::kX86, "a trace of {}",
        traits(options.isa).name);
  TracedChain chain;
  BlockRunsMap runs;
  chain.code =
      compile_chain(calls, options, runs, make_trace_pass(frame_address, chain.most_records));
  return chain;
}

void fill_addresses(MachineCode& code, uint64_t address, uint64_t continuation) {
  for (const AddressFixup& fixup : code.fixups) {
    const uint64_t target =
        fixup.target_offset_bytes ? address + *fixup.target_offset_bytes : continuation;
    fill(code.text.data() + fixup.offset_bytes, fixup.form, address + fixup.offset_bytes, target);
  }
}

MachineCode assemble(const std::string& source, Isa isa) {
  const auto machine = make_target_machine({.isa = isa});
  llvm::LLVMContext context;
  llvm::Module module("assembly", context);
  module.setModuleInlineAsm(source);
  return compile(module, *machine);
}

std::string llvm_version() {
  unsigned version[3] = {};
  LLVMGetVersion(&version[0], &version[1], &version[2]);
  return fmt::format("{}.{}.{}", version[0], version[1], version[2]);
}

}  // namespace wattgrind
