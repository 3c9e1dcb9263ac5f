#include "kernels/trace/trace_entry.h"

#include <array>
#include <iterator>
#include <string>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The registers that the code at `flush` keeps. The frame holds rax already when it begins.
constexpr std::array<std::string_view, kGeneralRegisters - 1> kKept = {
    "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

// Writes the address of a field of the frame as an operand.
class Fields {
 public:
  explicit Fields(const TraceFrame* frame) : address_(reinterpret_cast<uint64_t>(frame)) {}

  std::string operator()(size_t offset_bytes) const {
    return fmt::format("{}", address_ + offset_bytes);
  }

 private:
  uint64_t address_;
};

std::string move(bool to_memory, std::string_view instruction, const std::string& reg,
                 const std::string& memory) {
  return to_memory ? fmt::format("{} %{}, {}\n", instruction, reg, memory)
                   : fmt::format("{} {}, %{}\n", instruction, memory, reg);
}

// Moves all vector registers to the frame or back.
std::string move_vectors(Isa isa, const Fields& field, bool to_memory) {
  constexpr size_t kWidest = 64;
  const bool wide = isa == Isa::kAvx512;
  const std::string_view instruction = isa == Isa::kSse42 ? "movups" : "vmovups";
  const std::string_view prefix = isa == Isa::kSse42 ? "xmm" : wide ? "zmm" : "ymm";
  std::string text;
  for (size_t i = 0; i < static_cast<size_t>(traits(isa).vector_registers); ++i) {
    text += move(to_memory, instruction, fmt::format("{}{}", prefix, i),
                 field(offsetof(TraceFrame, vectors) + kWidest * i));
  }
  for (size_t i = 0; wide && i < kMaskRegisters; ++i) {
    text += move(to_memory, "kmovq", fmt::format("k{}", i),
                 field(offsetof(TraceFrame, masks) + sizeof(uint64_t) * i));
  }
  return text;
}

std::string move_general(const Fields& field, bool to_memory) {
  std::string text;
  for (size_t i = 0; i < kKept.size(); ++i) {
    text += move(to_memory, "movq", std::string(kKept[i]),
                 field(offsetof(TraceFrame, general) + sizeof(uint64_t) * i));
  }
  return text;
}

}  // namespace

MachineCode assemble_trace_entry(const TraceEntrySpec& spec) {
  const Fields field(spec.frame);
  // Without this instruction, C++ code in SSE instructions would run slowly after ours (Intel
  // optimisation manual, 15.3).
  const std::string_view clean_upper_halves = spec.isa == Isa::kSse42 ? "" : "vzeroupper";
  return assemble(
      fmt::format(
          R"(
    .type {enter}, @function
    {enter}:
      pushq %rbx
      pushq %rbp
      pushq %r12
      pushq %r13
      pushq %r14
      pushq %r15
      subq $8, %rsp
      movq %rsp, {host_stack_pointer}
      movabsq ${stack_pointer}, %rsp
      jmp *%rdi
    .size {enter}, .-{enter}
    .type {leave}, @function
    {leave}:
      {clean_upper_halves}
      movq {host_stack_pointer}, %rsp
      addq $8, %rsp
      popq %r15
      popq %r14
      popq %r13
      popq %r12
      popq %rbp
      popq %rbx
      retq
    .size {leave}, .-{leave}
    .type {flush}, @function
    {flush}:
      {save}
      {clean_upper_halves}
      movq {host_stack_pointer}, %rsp
      movabsq ${context}, %rdi
      movabsq ${drain}, %rax
      callq *%rax
      testb %al, %al
      je {leave}
      {restore}
      movq {saved_rax}, %rax
      jmpq *{resume}
    .size {flush}, .-{flush}
  )",
          fmt::arg("enter", kTraceEnter), fmt::arg("leave", kTraceLeave),
          fmt::arg("flush", kTraceFlush), fmt::arg("clean_upper_halves", clean_upper_halves),
          fmt::arg("host_stack_pointer", field(offsetof(TraceFrame, host_stack_pointer))),
          fmt::arg("stack_pointer", spec.stack_pointer),
          fmt::arg("save", move_general(field, true) + move_vectors(spec.isa, field, true)),
          fmt::arg("restore", move_vectors(spec.isa, field, false) + move_general(field, false)),
          fmt::arg("context", reinterpret_cast<uint64_t>(spec.context)),
          fmt::arg("drain", reinterpret_cast<uint64_t>(spec.drain)),
          fmt::arg("saved_rax", field(offsetof(TraceFrame, saved_rax))),
          fmt::arg("resume", field(offsetof(TraceFrame, resume)))),
      spec.isa);
}

}  // namespace wattgrind
