#include "kernels/parts/matrix_product.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "kernels/layout/blocking.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {
namespace {

class MatrixProductEmitter {
 public:
  MatrixProductEmitter(NestBuilder& nest, const MatrixProduct& product)
      : nest_(nest), product_(product) {
    CHECK(!product.b_is_copy || product.sums.empty(), "sums of products of copies");
  }

  // A's rows pass in groups that stay in L2 while one block of columns after the other meets them;
  // or, where something is done with C's rows, in groups of which those stay in L1.
  void emit() {
    const int64_t tile = tile_rows(nest_.isa());
    const int64_t resident = product_.finish_rows
                                 ? kWeightChunkBytes / product_.c.row_bytes
                                 : resident_map_bytes(nest_.isa()) / (product_.steps * kFloatBytes);
    const int64_t group = std::max<int64_t>(1, resident / tile) * tile;
    for (const Tiles& groups : full_tiles(product_.rows, std::min(group, product_.rows))) {
      nest_.loop("row_group", groups.count, [&](LoopVariable g) {
        ProductTile base;
        base.input = rows_of(product_.a, groups, g);
        base.output = rows_of(product_.c, groups, g);
        for (const BlockRun& run : runs(product_.blocks)) emit_run(groups.size, run, base);
        if (product_.finish_rows) product_.finish_rows(groups.size, base.output);
      });
    }
  }

 private:
  static Address rows_of(const Matrix& matrix, const Tiles& tiles, LoopVariable i) {
    return stepped(moved(matrix.first, tiles.start * matrix.row_bytes), i,
                   tiles.size * matrix.row_bytes);
  }

  void emit_run(int64_t rows, const BlockRun& run, const ProductTile& base) {
    const int64_t tile_size = balanced_tiles(rows, tile_rows(nest_.isa()))[0].size;
    const int64_t together =
        std::clamp<int64_t>(tile_vectors(nest_.isa(), tile_size) / run.block.vectors, 1, run.count);
    const int64_t width_bytes = run.block.width() * kFloatBytes;
    const int64_t block_bytes = product_.b_is_copy ? product_.steps * width_bytes : width_bytes;
    for (const Tiles& blocks : full_tiles(run.count, together)) {
      ProductTile tile = base;
      tile.lanes = run.block.lanes;
      for (int64_t b = 0; b < blocks.size; ++b) {
        for (int64_t v = 0; v < run.block.vectors; ++v) {
          const int64_t vector_bytes = v * run.block.lanes * kFloatBytes;
          tile.vectors.push_back({b * block_bytes + vector_bytes, b * width_bytes + vector_bytes});
        }
      }
      const int64_t first_bytes =
          run.block.first * kFloatBytes * (product_.b_is_copy ? product_.steps : 1) +
          blocks.start * block_bytes;
      const int64_t first_column_bytes = run.block.first * kFloatBytes + blocks.start * width_bytes;
      nest_.loop("block", blocks.count, [&](LoopVariable b) {
        tile.weights = stepped(moved(product_.b.first, first_bytes), b, blocks.size * block_bytes);
        tile.output = stepped(moved(base.output, first_column_bytes), b, blocks.size * width_bytes);
        emit_chunks(rows, product_.b_is_copy ? width_bytes : product_.b.row_bytes,
                    blocks.size * width_bytes, tile);
      });
    }
  }

  // A chunk of B's rows stays in L1 while A's rows pass by. The first starts from zero, the others
  // go on from the output.
  void emit_chunks(int64_t rows, int64_t step_bytes, int64_t width_bytes, const ProductTile& base) {
    const int64_t chunk = chunk_steps(rows, width_bytes);
    const auto part = [&](int64_t first, int64_t chunks) {
      if (chunks == 0) return;
      ProductTile tile = base;
      tile.start = first == 0 ? TileStart::kZero : TileStart::kOutput;
      tile.reduction = product_.sums;
      tile.reduction.push_back({"step", chunk, product_.a.value_bytes, step_bytes});
      nest_.loop("step_chunk", chunks, [&](LoopVariable k) {
        const auto at = [&](const Address& address, int64_t bytes) {
          return stepped(moved(address, first * chunk * bytes), k, chunk * bytes);
        };
        tile.input = at(base.input, product_.a.value_bytes);
        tile.weights = at(base.weights, step_bytes);
        emit_rows(rows, tile);
      });
    };
    part(0, 1);
    part(1, product_.steps / chunk - 1);
  }

  // With one tile of rows B is read once whatever the order. Where the steps have no divisor near
  // the wanted one they are not cut.
  int64_t chunk_steps(int64_t rows, int64_t width_bytes) const {
    const int64_t wanted = std::max<int64_t>(1, kWeightChunkBytes / width_bytes);
    if (rows <= tile_rows(nest_.isa()) || !product_.sums.empty()) return product_.steps;
    const int64_t chunk = largest_divisor(product_.steps, wanted);
    return 2 * chunk >= wanted ? chunk : product_.steps;
  }

  void emit_rows(int64_t rows, const ProductTile& base) {
    ProductTile tile = base;
    tile.input_row_bytes = product_.a.row_bytes;
    tile.output_row_bytes = product_.c.row_bytes;
    for (const Tiles& tiles : balanced_tiles(rows, tile_rows(nest_.isa()))) {
      nest_.loop("row", tiles.count, [&](LoopVariable i) {
        tile.rows = tiles.size;
        const auto at = [&](const Address& address, int64_t row_bytes) {
          return stepped(moved(address, tiles.start * row_bytes), i, tiles.size * row_bytes);
        };
        tile.input = at(base.input, tile.input_row_bytes);
        tile.output = at(base.output, tile.output_row_bytes);
        emit_product_tile(nest_, tile);
      });
    }
  }

  NestBuilder& nest_;
  const MatrixProduct& product_;
};

// Copies `count` blocks of which `columns` columns are no surplus.
void copy_blocks(NestBuilder& nest, const Matrix& b, int64_t steps, int64_t columns,
                 const ColumnBlock& block, int64_t count, const Address& copy) {
  const int64_t width_bytes = block.width() * kFloatBytes;
  const int lanes = b.value_bytes == kFloatBytes ? block.lanes : 1;
  nest.loop("block", count, [&](LoopVariable i) {
    const Address from =
        stepped(moved(b.first, block.first * b.value_bytes), i, block.width() * b.value_bytes);
    const Address to =
        stepped(moved(copy, block.first * steps * kFloatBytes), i, steps * width_bytes);
    for (const Tiles& piece : vector_pieces(columns, lanes)) {
      nest.loop("column", piece.count, [&](LoopVariable j) {
        const Address column =
            stepped(moved(from, piece.start * b.value_bytes), j, piece.size * b.value_bytes);
        const Address lane =
            stepped(moved(to, piece.start * kFloatBytes), j, piece.size * kFloatBytes);
        nest.loop("step", steps, [&](LoopVariable k) {
          nest.store(nest.load(static_cast<int>(piece.size), stepped(column, k, b.row_bytes)),
                     stepped(lane, k, width_bytes));
        });
      });
    }
  });
}

}  // namespace

void emit_matrix_product(NestBuilder& nest, const MatrixProduct& product) {
  MatrixProductEmitter(nest, product).emit();
}

uint64_t column_copy_bytes(const std::vector<ColumnBlock>& blocks, int64_t steps) {
  return static_cast<uint64_t>(steps * padded_width(blocks) * kFloatBytes);
}

void emit_column_copy(NestBuilder& nest, const Matrix& b, int64_t steps, int64_t columns,
                      const std::vector<ColumnBlock>& blocks, const Address& copy) {
  for (const BlockRun& run : runs(blocks)) {
    const int64_t width = run.block.width();
    const int64_t full = std::min(run.count, (columns - run.block.first) / width);
    if (full > 0) copy_blocks(nest, b, steps, width, run.block, full, copy);
    if (full == run.count) continue;
    ColumnBlock last = run.block;
    last.first += full * width;
    copy_blocks(nest, b, steps, columns - last.first, last, 1, copy);
  }
}

}  // namespace wattgrind
