// Look-ups of rows, and the rows that are assumed where references are counted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cachesim/program/access_program.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/output_pitch.h"
#include "kernels/layout/packing.h"
#include "kernels/nest/nest_access.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

struct Case {
  int64_t rows, features, tokens;
  std::vector<float> indices;  // of all images
};

Layer layer_of(const Case& test) {
  return build_network("test", {1, 1, test.tokens},
                       {{.operation = Embedding{test.rows, test.features}}}, "test")
      .layers[0];
}

LayerContext context_of(const Layer& layer, int64_t batch, Isa isa) {
  const MapLayout in{layer.input_shape(), 3, {1, 2, 0, 1}};
  const MapLayout out{layer.output_shape, output_pitch(layer, in.channel_pitch, isa), {0, 1, 2, 1}};
  return {isa, batch, {in}, out};
}

void check(const Case& test, const std::vector<float>& rows) {
  const Layer layer = layer_of(test);
  const auto batch = static_cast<int64_t>(test.indices.size()) / test.tokens;
  const ReferenceParameters parameters = random_parameters(layer, 1);
  // What the indices count as.
  const auto wanted = reference_layer(layer, batch, rows, parameters);
  for (const Target& target : targets()) {
    const LayerContext context = context_of(layer, batch, target.isa);
    NestRun run(lower(std::get<Embedding>(layer.operation), context));
    run.write_map(Operand::kInput, context.input(), batch, test.indices);
    pack_weights(layer, context.input(), target.isa, parameters.weights,
                 run.buffer(Operand::kWeights));
    run.run(target.fuse);
    EXPECT_EQ(run.read_map(Operand::kOutput, context.output, batch), wanted)
        << test.rows << " x " << test.features;
    EXPECT_TRUE(run.surroundings_are_zero(Operand::kOutput, context.output, batch));
  }
}

TEST(EmbeddingKernel, LooksRowsUp) {
  for (const int64_t features : {1, 5, 16, 33, 100}) {
    const Case test{7, features, 5, {6, 0, 3, 3, 1, 5, 4, 2, 6, 0}};
    check(test, test.indices);
  }
}

TEST(EmbeddingKernel, MoreTokensThanRows) {
  const Case test{2, 9, 7, {1, 1, 0, 1, 0, 0, 1}};
  check(test, test.indices);
}

TEST(EmbeddingKernel, NeverReadsOutsideTheTable) {
  const float inf = std::numeric_limits<float>::infinity();
  check({3, 6, 8, {-1, 3, 1e30F, -1e30F, inf, -inf, NAN, 1.75F}}, {0, 2, 2, 0, 2, 0, 0, 1});
}

// Every address that the loops give a load of the table.
std::vector<uint64_t> table_reads(const std::vector<AccessStep>& steps, uint32_t buffer,
                                  std::vector<uint64_t>& iterations) {
  std::vector<uint64_t> reads;
  for (const AccessStep& step : steps) {
    if (const auto* loop = std::get_if<AccessLoop>(&step.node)) {
      for (uint64_t i = 0; i < loop->trips; ++i) {
        iterations[loop->id] = i;
        const auto inner = table_reads(loop->body, buffer, iterations);
        reads.insert(reads.end(), inner.begin(), inner.end());
      }
      continue;
    }
    const auto& access = std::get<Access>(step.node);
    if (access.buffer != buffer) continue;
    int64_t offset = access.offset_bytes;
    for (const auto& stride : access.strides) {
      offset += stride.bytes * static_cast<int64_t>(iterations[stride.loop]);
    }
    reads.push_back(static_cast<uint64_t>(offset));
  }
  return reads;
}

TEST(EmbeddingKernel, CountsTokenAfterToken) {
  const Layer layer = layer_of({4, 8, 10, {}});
  const LoopNest nest =
      lower(std::get<Embedding>(layer.operation), context_of(layer, 1, Isa::kAvx2));
  const std::vector<uint64_t> addresses(nest.buffers.size(), 0);
  const AccessProgram program = access_program(nest, "embedding", addresses);
  std::vector<uint64_t> iterations(nest.loop_count);
  std::vector<uint64_t> wanted;
  for (uint64_t token = 0; token < 10; ++token) wanted.push_back(token % 4 * 32);
  EXPECT_EQ(table_reads(program.body, 1, iterations), wanted);
}

}  // namespace
}  // namespace wattgrind
