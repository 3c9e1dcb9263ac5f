#include "kernels/codegen/object_code.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

const char* processor(Isa isa) {
  switch (isa) {
    case Isa::kSse42:
      return "x86-64-v2";
    case Isa::kAvx2:
      return "x86-64-v3";
    case Isa::kAvx512:
      return "x86-64-v4";
    case Isa::kNeon:
      break;
  }
  CHECK(false, "no code is generated for {}", traits(isa).name);
  return nullptr;
}

const llvm::Target& x86_target() {
  static const llvm::Target& target = []() -> const llvm::Target& {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();  // for inline assembly
    std::string error;
    const llvm::Target* found = llvm::TargetRegistry::lookupTarget(kTriple, error);
    CHECK(found != nullptr, "{}", error);
    return *found;
  }();
  return target;
}

// Returns the value of an LLVM result whose failure would be a bug of ours.
template <typename T>
T expect(llvm::Expected<T> result) {
  CHECK(static_cast<bool>(result), "{}", llvm::toString(result.takeError()));
  return std::move(*result);
}

// LLVM's own pipeline for code generation begins with passes on IR (loop strength reduction,
// CodeGenPrepare and others). The nest arrives in the shape it is to have, so they are left out.
// So are the machine scheduler and the peephole pass, which would fold a load into an operand
// further down, past other loads: the nest's order is the order.
void add_passes(llvm::LLVMTargetMachine& machine, llvm::legacy::PassManager& passes,
                std::unique_ptr<llvm::Pass> last_pass, llvm::raw_pwrite_stream& object) {
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  config->disablePass(&llvm::MachineSchedulerID);
  config->disablePass(&llvm::PeepholeOptimizerID);
  passes.add(config);
  auto* functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  passes.add(functions);
  llvm::TargetLibraryInfoImpl library(machine.getTargetTriple());
  library.disableAllFunctions();
  passes.add(new llvm::TargetLibraryInfoWrapperPass(library));
  CHECK(!config->addInstSelector(), "no instruction selection for this target");
  passes.add(llvm::Pass::createPass(&llvm::FinalizeISelID));
  config->addMachinePasses();
  if (last_pass) passes.add(last_pass.release());  // `passes` owns it from here on
  config->setInitialized();
  const bool refused = machine.addAsmPrinter(
      passes, object, nullptr, llvm::CodeGenFileType::ObjectFile, functions->getMMI().getContext());
  CHECK(!refused, "no object emission for this target");
  passes.add(llvm::createFreeMachineFunctionPass());
}

AddressFixup read_fixup(const llvm::object::RelocationRef& relocation) {
  AddressFixup fixup = {.offset_bytes = relocation.getOffset()};
  const llvm::object::SymbolRef symbol = *relocation.getSymbol();
  const std::string name = expect(symbol.getName()).str();
  CHECK(relocation.getType() == llvm::ELF::R_X86_64_64,
        "generated code has a relocation of type {}", relocation.getType());
  if (expect(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined) {
    CHECK(name == kContinuation, "generated code refers to {}", name);
  } else {
    const int64_t addend = expect(llvm::object::ELFRelocationRef(relocation).getAddend());
    fixup.target_offset_bytes = expect(symbol.getValue()) + static_cast<uint64_t>(addend);
  }
  return fixup;
}

// Takes the code out of an object. Anything else in it, or code that refers to anything but itself
// and the continuation, would break the promises of codegen.h.
MachineCode read_object(llvm::StringRef bytes) {
  auto object = expect(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(bytes, "kernels"), llvm::file_magic::elf_relocatable));
  MachineCode code;
  for (const llvm::object::SectionRef& section : object->sections()) {
    for (const llvm::object::RelocationRef& relocation : section.relocations()) {
      code.fixups.push_back(read_fixup(relocation));
    }
    const llvm::StringRef contents = expect(section.getContents());
    if (contents.empty() ||
        (llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_ALLOC) == 0)
      continue;
    CHECK(section.isText() && code.text.empty(), "generated code has a section {}",
          expect(section.getName()).str());
    code.text.assign(contents.bytes_begin(), contents.bytes_end());
  }
  for (const llvm::object::SymbolRef& symbol : object->symbols()) {
    if (expect(symbol.getType()) != llvm::object::SymbolRef::ST_Function) continue;
    code.functions.push_back({.name = expect(symbol.getName()).str(),
                              .offset_bytes = expect(symbol.getValue()),
                              .size_bytes = llvm::object::ELFSymbolRef(symbol).getSize()});
  }
  std::sort(
      code.functions.begin(), code.functions.end(),
      [](const CodeSymbol& a, const CodeSymbol& b) { return a.offset_bytes < b.offset_bytes; });
  return code;
}

}  // namespace

std::unique_ptr<llvm::TargetMachine> make_target_machine(const CodegenOptions& options) {
  CHECK(!options.fuse_multiply_add || traits(options.isa).fused_multiply_add,
        "{} has no fused multiply-add", traits(options.isa).name);
  llvm::TargetOptions target_options;
  target_options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  const bool without_fma = options.isa == Isa::kAvx2 && !options.fuse_multiply_add;
  // In smaller code models the register allocator turns a zero for which it has no register into a
  // load from a constant pool.
  const auto code_model = llvm::CodeModel::Large;
  std::unique_ptr<llvm::TargetMachine> machine(x86_target().createTargetMachine(
      kTriple, processor(options.isa), without_fma ? "-fma" : "", target_options,
      llvm::Reloc::Static, code_model, llvm::CodeGenOptLevel::Default));
  CHECK(machine != nullptr, "no target machine for {}", traits(options.isa).name);
  return machine;
}

MachineCode compile(llvm::Module& module, llvm::TargetMachine& machine,
                    std::unique_ptr<llvm::Pass> last_pass) {
  module.setTargetTriple(kTriple);
  module.setDataLayout(machine.createDataLayout());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream object(bytes);
  llvm::legacy::PassManager passes;
  add_passes(static_cast<llvm::LLVMTargetMachine&>(machine), passes, std::move(last_pass), object);
  passes.run(module);
  return read_object(object.str());
}

}  // namespace wattgrind
