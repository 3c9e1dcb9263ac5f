// How registers of a nest are seen as vectors of bytes and integers.
#pragma once

namespace llvm {
class FixedVectorType;
class IRBuilderBase;
class Type;
class Value;
}  // namespace llvm

namespace wattgrind {

// Registers of one lane are scalars; here they become the first lane of a vector of four, as those
// of two lanes are of one.
inline constexpr int kLeastLanes = 4;

constexpr int machine_lanes(int lanes) { return lanes < kLeastLanes ? kLeastLanes : lanes; }

llvm::FixedVectorType* vector_of(llvm::Type* element, int count);

// A vector that begins with a value. What follows nobody reads.
llvm::Value* first_of_any(llvm::IRBuilderBase& builder, llvm::Value* value, int count);

// The register's bits as a vector of integers of so many bits.
llvm::Value* as_integers(llvm::IRBuilderBase& builder, llvm::Value* value, int lanes,
                         unsigned bits);

// The reverse.
llvm::Value* as_register(llvm::IRBuilderBase& builder, llvm::Value* value, int lanes);

// Some of a vector's lanes side by side, from `first` on.
llvm::Value* part_of(llvm::IRBuilderBase& builder, llvm::Value* vector, int first, int count);

}  // namespace wattgrind
