#include "kernels/codegen/emit_nest.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>

#include <algorithm>
#include <optional>
#include <set>

#include "estimator/base/error.h"
#include "kernels/codegen/emit_bytes.h"
#include "kernels/codegen/emit_operation.h"
#include "kernels/codegen/stream_pointers.h"

namespace wattgrind {
namespace {

using llvm::BasicBlock;
using llvm::Value;

// An unrolled loop body has at most so many instructions. That leaves the body of a full register
// tile as it is and unrolls anything smaller. To unroll a full tile would make SSE code spill, for
// its accumulators change registers from copy to copy, and gains nothing elsewhere: AlexNet's
// convolutions run as fast with 24 as with 40.
constexpr uint64_t kUnrolledInstructions = 24;

void collect_loops(const std::vector<Statement>& body, std::vector<const Loop*>& loops) {
  for (const Statement& statement : body) {
    if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
      loops[loop->id] = loop;
      collect_loops(loop->body, loops);
    }
  }
}

// Which registers a body writes, and which it reads before it writes them.
struct RegisterUse {
  std::set<Register> written, read_first;
};

void add_use(const std::vector<Statement>& body, RegisterUse& use) {
  for (const Statement& statement : body) {
    if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
      add_use(loop->body, use);
      continue;
    }
    const Instruction& instruction = std::get<Instruction>(statement.node);
    for (Register source : instruction.src) {
      if (source != kNoRegister && !use.written.contains(source)) use.read_first.insert(source);
    }
    if (instruction.dst != kNoRegister) use.written.insert(instruction.dst);
  }
}

// The instructions of a body when all its loops are unrolled whole; absent where one is too large
// for that.
std::optional<uint64_t> straight_size(const std::vector<Statement>& body) {
  uint64_t size = 0;
  for (const Statement& statement : body) {
    const Loop* loop = std::get_if<Loop>(&statement.node);
    if (loop == nullptr) {
      ++size;
      continue;
    }
    const std::optional<uint64_t> inner = straight_size(loop->body);
    if (!inner) return std::nullopt;
    if (loop->trips > 1 && loop->trips > kUnrolledInstructions / std::max<uint64_t>(1, *inner)) {
      return std::nullopt;
    }
    size += *inner * loop->trips;
  }
  return size;
}

// How many iterations are emitted one after the other: all of a small loop, and a few of a long
// one, preferably a divisor of its trips, which leaves no remainder. `body_size` is the body's
// straight_size().
uint64_t unroll_factor(const Loop& loop, std::optional<uint64_t> body_size) {
  if (loop.trips == 1 || !body_size) return 1;
  const uint64_t most =
      std::max<uint64_t>(1, kUnrolledInstructions / std::max<uint64_t>(1, *body_size));
  if (loop.trips <= most) return loop.trips;
  for (uint64_t factor = most; 2 * factor > most; --factor) {
    if (loop.trips % factor == 0) return factor;
  }
  return most;
}

class NestEmitter {
 public:
  NestEmitter(const LoopNest& nest, const CodegenOptions& options, Lookups lookups,
              llvm::Function& function, StreamPointers pointers)
      : nest_(nest),
        options_(options),
        lookups_(lookups),
        builder_(&function.back()),
        pointers_(std::move(pointers)),
        constants_(nest.isa),
        registers_(nest.register_lanes.size(), nullptr) {
    runs_[&function.back()] = {};
  }

  BlockRunsMap take_runs() && { return std::move(runs_); }

  void emit(const std::vector<Statement>& body) {
    for (const Statement& statement : body) {
      if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
        emit_loop(*loop);
      } else {
        emit_instruction(std::get<Instruction>(statement.node));
      }
    }
  }

 private:
  void emit_loop(const Loop& loop) {
    const std::optional<uint64_t> body_size = straight_size(loop.body);
    const uint64_t factor = unroll_factor(loop, body_size);
    StreamPointers::Cursors cursors = pointers_.enter(loop);
    if (loop.trips == factor) {
      emit_iterations(loop, factor, cursors);
    } else {
      emit_repeated(loop, factor, body_size.has_value(), cursors);
      emit_iterations(loop, loop.trips % factor, cursors);
      constants_.hoist_before(nullptr);
    }
    pointers_.leave(loop, cursors);
  }

  void emit_iterations(const Loop& loop, uint64_t count, const StreamPointers::Cursors& cursors) {
    for (uint64_t i = 0; i < count; ++i) {
      emit(loop.body);
      pointers_.advance(cursors);
    }
  }

  // Emits the block that is branched back to and runs trips / factor times.
  void emit_repeated(const Loop& loop, uint64_t factor, bool is_innermost,
                     StreamPointers::Cursors& cursors) {
    BasicBlock* preheader = builder_.GetInsertBlock();
    llvm::Function* function = preheader->getParent();
    BasicBlock* header = BasicBlock::Create(builder_.getContext(), loop.name, function);
    llvm::Instruction* entry = builder_.CreateBr(header);
    constants_.hoist_before(is_innermost ? entry : nullptr);
    builder_.SetInsertPoint(header);
    const uint64_t entries = executions_;
    executions_ *= loop.trips / factor;
    runs_[header] = {executions_, entries};

    llvm::Type* counter_type =
        loop.trips <= INT32_MAX ? builder_.getInt32Ty() : builder_.getInt64Ty();
    llvm::PHINode* counter = builder_.CreatePHI(counter_type, 2);
    counter->addIncoming(llvm::ConstantInt::get(counter_type, loop.trips / factor), preheader);
    const auto carried = open_carried_registers(loop, preheader);
    pointers_.begin_repeated(builder_, cursors, preheader);

    emit_iterations(loop, factor, cursors);

    pointers_.close_repeated(builder_, cursors);
    BasicBlock* latch = builder_.GetInsertBlock();
    for (const auto& [reg, phi] : carried) phi->addIncoming(value_of(reg), latch);
    Value* left = builder_.CreateSub(counter, llvm::ConstantInt::get(counter_type, 1));
    counter->addIncoming(left, latch);
    BasicBlock* exit = BasicBlock::Create(builder_.getContext(), loop.name + "_end", function);
    builder_.CreateCondBr(builder_.CreateIsNotNull(left), header, exit);
    builder_.SetInsertPoint(exit);
    executions_ = entries;
    runs_[exit] = {executions_, executions_};
  }

  std::vector<std::pair<Register, llvm::PHINode*>> open_carried_registers(const Loop& loop,
                                                                          BasicBlock* preheader) {
    RegisterUse use;
    add_use(loop.body, use);
    std::vector<std::pair<Register, llvm::PHINode*>> carried;
    for (Register reg : use.read_first) {
      if (!use.written.contains(reg)) continue;
      Value* before = value_of(reg);
      llvm::PHINode* phi = builder_.CreatePHI(before->getType(), 2);
      phi->addIncoming(before, preheader);
      registers_[static_cast<size_t>(reg)] = phi;
      carried.emplace_back(reg, phi);
    }
    return carried;
  }

  void emit_instruction(const Instruction& instruction) {
    switch (instruction.opcode) {
      case Opcode::kLoad:
        emit_prefetch(builder_, pointer(instruction), instruction.ahead_bytes);
        define(instruction, emit_load(builder_, pointer(instruction), instruction.lanes));
        break;
      case Opcode::kIndexedLoad:
        define(instruction, emit_load(builder_, indexed_pointer(instruction), instruction.lanes));
        break;
      case Opcode::kBroadcast:
        define(instruction, emit_splat(builder_, emit_load(builder_, pointer(instruction), 1),
                                       instruction.lanes));
        break;
      case Opcode::kStore:
        emit_store(builder_, value_of(instruction.src[0]), pointer(instruction), instruction.lanes);
        break;
      case Opcode::kLoadU8:
      case Opcode::kLoadS8:
        define(instruction, emit_byte_load(builder_, pointer(instruction), instruction.lanes,
                                           instruction.opcode == Opcode::kLoadS8));
        break;
      case Opcode::kStoreByte:
        emit_byte_store(builder_, value_of(instruction.src[0]), pointer(instruction),
                        instruction.lanes, nest_.isa);
        break;
      default:
        emit_arithmetic(instruction);
    }
  }

  void emit_arithmetic(const Instruction& instruction) {
    std::vector<Value*> operands;
    for (Register source : instruction.src) {
      if (source != kNoRegister) operands.push_back(value_of(source));
    }
    if (is_byte_operation(instruction.opcode)) {
      define(instruction,
             emit_byte_operation(builder_, constants_, instruction, operands, options_));
      return;
    }
    const int operand_lanes = operands.empty() ? instruction.lanes : lanes_of(instruction.src[0]);
    define(instruction, emit_operation(builder_, constants_, instruction, operands, operand_lanes,
                                       options_.fuse_multiply_add));
  }

  Value* pointer(const Instruction& instruction) {
    return pointers_.address(builder_, instruction.address);
  }

  Value* indexed_pointer(const Instruction& instruction) {
    Value* pointer = this->pointer(instruction);
    if (lookups_ == Lookups::kAssumedRow) return pointer;
    return builder_.CreateGEP(
        builder_.getInt8Ty(), pointer,
        emit_row_offset(builder_, constants_, value_of(instruction.src[0]), instruction.table));
  }

  int lanes_of(Register reg) const { return nest_.register_lanes[static_cast<size_t>(reg)]; }

  Value* value_of(Register reg) const {
    Value* value = registers_[static_cast<size_t>(reg)];
    CHECK(value != nullptr, "{}: register {} is read before it is written", nest_.name, reg);
    return value;
  }

  void define(const Instruction& instruction, Value* value) {
    registers_[static_cast<size_t>(instruction.dst)] = value;
  }

  const LoopNest& nest_;
  const CodegenOptions& options_;
  const Lookups lookups_;
  llvm::IRBuilder<> builder_;
  StreamPointers pointers_;
  ConstantSplats constants_;
  std::vector<Value*> registers_;  // by register; null until written
  uint64_t executions_ = 1;        // of the block that is written to
  BlockRunsMap runs_;
};

// Moves the addresses of lookups to row 0, from where the index counts.
void start_at_first_row(std::vector<Statement>& body) {
  for (Statement& statement : body) {
    if (Loop* loop = std::get_if<Loop>(&statement.node)) {
      start_at_first_row(loop->body);
      continue;
    }
    Instruction& instruction = std::get<Instruction>(statement.node);
    if (instruction.opcode == Opcode::kIndexedLoad) {
      instruction.address = address_in_row(instruction);
    }
  }
}

}  // namespace

BlockRunsMap emit_nest(const LoopNest& nest, const CodegenOptions& options, Lookups lookups,
                       llvm::Function& function, std::vector<Value*> buffers) {
  CHECK(buffers.size() == nest.buffers.size(), "{} wants {} buffers, got {}", nest.name,
        nest.buffers.size(), buffers.size());
  LoopNest emitted = nest;
  if (lookups == Lookups::kIndexedRow) start_at_first_row(emitted.body);
  std::vector<const Loop*> loops(emitted.loop_count, nullptr);
  collect_loops(emitted.body, loops);

  NestEmitter emitter(emitted, options, lookups, function,
                      StreamPointers(std::move(buffers), std::move(loops)));
  emitter.emit(emitted.body);
  return std::move(emitter).take_runs();
}

}  // namespace wattgrind
