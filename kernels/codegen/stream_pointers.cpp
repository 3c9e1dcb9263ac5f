#include "kernels/codegen/stream_pointers.h"

#include <llvm/IR/IRBuilder.h>

#include "estimator/base/error.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

llvm::Value* offset_pointer(llvm::IRBuilderBase& builder, llvm::Value* pointer, int64_t bytes) {
  if (bytes == 0) return pointer;
  return builder.CreateGEP(builder.getInt8Ty(), pointer,
                           builder.getInt64(static_cast<uint64_t>(bytes)));
}

}  // namespace

StreamPointers::StreamPointers(std::vector<llvm::Value*> bases, std::vector<const Loop*> loops)
    : loops_(std::move(loops)), entered_(loops_.size(), false) {
  for (uint32_t buffer = 0; buffer < bases.size(); ++buffer) {
    pointers_[Stream{buffer, {}}] = Pointer{bases[buffer], 0};
  }
}

Stream StreamPointers::stream_of(const Address& address) const {
  Stream stream{address.buffer, {}};
  for (const Stride& stride : address.strides) {
    if (loops_[stride.loop]->trips > 1) stream.strides.emplace_back(stride.loop, stride.bytes);
  }
  return stream;
}

llvm::Value* StreamPointers::address(llvm::IRBuilderBase& builder, const Address& address) const {
  const auto found = pointers_.find(stream_of(address));
  CHECK(found != pointers_.end(), "buffer {} has a stride over a loop that does not enclose it",
        address.buffer);
  return offset_pointer(builder, found->second.value, address.offset_bytes - found->second.bias);
}

void StreamPointers::collect(const std::vector<Statement>& body, std::set<Stream>& streams) const {
  for (const Statement& statement : body) {
    if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
      collect(loop->body, streams);
    } else {
      const Instruction& instruction = std::get<Instruction>(statement.node);
      if (traits(instruction.opcode).is_memory) streams.insert(stream_of(instruction.address));
    }
  }
}

StreamPointers::Cursors StreamPointers::enter(const Loop& loop) {
  std::set<Stream> streams;
  collect(loop.body, streams);
  std::map<Stream, std::set<int64_t>> strides_of;  // by outer stream
  for (Stream outer : streams) {
    size_t depth = 0;
    while (depth < outer.strides.size() && entered_[outer.strides[depth].first]) ++depth;
    const bool moves = depth < outer.strides.size() && outer.strides[depth].first == loop.id;
    const int64_t stride_bytes = moves ? outer.strides[depth].second : 0;
    outer.strides.resize(depth);
    strides_of[outer].insert(stride_bytes);
  }

  Cursors cursors;
  for (const auto& [outer, strides] : strides_of) {
    const Pointer pointer = pointers_.at(outer);
    const int64_t heir = strides.contains(0) ? 0 : *strides.begin();
    for (int64_t stride_bytes : strides) {
      Stream inner = outer;
      if (stride_bytes != 0) inner.strides.emplace_back(loop.id, stride_bytes);
      pointers_[inner] = pointer;
      cursors.push_back({.outer = outer,
                         .inner = std::move(inner),
                         .stride_bytes = stride_bytes,
                         .continues_outer = stride_bytes == heir,
                         .entry_bias = pointer.bias,
                         .entry_pointer = pointer.value});
    }
  }
  entered_[loop.id] = true;
  return cursors;
}

void StreamPointers::begin_repeated(llvm::IRBuilderBase& builder, Cursors& cursors,
                                    llvm::BasicBlock* preheader) {
  for (Cursor& cursor : cursors) {
    cursor.phi = builder.CreatePHI(builder.getPtrTy(), 2);
    cursor.phi->addIncoming(cursor.entry_pointer, preheader);
    pointers_[cursor.inner].value = cursor.phi;
  }
}

void StreamPointers::advance(const Cursors& cursors) {
  for (const Cursor& cursor : cursors) pointers_[cursor.inner].bias -= cursor.stride_bytes;
}

void StreamPointers::close_repeated(llvm::IRBuilderBase& builder, Cursors& cursors) {
  for (Cursor& cursor : cursors) {
    Pointer& pointer = pointers_[cursor.inner];
    pointer.value = offset_pointer(builder, pointer.value, cursor.entry_bias - pointer.bias);
    pointer.bias = cursor.entry_bias;
    if (pointer.value == cursor.phi) {  // the pointer stands still in this loop
      pointer.value = cursor.entry_pointer;
      cursor.phi->replaceAllUsesWith(cursor.entry_pointer);
      cursor.phi->eraseFromParent();
    } else {
      cursor.phi->addIncoming(pointer.value, builder.GetInsertBlock());
    }
    cursor.phi = nullptr;
  }
}

void StreamPointers::leave(const Loop& loop, const Cursors& cursors) {
  for (const Cursor& cursor : cursors) {
    const Pointer pointer = pointers_.at(cursor.inner);
    if (cursor.stride_bytes != 0) pointers_.erase(cursor.inner);
    if (cursor.continues_outer) {
      const int64_t moved_bytes = static_cast<int64_t>(loop.trips) * cursor.stride_bytes;
      pointers_[cursor.outer] = Pointer{pointer.value, pointer.bias + moved_bytes};
    }
  }
  entered_[loop.id] = false;
}

}  // namespace wattgrind
