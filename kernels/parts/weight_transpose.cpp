#include "kernels/parts/weight_transpose.h"

#include <algorithm>

#include "kernels/layout/map_layout.h"

namespace wattgrind {
namespace {

// A run of `count` blocks of `width` values each, of which `lanes` are no padding. The first block
// begins at channel `first`.
struct LaneRun {
  int64_t first = 0, width = 0, count = 0, lanes = 0;
};

std::vector<LaneRun> lane_runs(const std::vector<ColumnBlock>& blocks, int64_t channels) {
  std::vector<LaneRun> result;
  for (const BlockRun& run : runs(blocks)) {
    const int64_t width = run.block.width();
    const int64_t full = std::clamp<int64_t>((channels - run.block.first) / width, 0, run.count);
    if (full > 0) result.push_back({run.block.first, width, full, width});
    const int64_t next = run.block.first + full * width;
    if (full < run.count && next < channels) {
      result.push_back({next, width, 1, channels - next});
    }
  }
  return result;
}

class TransposeEmitter {
 public:
  TransposeEmitter(NestBuilder& nest, const WeightTranspose& transpose)
      : nest_(nest), transpose_(transpose) {}

  void emit() {
    for (const LaneRun& from : lane_runs(transpose_.from_blocks, transpose_.outputs)) {
      for (const LaneRun& to : lane_runs(transpose_.to_blocks, transpose_.inputs)) {
        emit_blocks(from, to);
      }
    }
  }

 private:
  void emit_blocks(const LaneRun& from, const LaneRun& to) {
    const int64_t from_step_bytes = from.width * kFloatBytes;
    const int64_t to_step_bytes = to.width * kFloatBytes;
    const int64_t from_block_bytes = transpose_.from_steps * from_step_bytes;
    const int64_t to_block_bytes = transpose_.to_steps * to_step_bytes;
    nest_.loop("output_block", from.count, [&](LoopVariable f) {
      nest_.loop("input_block", to.count, [&](LoopVariable c) {
        Address source =
            moved(transpose_.from, from.first * transpose_.from_steps * kFloatBytes +
                                       (transpose_.first_from_step + to.first) * from_step_bytes);
        source = stepped(stepped(source, f, from_block_bytes), c, to.width * from_step_bytes);
        Address target =
            moved(transpose_.to, to.first * transpose_.to_steps * kFloatBytes +
                                     (transpose_.first_to_step + from.first) * to_step_bytes);
        target = stepped(stepped(target, f, from.width * to_step_bytes), c, to_block_bytes);
        emit_loops(0, from, to, source, target);
      });
    });
  }

  void emit_loops(size_t depth, const LaneRun& from, const LaneRun& to, const Address& source,
                  const Address& target) {
    const int64_t from_step_bytes = from.width * kFloatBytes;
    const int64_t to_step_bytes = to.width * kFloatBytes;
    if (depth < transpose_.loops.size()) {
      const TransposeLoop& loop = transpose_.loops[depth];
      nest_.loop(loop.name, loop.trips, [&](LoopVariable i) {
        emit_loops(depth + 1, from, to, stepped(source, i, loop.from_steps * from_step_bytes),
                   stepped(target, i, loop.to_steps * to_step_bytes + loop.to_bytes));
      });
      return;
    }
    nest_.loop("output", from.lanes, [&](LoopVariable f) {
      nest_.loop("input", to.lanes, [&](LoopVariable c) {
        const Register value =
            nest_.load(1, stepped(stepped(source, f, kFloatBytes), c, from_step_bytes));
        nest_.store(value, stepped(stepped(target, f, to_step_bytes), c, kFloatBytes));
      });
    });
  }

  NestBuilder& nest_;
  const WeightTranspose& transpose_;
};

}  // namespace

void emit_weight_transpose(NestBuilder& nest, const WeightTranspose& transpose) {
  TransposeEmitter(nest, transpose).emit();
}

}  // namespace wattgrind
