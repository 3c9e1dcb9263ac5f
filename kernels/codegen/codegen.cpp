#include "kernels/codegen/codegen.h"

#include <llvm-c/Core.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Pass.h>
#include <llvm/Target/TargetMachine.h>

#include <cstring>

#include "estimator/base/error.h"
#include "kernels/codegen/emit_nest.h"
#include "kernels/codegen/object_code.h"
#include "kernels/codegen/trace_pass.h"

namespace wattgrind {
namespace {

using llvm::Value;

llvm::Function* create_function(llvm::Module& module, llvm::FunctionType* type,
                                const std::string& name, const CodegenOptions& options) {
  llvm::Function* function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module);
  function->setDSOLocal(true);
  function->setDoesNotThrow();
  function->addFnAttr("no-builtins");
  function->addFnAttr("no-realign-stack");  // would push and pop a frame pointer
  if (options.isa == Isa::kAvx512) {        // x86-64-v4 by itself prefers 256-bit vectors
    function->addFnAttr("prefer-vector-width", "512");
    function->addFnAttr("min-legal-vector-width", "512");
  }
  llvm::BasicBlock::Create(module.getContext(), "entry", function);
  return function;
}

llvm::FunctionType* jump_type(llvm::LLVMContext& context) {
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
}

// Puts an address in a register. LLVM must not see the constant, or it would make another constant
// of every address near it, and keep each in a register of its own.
Value* emit_base_address(llvm::IRBuilderBase& builder, uint64_t address) {
  llvm::InlineAsm* immediate = llvm::InlineAsm::get(
      llvm::FunctionType::get(builder.getPtrTy(), {builder.getInt64Ty()}, false), "movabsq $1, $0",
      "=r,i", false);
  return builder.CreateCall(immediate, {builder.getInt64(address)});
}

// Ends the function with a jump to `target`, as a tail call of the convention that saves nothing.
void emit_jump(llvm::Function& function, llvm::Function& target) {
  llvm::IRBuilder<> builder(&function.back());
  llvm::CallInst* call = builder.CreateCall(&target);
  call->setCallingConv(llvm::CallingConv::PreserveNone);
  call->setTailCallKind(llvm::CallInst::TCK_MustTail);
  builder.CreateRetVoid();
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
    llvm::Function* function = create_function(module, type, nest->name, options);
    llvm::IRBuilder<> builder(&function->back());
    std::vector<Value*> buffers;
    for (size_t i = 0; i < nest->buffers.size(); ++i) {
      Value* slot = builder.CreateConstGEP1_64(builder.getPtrTy(), function->getArg(0), i);
      buffers.push_back(builder.CreateLoad(builder.getPtrTy(), slot));
    }
    emit_nest(*nest, options.fuse_multiply_add, Lookups::kIndexedRow, *function,
              std::move(buffers));
    llvm::IRBuilder<>(&function->back()).CreateRetVoid();
  }
  MachineCode code = compile(module, *machine);
  for (size_t i = 0; i < nests.size(); ++i) code.functions[i].name = nests[i]->name;
  return code;
}

namespace {

// Compiles the calls as a chain. `pass`, if there is one, runs last before emission.
MachineCode compile_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                          std::unique_ptr<llvm::Pass> pass) {
  const auto machine = make_target_machine(options);
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  std::vector<llvm::Function*> functions;
  for (const KernelCall& call : calls) {
    functions.push_back(create_function(module, jump_type(context), call.symbol, options));
    functions.back()->setCallingConv(llvm::CallingConv::PreserveNone);
  }
  functions.push_back(llvm::Function::Create(jump_type(context), llvm::GlobalValue::ExternalLinkage,
                                             kContinuation, module));
  for (size_t i = 0; i < calls.size(); ++i) {
    llvm::IRBuilder<> builder(&functions[i]->back());
    std::vector<Value*> buffers;
    for (uint64_t address : calls[i].buffer_addresses) {
      buffers.push_back(emit_base_address(builder, address));
    }
    emit_nest(*calls[i].nest, options.fuse_multiply_add, Lookups::kAssumedRow, *functions[i],
              std::move(buffers));
    emit_jump(*functions[i], *functions[i + 1]);
  }
  MachineCode code = compile(module, *machine, std::move(pass));
  for (size_t i = 0; i < calls.size(); ++i) code.functions[i].name = calls[i].symbol;
  return code;
}

}  // namespace

MachineCode generate_chain(std::span<const KernelCall> calls, const CodegenOptions& options) {
  return compile_chain(calls, options, nullptr);
}

TracedChain generate_traced_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                                  uint64_t frame_address) {
  TracedChain chain;
  chain.code = compile_chain(calls, options, make_trace_pass(frame_address, chain.most_records));
  return chain;
}

void fill_addresses(MachineCode& code, uint64_t address, uint64_t continuation) {
  for (const AddressFixup& fixup : code.fixups) {
    const uint64_t target =
        fixup.target_offset_bytes ? address + *fixup.target_offset_bytes : continuation;
    std::memcpy(code.text.data() + fixup.offset_bytes, &target, sizeof target);
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
