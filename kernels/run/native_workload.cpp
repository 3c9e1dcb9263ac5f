#include "kernels/run/native_workload.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <new>
#include <random>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "kernels/program/matmul_program.h"

namespace wattgrind {
namespace {

// Random values that are the same on every platform. The standard fixes the generator, but not its
// distributions, so those are not used.
class Values {
 public:
  // The next value in [-bound, bound). It is at least bound / 2^32 away from zero, so never
  // denormal.
  float next(double bound) { return static_cast<float>(bound * ((random_() + 0.5) / 0x1p31 - 1)); }
  // A whole number from 0 to rows - 1.
  float next_row(int64_t rows) {
    return static_cast<float>(random_() % static_cast<uint64_t>(rows));
  }
  int64_t next_integer() { return static_cast<int64_t>(random_() % 2048) - 1024; }

 private:
  std::mt19937 random_{1};
};

// The bound for a buffer's values. For weights it is He's, sqrt(6 / n) where an output is the sum
// of n products, which keeps the variance of maps as it was. For inputs it is 1.
double value_bound(const Network& network, const ProgramBuffer& buffer) {
  if (buffer.layer < 0) return 1;
  const Layer& layer = network.layers[static_cast<size_t>(buffer.layer)];
  const double products =
      static_cast<double>(layer.macs) / static_cast<double>(layer.output_shape.elements());
  return std::sqrt(6 / std::max(1.0, products));
}

// The rows of the smallest table that a buffer's values are looked up in, by buffer.
std::map<uint32_t, int64_t> rows_looked_up(const Network& network, const Program& program) {
  std::map<uint32_t, int64_t> rows;
  for (const Layer& layer : network.layers) {
    const auto* embedding = std::get_if<Embedding>(&layer.operation);
    if (embedding == nullptr) continue;
    const auto entry = rows.emplace(program.map(layer.input()).buffer, embedding->rows).first;
    entry->second = std::min(entry->second, embedding->rows);
  }
  return rows;
}

void fill(const Network& network, const Program& program, const ProgramMemory& memory) {
  Values values;
  const std::map<uint32_t, int64_t> looked_up = rows_looked_up(network, program);
  for (uint32_t i = 0; i < program.buffers.size(); ++i) {
    const ProgramBuffer& buffer = program.buffers[i];
    const bool is_given = buffer.kind == BufferKind::kInput ||
                          buffer.kind == BufferKind::kWeights || buffer.kind == BufferKind::kBias ||
                          buffer.kind == BufferKind::kScales ||
                          buffer.kind == BufferKind::kStatistics;
    if (!is_given) continue;
    const double bound = value_bound(network, buffer);
    if (buffer.kind == BufferKind::kStatistics) {
      for (float& value : memory.buffer(i)) value = 1 + values.next(0.5);  // variances
      continue;
    }
    if (const auto rows = looked_up.find(i); rows != looked_up.end()) {
      for (float& value : memory.buffer(i)) value = values.next_row(rows->second);
      continue;
    }
    for (float& value : memory.buffer(i)) value = values.next(bound);
  }
}

void fill(const Matmul& matmul, const Program& program, const ProgramMemory& memory) {
  Values values;
  for (uint32_t i = 0; i < program.buffers.size(); ++i) {
    if (program.buffers[i].kind == BufferKind::kMap) continue;
    const std::span<float> buffer = memory.buffer(i);
    if (matmul.type == ElementType::kFloat32) {
      for (float& value : buffer) value = values.next(1);
      continue;
    }
    for (size_t at = 0; at < buffer.size(); at += 2) {
      const int64_t value = values.next_integer();
      std::memcpy(&buffer[at], &value, sizeof value);
    }
  }
}

Program lower(const Network& network, int64_t batch) {
  return lower_network(network, host_isa(), batch);
}

Program lower(const Matmul& matmul, int64_t) { return lower_matmul(matmul); }

std::unique_ptr<ProgramMemory> allocate(const Program& program) {
  try {
    return std::make_unique<ProgramMemory>(program);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::kFailed, "the system refuses {} MiB for the workload's buffers",
         program.arena_bytes() >> 20);
  }
}

}  // namespace

NativeWorkload::NativeWorkload(const Workload& workload, int64_t batch)
    : program_(std::visit([&](const auto& load) { return lower(load, batch); }, workload)) {
  if (is_empty()) return;
  memory_ = allocate(program_);
  std::visit([&](const auto& load) { fill(load, program_, *memory_); }, workload);
  const Isa isa = host_isa();
  const Program* const program = &program_;
  kernels_ = std::make_unique<NativeSteps>(std::span(&program, 1), *memory_, native_code(isa));
}

void NativeWorkload::run() const {
  for (size_t i = 0; i < program_.steps.size(); ++i) kernels_->run(i);
}

}  // namespace wattgrind
