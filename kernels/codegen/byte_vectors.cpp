#include "kernels/codegen/byte_vectors.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>

#include <numeric>

namespace wattgrind {

using llvm::IRBuilderBase;
using llvm::Value;

llvm::FixedVectorType* vector_of(llvm::Type* element, int count) {
  return llvm::FixedVectorType::get(element, static_cast<unsigned>(count));
}

Value* first_of_any(IRBuilderBase& builder, Value* value, int count) {
  return builder.CreateInsertElement(llvm::PoisonValue::get(vector_of(value->getType(), count)),
                                     value, builder.getInt64(0));
}

Value* as_integers(IRBuilderBase& builder, Value* value, int lanes, unsigned bits) {
  if (lanes == 1) {
    value = first_of_any(builder, value, kLeastLanes);
  }
  const int count = machine_lanes(lanes) * 32 / static_cast<int>(bits);
  return builder.CreateBitCast(value, vector_of(builder.getIntNTy(bits), count));
}

Value* as_register(IRBuilderBase& builder, Value* value, int lanes) {
  Value* floats =
      builder.CreateBitCast(value, vector_of(builder.getFloatTy(), machine_lanes(lanes)));
  return lanes == 1 ? builder.CreateExtractElement(floats, builder.getInt64(0)) : floats;
}

Value* part_of(IRBuilderBase& builder, Value* vector, int first, int count) {
  llvm::SmallVector<int, 64> lanes(static_cast<size_t>(count));
  std::iota(lanes.begin(), lanes.end(), first);
  return builder.CreateShuffleVector(vector, lanes);
}

}  // namespace wattgrind
