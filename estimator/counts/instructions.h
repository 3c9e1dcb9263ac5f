// How many machine instructions a kernel executes, told apart by what they ask of a core.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace wattgrind {

enum class InstructionClass {
  kMultiplyAdd,       // vector multiply-add in one instruction
  kVectorArithmetic,  // any other arithmetic, comparison or move on vector registers
  kVectorLoad,        // into a vector register, broadcasts from memory included
  kVectorStore,
  kShuffle,  // lanes moved within or between vector registers, broadcasts from a register included
  kScalar,   // general registers: addresses, counters, their loads and stores
  kBranch,
};

struct InstructionClassName {
  InstructionClass instruction_class;
  std::string_view key;    // as in results: "vector_multiply_add"
  std::string_view words;  // for people: "vector multiply-add"
};

inline constexpr std::array<InstructionClassName, 7> kInstructionClasses = {{
    {InstructionClass::kMultiplyAdd, "vector_multiply_add", "vector multiply-add"},
    {InstructionClass::kVectorArithmetic, "vector_arithmetic", "other vector arithmetic"},
    {InstructionClass::kVectorLoad, "vector_load", "vector load"},
    {InstructionClass::kVectorStore, "vector_store", "vector store"},
    {InstructionClass::kShuffle, "shuffle", "shuffle and broadcast"},
    {InstructionClass::kScalar, "scalar", "scalar and address"},
    {InstructionClass::kBranch, "branch", "branch"},
}};

// An instruction is in one class. One that computes with an operand in memory is in that of its
// arithmetic.
struct InstructionCounts {
  std::array<uint64_t, kInstructionClasses.size()> by_class{};  // in the order of the classes
  // Operands in memory, of instructions of any class.
  uint64_t memory_operands = 0;
  // The widths of vector arithmetic, multiply-adds and shuffles in units of 128 bits, added up: 4
  // for an instruction of 512 bits, 1 for one of 128 or less.
  uint64_t vector_128_bits = 0;

  uint64_t of(InstructionClass wanted) const { return by_class[static_cast<size_t>(wanted)]; }
  uint64_t total() const { return std::accumulate(by_class.begin(), by_class.end(), uint64_t{0}); }

  friend bool operator==(const InstructionCounts&, const InstructionCounts&) = default;
};

}  // namespace wattgrind
