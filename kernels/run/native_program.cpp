#include "kernels/run/native_program.h"

#include <cstring>
#include <new>

#include "estimator/machine/host_isa.h"
#include "kernels/run/cache_lines.h"

namespace wattgrind {
namespace {

constexpr std::align_val_t kPage{4096};

}  // namespace

CodegenOptions native_code(Isa isa) {
  return {isa, traits(isa).fused_multiply_add, host_has_byte_dots(isa)};
}

void ProgramMemory::FreePages::operator()(std::byte* pages) const {
  ::operator delete(pages, kPage);
}

ProgramMemory::ProgramMemory(const Program& program)
    : buffers_(program.buffers),
      arena_bytes_(program.arena_bytes()),
      arena_(static_cast<std::byte*>(::operator new(program.arena_bytes(), kPage))) {
  std::memset(arena_.get(), 0, program.arena_bytes());
}

void ProgramMemory::empty_caches() const { drop_from_caches({arena_.get(), arena_bytes_}); }

std::span<float> ProgramMemory::buffer(uint32_t index) const {
  const ProgramBuffer& buffer = buffers_.at(index);
  auto* first = reinterpret_cast<float*>(arena_.get() + (buffer.address - kArenaAddress));
  return {first, buffer.bytes / sizeof(float)};
}

NativeSteps::NativeSteps(std::span<const Program* const> programs, const ProgramMemory& memory,
                         const CodegenOptions& options) {
  std::vector<const LoopNest*> nests;
  for (const Program* program : programs) {
    for (const Step& step : program->steps) {
      nests.push_back(&step.nest);
      std::vector<void*>& addresses = addresses_.emplace_back();
      for (const uint32_t buffer : step.buffers) addresses.push_back(memory.buffer(buffer).data());
    }
  }
  functions_ = compiled_functions(nests, options);
}

void NativeSteps::run(size_t step) const { function(step)(addresses_[step].data()); }

}  // namespace wattgrind
