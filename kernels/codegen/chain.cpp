#include "kernels/codegen/chain.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Pass.h>
#include <llvm/Target/TargetMachine.h>

#include "kernels/codegen/emit_operation.h"
#include "kernels/codegen/object_code.h"

namespace wattgrind {

using llvm::Value;

namespace {

llvm::FunctionType* jump_type(llvm::LLVMContext& context) {
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
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

llvm::Function* create_kernel(llvm::Module& module, llvm::FunctionType* type,
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

MachineCode compile_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                          BlockRunsMap& runs, std::unique_ptr<llvm::Pass> pass) {
  const auto machine = make_target_machine(options);
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  std::vector<llvm::Function*> functions;
  for (const KernelCall& call : calls) {
    functions.push_back(create_kernel(module, jump_type(context), call.symbol, options));
    functions.back()->setCallingConv(llvm::CallingConv::PreserveNone);
  }
  functions.push_back(llvm::Function::Create(jump_type(context), llvm::GlobalValue::ExternalLinkage,
                                             kContinuation, module));
  for (size_t i = 0; i < calls.size(); ++i) {
    llvm::IRBuilder<> builder(&functions[i]->back());
    std::vector<Value*> buffers;
    for (uint64_t address : calls[i].buffer_addresses) {
      buffers.push_back(emit_immediate(builder, builder.getPtrTy(), address, options.isa));
    }
    runs.merge(emit_nest(*calls[i].nest, options, Lookups::kAssumedRow, *functions[i],
                         std::move(buffers)));
    emit_jump(*functions[i], *functions[i + 1]);
  }
  MachineCode code = compile(module, *machine, std::move(pass), !options.in_order_core.empty());
  for (size_t i = 0; i < calls.size(); ++i) code.functions[i].name = calls[i].symbol;
  return code;
}

}  // namespace wattgrind
