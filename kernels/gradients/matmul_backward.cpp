#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/map_product.h"
#include "kernels/parts/matrix_product.h"

namespace wattgrind {
namespace {

// dA = dC x B^T, or dC x B where the layer transposes B.
LoopNest by_first(const MatMul& matmul, const BackwardContext& context) {
  NestBuilder nest("matmul_first_gradient", context.isa);
  const MapLayout& b = context.inputs[1];
  MapProduct product;
  product.batch = context.batch;
  product.a = {nest.buffer(Operand::kOutputGradient, TensorRole::kGradient,
                           context.output_gradient.bytes(context.batch)),
               context.output_gradient};
  product.b = {nest.buffer(Operand::kInput, TensorRole::kInput, b.bytes(context.batch), 1), b};
  product.c = {nest.buffer(Operand::kInputGradient, TensorRole::kGradient,
                           context.input_gradient.bytes(context.batch)),
               context.input_gradient};
  product.transpose_b = !matmul.transpose_b;
  emit_map_product(nest, product);
  return std::move(nest).finish();
}

// dB = A^T x dC or, where the layer transposes B, dC^T x A: the reduction runs over tokens and, of
// a row of B that served all heads, over heads.
class SecondGradient {
 public:
  SecondGradient(const MatMul& matmul, const BackwardContext& context)
      : context_(context),
        a_(context.inputs[0]),
        dc_(context.output_gradient),
        db_(context.input_gradient),
        transposed_(matmul.transpose_b),
        nest_("matmul_second_gradient", context.isa) {}

  LoopNest lower() && {
    const Address a = nest_.buffer(Operand::kInput, TensorRole::kInput, a_.bytes(context_.batch));
    const Address dc =
        nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, dc_.bytes(context_.batch));
    const Address db =
        nest_.buffer(Operand::kInputGradient, TensorRole::kGradient, db_.bytes(context_.batch));
    const bool is_shared = db_.shape.height == 1;
    nest_.loop("image", context_.batch, [&](LoopVariable n) {
      nest_.loop("head", is_shared ? 1 : a_.shape.height, [&](LoopVariable h) {
        emit_product(pixels(a, a_, n, h), pixels(dc, dc_, n, h), pixels(db, db_, n, h),
                     is_shared ? a_.shape.height : 1);
      });
    });
    return std::move(nest_).finish();
  }

 private:
  static Address pixels(const Address& map, const MapLayout& layout, LoopVariable n,
                        LoopVariable h) {
    return stepped(stepped(moved(map, layout.pixel_bytes(0, 0)), n, layout.image_bytes()), h,
                   layout.row_bytes());
  }

  void emit_product(const Address& a, const Address& dc, const Address& db, int64_t heads) {
    const MapLayout& rows = transposed_ ? dc_ : a_;
    const MapLayout& columns = transposed_ ? a_ : dc_;
    MatrixProduct product;
    product.rows = rows.shape.channels;
    product.steps = a_.shape.width;
    product.a = {transposed_ ? dc : a, kFloatBytes, rows.channel_bytes()};
    product.b = {transposed_ ? a : dc, columns.channel_bytes(), kFloatBytes};
    product.c = {db, db_.channel_bytes(), kFloatBytes};
    product.blocks = blocks(columns);
    if (heads > 1) product.sums = {{"head", heads, rows.row_bytes(), columns.row_bytes()}};
    emit_matrix_product(nest_, product);
  }

  // Padding channels are zero in both, so vectors may reach into those that both have.
  std::vector<ColumnBlock> blocks(const MapLayout& columns) const {
    const auto padded = column_blocks(columns.shape.channels, context_.isa, Surplus::kPad);
    const int64_t width = padded_width(padded);
    if (width <= columns.channel_pitch && width <= db_.channel_pitch) return padded;
    return column_blocks(columns.shape.channels, context_.isa, Surplus::kExact);
  }

  const BackwardContext& context_;
  const MapLayout &a_, &dc_, &db_;
  const bool transposed_;
  NestBuilder nest_;
};

}  // namespace

LoopNest lower_data_gradient(const MatMul& matmul, const BackwardContext& context) {
  CHECK(context.input_index < 2, "input {} of a product", context.input_index);
  return context.input_index == 0 ? by_first(matmul, context)
                                  : SecondGradient(matmul, context).lower();
}

}  // namespace wattgrind
