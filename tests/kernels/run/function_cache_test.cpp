#include "kernels/run/function_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/kernels/codegen_targets.h"
#include "tests/kernels/nest_interpreter.h"
#include "tests/kernels/sample_nests.h"

namespace wattgrind {
namespace {

const Isa kIsa = least_host_isa();

KernelFunction compiled(const LoopNest& nest, bool fuse = false) {
  const LoopNest* nests[] = {&nest};
  return compiled_functions(nests, {kIsa, fuse}).at(0).function;
}

TEST(FunctionCache, WhatIsEqualButForNamesIsOneFunction) {
  const LoopNest nest = tile_product(kIsa, 2, 1, 16);
  LoopNest named = nest;
  named.name = "another";
  named.buffers[0].operand = Operand::kScratch;
  const LoopNest* nests[] = {&nest, &named};
  const auto functions = compiled_functions(nests, {kIsa, false});
  EXPECT_EQ(functions[0].function, functions[1].function);
  EXPECT_EQ(compiled(nest), functions[0].function) << "asked for again";
}

TEST(FunctionCache, EverythingThatDecidesTheCodeTellsFunctionsApart) {
  const LoopNest nest = tile_product(kIsa, 2, 1, 16);
  const KernelFunction function = compiled(nest);
  EXPECT_NE(compiled(tile_product(kIsa, 2, 1, 17)), function) << "trips";
  EXPECT_NE(compiled(tile_product(kIsa, 3, 1, 16)), function) << "instructions";
  const LoopNest* nests[] = {&nest};
  if (traits(host_isa()).fused_multiply_add) {
    EXPECT_NE(compiled_functions(nests, {host_isa(), true})[0].function, function) << "options";
  }
}

// The handle alone holds the memory once the cache has forgotten the function, and what it holds
// still computes what the interpreter does.
TEST(FunctionCache, AFunctionOutlivesItsPlace) {
  const LoopNest nest = tile_product(kIsa, 1, 1, 4);
  const LoopNest* nests[] = {&nest};
  const CompiledFunction function = compiled_functions(nests, {kIsa, false})[0];
  ASSERT_GT(function.memory.use_count(), 1) << "the cache keeps it";
  forget_compiled_functions();
  EXPECT_EQ(function.memory.use_count(), 1) << "the cache has let go";
  EXPECT_NE(compiled(nest), function.function) << "its place is another's";
  std::vector<std::vector<uint8_t>> buffers = random_buffers(nest, 1), wanted = buffers;
  interpret(nest, wanted, false);
  ASSERT_NE(buffers, wanted);
  std::vector<void*> addresses;
  for (auto& buffer : buffers) addresses.push_back(buffer.data());
  function.function(addresses.data());
  EXPECT_EQ(buffers, wanted);
}

// Half of them the same, half each thread's own.
TEST(FunctionCache, ThreadsMayAskAtOnce) {
  forget_compiled_functions();
  std::vector<std::thread> threads;
  std::vector<KernelFunction> common(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i, &common] {
      for (int trips = 8; trips < 16; ++trips) {
        const LoopNest shared = tile_product(kIsa, 1, 1, trips);
        const LoopNest own = tile_product(kIsa, 2 + i, 1, trips);
        const LoopNest* nests[] = {&shared, &own};
        const auto functions = compiled_functions(nests, {kIsa, false});
        std::vector<std::vector<uint8_t>> buffers = random_buffers(own, 1);
        std::vector<void*> addresses;
        for (auto& buffer : buffers) addresses.push_back(buffer.data());
        functions[1].function(addresses.data());
      }
      common[static_cast<size_t>(i)] = compiled(tile_product(kIsa, 1, 1, 8));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const KernelFunction function : common) EXPECT_EQ(function, common[0]);
}

}  // namespace
}  // namespace wattgrind
