#include "kernels/conv/tile_transform.h"

#include <functional>

#include "kernels/conv/fft_tile.h"
#include "kernels/conv/winograd_tile.h"

namespace wattgrind {
namespace {

bool is_fft(const TileTransform& transform) { return tile_form(transform.form).parts == 2; }

int64_t instructions(const std::vector<Statement>& body) {
  int64_t count = 0;
  for (const Statement& statement : body) {
    const auto* loop = std::get_if<Loop>(&statement.node);
    count += loop != nullptr ? static_cast<int64_t>(loop->trips) * instructions(loop->body) : 1;
  }
  return count;
}

// The instructions of a transform, which are the same whatever its addresses.
int64_t instructions_of(const std::function<void(NestBuilder&, const Address&)>& emit) {
  constexpr uint64_t kEnough = 64 * 1024;
  NestBuilder nest("transform", Isa::kAvx2);
  emit(nest, nest.buffer(Operand::kScratch, TensorRole::kScratch, kEnough));
  return instructions(std::move(nest).finish().body);
}

}  // namespace

int64_t TileTransform::work_vectors() const {
  return is_fft(*this) ? fft_work_vectors(extent()) : extent() * extent();
}

int64_t TileTransform::input_cost() const {
  return instructions_of([&](NestBuilder& nest, const Address& anywhere) {
    emit_tile_inputs(nest, *this, {1, anywhere, 0, 0, anywhere, 0, 0, anywhere});
  });
}

int64_t TileTransform::output_cost() const {
  const Epilogue none;
  return instructions_of([&](NestBuilder& nest, const Address& anywhere) {
    emit_tile_outputs(nest, *this, {1, anywhere, 0, 0, anywhere, anywhere, 0, 0, anywhere, &none});
  });
}

void emit_tile_inputs(NestBuilder& nest, const TileTransform& transform, const TileInputs& tile) {
  if (is_fft(transform)) return emit_fft_inputs(nest, transform.extent(), tile);
  emit_winograd_inputs(nest, transform.output_rows, tile);
}

void emit_tile_outputs(NestBuilder& nest, const TileTransform& transform, const TileOutputs& tile) {
  if (is_fft(transform)) return emit_fft_outputs(nest, transform, tile);
  emit_winograd_outputs(nest, transform.output_rows, tile);
}

}  // namespace wattgrind
