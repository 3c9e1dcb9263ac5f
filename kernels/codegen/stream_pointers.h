// Turns the addresses of a nest's references into running pointers.
//
// References of one buffer with equal strides differ by constants. They share one pointer, which is
// a phi at every loop header, and their offsets become displacements. An inner loop goes on with
// the pointer of its enclosing loops wherever it can, so that a stream of references costs one
// register over the whole nest, however deep, and one addition a loop.
//
// A stream is a buffer and the strides over the loops entered so far. Its pointer holds the
// stream's current address plus a known constant, the bias. To go on to the next iteration changes
// the bias alone; the pointer itself is brought up to date where the repeated block ends. With a
// stride of 32 bytes and two iterations in the repeated block:
//
//                     stream's address    pointer    bias
//   begin_repeated    a                   a            0
//   advance           a + 32              a          -32
//   advance           a + 64              a          -64
//   close_repeated    a + 64              a + 64       0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "kernels/nest/nest.h"

namespace llvm {
class BasicBlock;
class IRBuilderBase;
class PHINode;
class Value;
}  // namespace llvm

namespace wattgrind {

// A buffer and the strides over its loops, but for loops of one trip.
struct Stream {
  uint32_t buffer = 0;
  std::vector<std::pair<uint32_t, int64_t>> strides;  // loop, bytes

  friend auto operator<=>(const Stream&, const Stream&) = default;
};

class StreamPointers {
 public:
  // `bases` holds the address of each buffer, `loops` each loop at the position of its id.
  StreamPointers(std::vector<llvm::Value*> bases, std::vector<const Loop*> loops);

  // Emits the pointer for a reference in the current iteration.
  llvm::Value* address(llvm::IRBuilderBase& builder, const Address& address) const;

  // The streams of one loop while its iterations are emitted.
  struct Cursor {
    Stream outer, inner;  // the stream without and with the stride over this loop
    int64_t stride_bytes = 0;
    bool continues_outer = false;  // whether the outer stream's pointer goes on as this one
    int64_t entry_bias = 0;
    llvm::Value* entry_pointer = nullptr;
    llvm::PHINode* phi = nullptr;  // null outside the repeated block
  };
  using Cursors = std::vector<Cursor>;

  // For each loop these are called in this order:
  //   enter            before the first iteration;
  //   begin_repeated   in the header of the block that is branched back to, if there is one;
  //   advance          after each emitted iteration, in the repeated block or outside of it;
  //   close_repeated   at the end of the repeated block;
  //   leave            after the last iteration.
  Cursors enter(const Loop& loop);
  void begin_repeated(llvm::IRBuilderBase& builder, Cursors& cursors, llvm::BasicBlock* preheader);
  void advance(const Cursors& cursors);
  void close_repeated(llvm::IRBuilderBase& builder, Cursors& cursors);
  void leave(const Loop& loop, const Cursors& cursors);

 private:
  struct Pointer {
    llvm::Value* value = nullptr;
    int64_t bias = 0;
  };

  Stream stream_of(const Address& address) const;
  void collect(const std::vector<Statement>& body, std::set<Stream>& streams) const;

  std::vector<const Loop*> loops_;
  std::vector<bool> entered_;  // by loop id
  std::map<Stream, Pointer> pointers_;
};

}  // namespace wattgrind
