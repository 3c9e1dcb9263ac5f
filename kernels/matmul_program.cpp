#include "kernels/matmul_program.h"

#include <fmt/format.h>

#include <array>

#include "estimator/checked_math.h"
#include "estimator/error.h"
#include "kernels/program.h"

namespace wattgrind {
namespace {

constexpr uint64_t kPageBytes = 4096;
enum MatrixIndex : uint32_t { kA, kB, kC };

// The way of an index through the program: a loop over whole blocks and one within the block, or
// one loop alone. `first` is where the loops start.
struct IndexRange {
  std::string name;
  uint64_t first = 0;
  std::optional<uint32_t> block_loop;  // steps of kMatmulBlock
  uint32_t loop = 0;                   // steps of 1
  uint64_t trips = 0;                  // of `loop`
};

class MatmulBuilder {
 public:
  explicit MatmulBuilder(const Matmul& matmul) : matmul_(matmul) {
    program_.name = "matmul";
    add_buffer("A", TensorRole::kInput, matmul.m, matmul.k);
    add_buffer("B", TensorRole::kWeights, matmul.k, matmul.n);
    add_buffer("C", TensorRole::kOutput, matmul.m, matmul.n);
  }

  AccessProgram build() {
    switch (matmul_.order) {
      case LoopOrder::kIjk:
        add_ijk();
        break;
      case LoopOrder::kIkj:
        add_zeroing();
        add_ikj(program_.body, whole("i", matmul_.m), whole("k", matmul_.k), whole("j", matmul_.n));
        break;
      case LoopOrder::kBlocked:
        add_zeroing();
        add_blocks(program_.body, 0, {});
        break;
    }
    return std::move(program_);
  }

 private:
  void add_buffer(const std::string& name, TensorRole role, uint64_t rows, uint64_t columns) {
    const auto bytes = checked_product({rows, columns, matmul_.element_bytes()});
    if (!bytes || *bytes > kLargestArenaBytes) {
      fail(ErrorKind::kInput, "matmul: {} is {} x {}: larger than {} GiB", name, rows, columns,
           kLargestArenaBytes >> 30);
    }
    program_.buffers.push_back({name, role, next_address_, *bytes});
    next_address_ += (*bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    if (next_address_ - kArenaAddress > kLargestArenaBytes) {
      fail(ErrorKind::kInput, "matmul: A, B and C together are larger than {} GiB",
           kLargestArenaBytes >> 30);
    }
  }

  IndexRange whole(const std::string& name, uint64_t trips) {
    return {name, 0, std::nullopt, program_.loop_count++, trips};
  }

  AccessStep loop(const IndexRange& range, std::vector<AccessStep> body) const {
    return {AccessLoop{range.loop, range.name, range.trips, std::move(body)}};
  }

  // An element of a matrix whose row and column are two indices. `outer` is the index whose loops
  // stand further out.
  AccessStep element(uint32_t matrix, const IndexRange& row, const IndexRange& column,
                     bool row_is_outer, bool is_write) const {
    const uint64_t columns = matrix == kA ? matmul_.k : matmul_.n;
    const auto column_bytes = static_cast<int64_t>(matmul_.element_bytes());
    const auto row_bytes = static_cast<int64_t>(columns) * column_bytes;
    Access access;
    access.buffer = matrix;
    access.offset_bytes = static_cast<int64_t>(row.first) * row_bytes +
                          static_cast<int64_t>(column.first) * column_bytes;
    access.bytes = static_cast<uint32_t>(matmul_.element_bytes());
    access.is_write = is_write;
    const std::array<std::pair<const IndexRange*, int64_t>, 2> indices = {
        row_is_outer ? std::pair(&row, row_bytes) : std::pair(&column, column_bytes),
        row_is_outer ? std::pair(&column, column_bytes) : std::pair(&row, row_bytes)};
    for (const auto& [index, bytes] : indices) {
      if (!index->block_loop) continue;
      access.strides.push_back({*index->block_loop, bytes * static_cast<int64_t>(kMatmulBlock)});
    }
    for (const auto& [index, bytes] : indices) access.strides.push_back({index->loop, bytes});
    return {access};
  }

  void add_zeroing() {
    const IndexRange i = whole("i", matmul_.m), j = whole("j", matmul_.n);
    program_.body.push_back(loop(i, {loop(j, {element(kC, i, j, true, true)})}));
  }

  void add_ijk() {
    const IndexRange i = whole("i", matmul_.m), j = whole("j", matmul_.n),
                     k = whole("k", matmul_.k);
    const AccessStep product =
        loop(k, {element(kA, i, k, true, false), element(kB, k, j, false, false)});
    program_.body.push_back(loop(i, {loop(j, {product, element(kC, i, j, true, true)})}));
  }

  void add_ikj(std::vector<AccessStep>& body, const IndexRange& i, const IndexRange& k,
               const IndexRange& j) const {
    const AccessStep row = loop(j, {element(kB, k, j, true, false), element(kC, i, j, true, false),
                                    element(kC, i, j, true, true)});
    body.push_back(loop(i, {loop(k, {element(kA, i, k, true, false), row})}));
  }

  // Splits the next of the indices i, k, j into its whole blocks and the rest, then goes on inside
  // of each; with all three split, adds the loops within the block.
  void add_blocks(std::vector<AccessStep>& body, size_t depth, std::vector<IndexRange> chosen) {
    if (depth == 3) {
      // Loops are numbered on the way in: every block is a nest of its own.
      for (IndexRange& range : chosen) range.loop = program_.loop_count++;
      add_ikj(body, chosen[0], chosen[1], chosen[2]);
      return;
    }
    const uint64_t size = std::array{matmul_.m, matmul_.k, matmul_.n}[depth];
    const std::string name = std::array{"i", "k", "j"}[depth];
    const uint64_t blocks = size / kMatmulBlock, rest = size % kMatmulBlock;
    if (blocks > 0) {
      const uint32_t block_loop = program_.loop_count++;
      std::vector<IndexRange> within = chosen;
      within.push_back({name, 0, block_loop, 0, kMatmulBlock});
      AccessLoop outer{block_loop, name + " blocks", blocks, {}};
      add_blocks(outer.body, depth + 1, std::move(within));
      body.push_back({std::move(outer)});
    }
    if (rest > 0) {
      chosen.push_back({name, blocks * kMatmulBlock, std::nullopt, 0, rest});
      add_blocks(body, depth + 1, std::move(chosen));
    }
  }

  Matmul matmul_;
  AccessProgram program_;
  uint64_t next_address_ = kArenaAddress;
};

}  // namespace

AccessProgram matmul_program(const Matmul& matmul) { return MatmulBuilder(matmul).build(); }

}  // namespace wattgrind
