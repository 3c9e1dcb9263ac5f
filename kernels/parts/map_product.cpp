#include "kernels/parts/map_product.h"

#include <algorithm>
#include <vector>

#include "kernels/layout/blocking.h"
#include "kernels/layout/tiling.h"
#include "kernels/parts/matrix_product.h"

namespace wattgrind {
namespace {

// Where B is read where it lies, a value of it is used by this many tiles of rows at most, or all
// of it stays in L1.
constexpr int64_t kTilesWithoutCopy = 2;

class MapProductEmitter {
 public:
  MapProductEmitter(NestBuilder& nest, const MapProduct& product)
      : nest_(nest),
        product_(product),
        a_(product.a.layout),
        b_(product.b.layout),
        c_(product.c.layout),
        is_shared_(b_.shape.height == 1),
        rows_touch_(is_shared_ && a_.rows_touch() && c_.rows_touch()) {
    matrices_.rows = c_.shape.width * (rows_touch_ ? c_.shape.height : 1);
    matrices_.steps = a_.shape.channels;
    const auto padded = column_blocks(columns(), nest.isa(), Surplus::kPad);
    matrices_.finish_rows = product.finish_pixels;
    matrices_.b_is_copy = copies_b();
    const bool has_room = padded_width(padded) <= c_.channel_pitch &&
                          (matrices_.b_is_copy || padded_width(padded) <= b_.channel_pitch);
    matrices_.blocks = has_room ? padded : column_blocks(columns(), nest.isa(), Surplus::kExact);
  }

  void emit() {
    Address copy;
    if (matrices_.b_is_copy) {
      copy = nest_.buffer(Operand::kScratch, TensorRole::kScratch,
                          column_copy_bytes(matrices_.blocks, matrices_.steps));
    }
    nest_.loop("image", product_.batch, [&](LoopVariable n) {
      const Address a = image_of(product_.a, n), b = image_of(product_.b, n),
                    c = image_of(product_.c, n);
      if (is_shared_) set_b(b, copy);
      nest_.loop("head", rows_touch_ ? 1 : c_.shape.height, [&](LoopVariable h) {
        if (!is_shared_) set_b(stepped(b, h, b_.row_bytes()), copy);
        matrices_.a = {stepped(a, h, a_.row_bytes()), a_.channel_bytes(), kFloatBytes};
        matrices_.c = {stepped(c, h, c_.row_bytes()), c_.channel_bytes(), kFloatBytes};
        emit_matrix_product(nest_, matrices_);
      });
    });
  }

 private:
  int64_t columns() const { return c_.shape.channels; }

  static Address image_of(const MapOperand& map, LoopVariable n) {
    return stepped(moved(map.first, map.layout.pixel_bytes(0, 0)), n, map.layout.image_bytes());
  }

  // Transposed, B's columns do not lie side by side. A copy also brings what is used often from
  // rows that lie apart to where it is read in sequence.
  bool copies_b() const {
    const int64_t uses = c_.shape.width * (is_shared_ ? c_.shape.height : 1);
    return product_.transpose_b || (uses > kTilesWithoutCopy * tile_rows(nest_.isa()) &&
                                    b_.shape.width * b_.channel_bytes() > kWeightChunkBytes);
  }

  // Makes the matrix at `b` the product's second operand.
  void set_b(const Address& b, const Address& copy) {
    matrices_.b = product_.transpose_b ? Matrix{b, kFloatBytes, b_.channel_bytes()}
                                       : Matrix{b, b_.channel_bytes(), kFloatBytes};
    if (!matrices_.b_is_copy) return;
    emit_column_copy(nest_, matrices_.b, matrices_.steps, columns(), matrices_.blocks, copy);
    matrices_.b.first = copy;
  }

  NestBuilder& nest_;
  const MapProduct& product_;
  const MapLayout &a_, &b_, &c_;
  const bool is_shared_;   // one row of pixels of B serves all of C's
  const bool rows_touch_;  // and the rows of A and C are one long row
  MatrixProduct matrices_;
};

}  // namespace

void emit_map_product(NestBuilder& nest, const MapProduct& product) {
  MapProductEmitter(nest, product).emit();
}

}  // namespace wattgrind
