#include "kernels/program/matmul_program.h"

#include <fmt/format.h>

#include <array>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

constexpr uint64_t kPageBytes = 4096;

// How an index (i, j or k) goes through its extent: in one loop over elements, or in a loop over
// whole blocks of kMatmulBlock elements around one over the elements of a block.
struct Index {
  std::string name;
  int64_t first = 0;   // the index's value where the loops start
  LoopVariable block;  // the loop over blocks; none where there is a single loop
  int64_t trips = 0;   // iterations of the loop over elements
  LoopVariable element = {};
};

class MatmulLowering {
 public:
  // The narrowest instruction set will do, for no instruction of the nest is wider.
  explicit MatmulLowering(const Matmul& matmul) : matmul_(matmul), nest_("matmul", Isa::kSse42) {}

  Program lower() && {
    program_.isa = nest_.isa();
    a_ = add_matrix("A", Operand::kInput, TensorRole::kInput, BufferKind::kInput, matmul_.m,
                    matmul_.k);
    b_ = add_matrix("B", Operand::kWeights, TensorRole::kWeights, BufferKind::kWeights, matmul_.k,
                    matmul_.n);
    c_ = add_matrix("C", Operand::kOutput, TensorRole::kOutput, BufferKind::kMap, matmul_.m,
                    matmul_.n);
    switch (matmul_.order) {
      case LoopOrder::kIjk:
        lower_ijk();
        break;
      case LoopOrder::kIkj:
        lower_zeroing();
        lower_ikj(whole("i", matmul_.m), whole("k", matmul_.k), whole("j", matmul_.n));
        break;
      case LoopOrder::kBlocked:
        lower_zeroing();
        lower_blocks(0, {});
        break;
    }
    program_.steps.push_back(
        make_step(kNetworkInput, "matmul", std::move(nest_).finish(), {0, 1, 2}));
    return std::move(program_);
  }

 private:
  Address add_matrix(const std::string& name, Operand operand, TensorRole role, BufferKind kind,
                     uint64_t rows, uint64_t columns) {
    const auto bytes = checked_product({rows, columns, element_bytes(matmul_.type)});
    if (!bytes || *bytes > kLargestArenaBytes) {
      fail(ErrorKind::kInput, "matmul: {} is {} x {}: larger than {} GiB", name, rows, columns,
           kLargestArenaBytes >> 30);
    }
    program_.buffers.push_back({name, kind, kNetworkInput, next_address_, *bytes});
    next_address_ += (*bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    if (next_address_ - kArenaAddress > kLargestArenaBytes) {
      fail(ErrorKind::kInput, "matmul: A, B and C together are larger than {} GiB",
           kLargestArenaBytes >> 30);
    }
    return nest_.buffer(operand, role, *bytes);
  }

  static Index whole(const std::string& name, uint64_t trips) {
    return {name, 0, {}, static_cast<int64_t>(trips)};
  }

  template <typename Body>
  void loop(Index index, Body&& body) {
    nest_.loop(index.name, index.trips, [&](LoopVariable element) {
      index.element = element;
      body(index);
    });
  }

  // The address of an element of a matrix with `columns` columns. `row_is_outer` says whether the
  // row's loops stand further out than the column's, which decides the order of the strides.
  Address element(Address matrix, uint64_t columns, const Index& row, const Index& column,
                  bool row_is_outer = true) const {
    const auto column_bytes = static_cast<int64_t>(element_bytes(matmul_.type));
    const int64_t row_bytes = static_cast<int64_t>(columns) * column_bytes;
    Address address = moved(std::move(matrix), row.first * row_bytes + column.first * column_bytes);
    const Index& outer = row_is_outer ? row : column;
    const Index& inner = row_is_outer ? column : row;
    const int64_t outer_bytes = row_is_outer ? row_bytes : column_bytes;
    const int64_t inner_bytes = row_is_outer ? column_bytes : row_bytes;
    constexpr auto kBlock = static_cast<int64_t>(kMatmulBlock);
    address = stepped(std::move(address), outer.block, kBlock * outer_bytes);
    address = stepped(std::move(address), inner.block, kBlock * inner_bytes);
    address = stepped(std::move(address), outer.element, outer_bytes);
    return stepped(std::move(address), inner.element, inner_bytes);
  }

  // A 64-bit integer fills two lanes.
  int lanes() const { return matmul_.type == ElementType::kInt64 ? 2 : 1; }

  void add_product(Register sum, Register a, Register b) {
    const bool is_integer = matmul_.type == ElementType::kInt64;
    nest_.assign(sum, is_integer ? Opcode::kMulAddInt64 : Opcode::kMulAdd, a, b, sum);
  }

  void lower_zeroing() {
    loop(whole("i", matmul_.m), [&](const Index& i) {
      loop(whole("j", matmul_.n), [&](const Index& j) {
        nest_.store(nest_.constant(lanes(), 0), element(c_, matmul_.n, i, j));
      });
    });
  }

  void lower_ijk() {
    loop(whole("i", matmul_.m), [&](const Index& i) {
      loop(whole("j", matmul_.n), [&](const Index& j) {
        const Register sum = nest_.constant(lanes(), 0);
        loop(whole("k", matmul_.k), [&](const Index& k) {
          const Register a = nest_.load(lanes(), element(a_, matmul_.k, i, k));
          add_product(sum, a, nest_.load(lanes(), element(b_, matmul_.n, k, j, false)));
        });
        nest_.store(sum, element(c_, matmul_.n, i, j));
      });
    });
  }

  void lower_ikj(const Index& rows, const Index& depth, const Index& columns) {
    loop(rows, [&](const Index& i) {
      loop(depth, [&](const Index& k) {
        const Register a = nest_.load(lanes(), element(a_, matmul_.k, i, k));
        loop(columns, [&](const Index& j) {
          const Register b = nest_.load(lanes(), element(b_, matmul_.n, k, j));
          const Register sum = nest_.load(lanes(), element(c_, matmul_.n, i, j));
          add_product(sum, a, b);
          nest_.store(sum, element(c_, matmul_.n, i, j));
        });
      });
    });
  }

  // Splits the index at position `depth` of i, k, j into its whole blocks and the rest, and goes on
  // with the next index inside each. When all three are split, adds the loops over elements.
  void lower_blocks(size_t depth, std::vector<Index> chosen) {
    if (depth == 3) return lower_ikj(chosen[0], chosen[1], chosen[2]);
    const uint64_t size = std::array{matmul_.m, matmul_.k, matmul_.n}[depth];
    const std::string name = std::array{"i", "k", "j"}[depth];
    const auto blocks = static_cast<int64_t>(size / kMatmulBlock);
    const auto rest = static_cast<int64_t>(size % kMatmulBlock);
    constexpr auto kBlock = static_cast<int64_t>(kMatmulBlock);
    if (blocks > 0) {
      nest_.loop(name + " blocks", blocks, [&](LoopVariable block) {
        std::vector<Index> within = chosen;
        within.push_back({name, 0, block, kBlock});
        lower_blocks(depth + 1, std::move(within));
      });
    }
    if (rest > 0) {
      chosen.push_back({name, blocks * kBlock, {}, rest});
      lower_blocks(depth + 1, std::move(chosen));
    }
  }

  Matmul matmul_;
  NestBuilder nest_;
  Program program_;
  Address a_, b_, c_;
  uint64_t next_address_ = kArenaAddress;
};

}  // namespace

Program lower_matmul(const Matmul& matmul) { return MatmulLowering(matmul).lower(); }

AccessProgram matmul_program(const Matmul& matmul) {
  const Program program = lower_matmul(matmul);
  return program.access_program(program.steps.front());
}

}  // namespace wattgrind
