#include "kernels/codegen/object_code.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>

#include "estimator/base/error.h"
#include "kernels/codegen/code_target.h"
#include "kernels/codegen/machine_work.h"

namespace wattgrind {
namespace {

// Returns the value of an LLVM result whose failure would be a bug of ours.
template <typename T>
T expect(llvm::Expected<T> result) {
  CHECK(static_cast<bool>(result), "{}", llvm::toString(result.takeError()));
  return std::move(*result);
}

// LLVM's own pipeline for code generation begins with passes on IR (loop strength reduction,
// CodeGenPrepare and others). The nest arrives in the shape it is to have, so they are left out.
// So are the machine scheduler and the peephole pass, which would fold a load into an operand
// further down, past other loads: the nest's order is the order, unless code is for a core that
// needs another.
void add_passes(llvm::LLVMTargetMachine& machine, llvm::legacy::PassManager& passes,
                std::unique_ptr<llvm::Pass> last_pass, bool schedules,
                llvm::raw_pwrite_stream& object) {
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  if (!schedules) config->disablePass(&llvm::MachineSchedulerID);
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

AddressFixup read_fixup(const llvm::object::RelocationRef& relocation, const CodeTarget& target) {
  AddressFixup fixup = {.offset_bytes = relocation.getOffset(),
                        .form = target.fixup_form(relocation.getType())};
  const llvm::object::SymbolRef symbol = *relocation.getSymbol();
  const std::string name = expect(symbol.getName()).str();
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
MachineCode read_object(llvm::StringRef bytes, const CodeTarget& target) {
  auto object = expect(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(bytes, "kernels"), llvm::file_magic::elf_relocatable));
  MachineCode code;
  for (const llvm::object::SectionRef& section : object->sections()) {
    for (const llvm::object::RelocationRef& relocation : section.relocations()) {
      code.fixups.push_back(read_fixup(relocation, target));
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

namespace {

std::unique_ptr<llvm::TargetMachine> make_machine(Isa isa, const char* cpu, const char* features) {
  llvm::TargetOptions target_options;
  target_options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  // In smaller code models the register allocator turns a zero for which it has no register into a
  // load from a constant pool.
  const auto code_model = llvm::CodeModel::Large;
  const CodeTarget& target = code_target(isa);
  std::unique_ptr<llvm::TargetMachine> machine(target.llvm_target().createTargetMachine(
      target.triple(), cpu, features, target_options, llvm::Reloc::Static, code_model,
      llvm::CodeGenOptLevel::Default));
  CHECK(machine != nullptr, "no target machine for {}", traits(isa).name);
  return machine;
}

}  // namespace

std::unique_ptr<llvm::TargetMachine> make_target_machine(const CodegenOptions& options) {
  CHECK(!options.fuse_multiply_add || traits(options.isa).fused_multiply_add,
        "{} has no fused multiply-add", traits(options.isa).name);
  const bool without_fma = options.isa == Isa::kAvx2 && !options.fuse_multiply_add;
  CHECK(options.in_order_core.empty() || options.isa == Isa::kNeon, "{} for {}",
        traits(options.isa).name, options.in_order_core);
  const CodeTarget& target = code_target(options.isa);
  const char* cpu =
      options.in_order_core.empty() ? target.processor(options.isa) : options.in_order_core.c_str();
  std::string features = without_fma ? "-fma" : "";
  if (options.byte_dots) {
    const char* dots = target.byte_dots(options.isa);
    CHECK(dots != nullptr, "{} has no dot product of bytes", traits(options.isa).name);
    features += std::string(features.empty() ? "+" : ",+") + dots;
  }
  return make_machine(options.isa, cpu, features.c_str());
}

namespace {

std::unique_ptr<llvm::MCSubtargetInfo> cores_of(Isa isa) {
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      code_target(isa).llvm_target().createMCSubtargetInfo(code_target(isa).triple(), "", ""));
}

}  // namespace

bool has_core_model(Isa isa, const std::string& llvm_cpu) {
  const auto cores = cores_of(isa);
  return cores->isCPUStringValid(llvm_cpu) &&
         cores->getSchedModelForCPU(llvm_cpu).hasInstrSchedModel();
}

bool reorders_instructions(Isa isa, const std::string& llvm_cpu) {
  return cores_of(isa)->getSchedModelForCPU(llvm_cpu).isOutOfOrder();
}

bool has_byte_dots(Isa isa, const std::string& llvm_cpu) {
  const CodeTarget& target = code_target(isa);
  const char* dots = target.byte_dots(isa);
  if (dots == nullptr) return false;
  const std::unique_ptr<llvm::MCSubtargetInfo> core(
      target.llvm_target().createMCSubtargetInfo(target.triple(), llvm_cpu, ""));
  return core->checkFeatures(std::string("+") + dots);
}

std::unique_ptr<llvm::TargetMachine> make_core_machine(Isa isa, const std::string& llvm_cpu) {
  CHECK(has_core_model(isa, llvm_cpu), "LLVM has no model of {}", llvm_cpu);
  return make_machine(isa, llvm_cpu.c_str(), "");
}

MachineCode compile(llvm::Module& module, llvm::TargetMachine& machine,
                    std::unique_ptr<llvm::Pass> last_pass, bool schedules) {
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream object(bytes);
  llvm::legacy::PassManager passes;
  add_passes(static_cast<llvm::LLVMTargetMachine&>(machine), passes, std::move(last_pass),
             schedules, object);
  passes.run(module);
  return read_object(
      object.str(),
      code_target(machine.getTargetTriple().isX86() ? Architecture::kX86 : Architecture::kAarch64));
}

}  // namespace wattgrind
