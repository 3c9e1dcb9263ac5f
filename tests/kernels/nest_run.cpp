#include "tests/kernels/nest_run.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "kernels/run/jit.h"

namespace wattgrind {

std::vector<Target> targets() {
  std::vector<Target> result;
  for (const Isa isa : {Isa::kSse42, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (host_runs(isa)) result.push_back({isa, false});
  }
  if (traits(host_isa()).fused_multiply_add) result.push_back({host_isa(), true});
  return result;
}

void NestRun::FreeLines::operator()(float* lines) const { std::free(lines); }

NestRun::NestRun(LoopNest nest) : nest_(std::move(nest)) {
  for (const Buffer& buffer : nest_.buffers) {
    const size_t bytes = (buffer.bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
    memory_.emplace_back(static_cast<float*>(std::aligned_alloc(kLineBytes, bytes)));
    std::memset(memory_.back().get(), 0, bytes);
  }
}

bool NestRun::has(Operand operand, uint32_t index) const {
  return std::ranges::any_of(nest_.buffers, [&](const Buffer& buffer) {
    return buffer.operand == operand && buffer.index == index;
  });
}

std::span<float> NestRun::buffer(Operand operand, uint32_t index) {
  for (size_t i = 0; i < nest_.buffers.size(); ++i) {
    if (nest_.buffers[i].operand == operand && nest_.buffers[i].index == index) {
      return {memory_[i].get(), nest_.buffers[i].bytes / kFloatBytes};
    }
  }
  CHECK(false, "{} has no buffer {}", nest_.name, name(operand));
}

void NestRun::write_map(Operand operand, const MapLayout& layout, int64_t batch,
                        const std::vector<float>& images, uint32_t index) {
  const auto values = buffer(operand, index);
  for_each_value(layout, batch,
                 [&](size_t stored, size_t logical) { values[stored] = images[logical]; });
}

std::vector<float> NestRun::read_map(Operand operand, const MapLayout& layout, int64_t batch) {
  const auto values = buffer(operand);
  std::vector<float> images(static_cast<size_t>(batch * layout.shape.elements()));
  for_each_value(layout, batch,
                 [&](size_t stored, size_t logical) { images[logical] = values[stored]; });
  return images;
}

bool NestRun::surroundings_are_zero(Operand operand, const MapLayout& layout, int64_t batch) {
  const auto values = buffer(operand);
  std::vector<bool> belongs(values.size(), false);
  for_each_value(layout, batch, [&](size_t stored, size_t) { belongs[stored] = true; });
  for (size_t i = 0; i < belongs.size(); ++i) {
    if (!belongs[i] && values[i] != 0) return false;
  }
  return true;
}

void NestRun::run(bool fuse_multiply_add) {
  const LoopNest* nest = &nest_;
  const NativeKernels kernels({&nest, 1}, {nest_.isa, fuse_multiply_add});
  std::vector<void*> buffers;
  for (const auto& memory : memory_) buffers.push_back(memory.get());
  kernels.function(0)(buffers.data());
}

}  // namespace wattgrind
