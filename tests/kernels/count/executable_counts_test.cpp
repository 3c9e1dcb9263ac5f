// What cachegrind counts in an executable is what its nests say.
#include <gtest/gtest.h>

#include "cachesim/cachegrind/cachegrind_command.h"
#include "cachesim/cachegrind/cachegrind_output.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/file_text.h"
#include "kernels/program/program.h"
#include "tests/kernels/counted_here.h"
#include "tests/kernels/executable_fixture.h"
#include "tests/kernels/nest_interpreter.h"

namespace wattgrind {
namespace {

class ExecutableCountsTest : public ExecutableTest {
 protected:
  CachegrindOutput cachegrind(const ExecutableSpec& spec,
                              const std::vector<std::string>& environment = {}) {
    write(spec);
    const CachegrindGeometry geometry = {{.size_bytes = 32 << 10, .ways = 8, .line_bytes = 64},
                                         {.size_bytes = 32 << 10, .ways = 8, .line_bytes = 64},
                                         {.size_bytes = 8 << 20, .ways = 16, .line_bytes = 64}};
    EXPECT_EQ(exit_status(cachegrind_command(geometry, "counts", "./network"), environment), 0);
    return parse_cachegrind_output(read_file(folder_ / "counts"), "counts");
  }
};

CachegrindCounts counts_of(const CachegrindOutput& output, const std::string& function) {
  for (const CachegrindFunction& candidate : output.functions) {
    if (candidate.name == function) return candidate.counts;
  }
  ADD_FAILURE() << "no counts of " << function;
  return {};
}

// Every call has the references of its nest, `runtime` has none, and nothing else is there.
void expect_counts_of_nests(const CachegrindOutput& output, const CallList& network,
                            const std::vector<std::string>& symbols) {
  for (size_t i = 0; i < symbols.size(); ++i) {
    std::vector<std::vector<uint8_t>> buffers = random_buffers(network.nests()[i], 0);
    const ReferencesMade made = interpret(network.nests()[i], buffers, false);
    const CachegrindCounts counts = counts_of(output, symbols[i]);
    EXPECT_EQ(counts[CachegrindEvent::kDr], made.reads) << symbols[i];
    EXPECT_EQ(counts[CachegrindEvent::kDw], made.writes) << symbols[i];
  }
  const CachegrindCounts runtime = counts_of(output, std::string(kRuntimeSymbol));
  EXPECT_EQ(runtime[CachegrindEvent::kDr], 0);
  EXPECT_EQ(runtime[CachegrindEvent::kDw], 0);
  EXPECT_EQ(output.functions.size(), symbols.size() + 1);
}

TEST_F(ExecutableCountsTest, CountsAreThoseOfTheNests) {
  const std::vector<std::string> symbols = {"layer:conv1", "fc 6", "one", "tempting"};
  for (const Isa isa : isas_counted_here()) {
    CallList calls = tiles(isa, isa == Isa::kSse42 ? 4 : 6);
    expect_counts_of_nests(cachegrind(calls.spec()), calls, symbols);
  }
}

// What is to be executed from a network's program.
ExecutableSpec executable_spec(const Program& program) {
  ExecutableSpec spec = {
      .isa = program.isa, .arena_address = kArenaAddress, .arena_bytes = program.arena_bytes()};
  for (const Step& step : program.steps) {
    spec.calls.push_back({step.symbol, &step.nest, program.addresses(step)});
  }
  return spec;
}

// No kernel of these networks spills: what is counted is exactly what the access programs say.
TEST_F(ExecutableCountsTest, EveryLayerIsCountedExactly) {
  for (const char* name : {"lenet5", "alexnet"}) {
    for (const Isa isa : isas_counted_here()) {
      const Program program = lower_network(builtin_network(name), isa, 1);
      const CachegrindOutput output = cachegrind(executable_spec(program));
      for (const Step& step : program.steps) {
        const ReferenceCounts wanted = count_references(program.access_program(step));
        const CachegrindCounts counts = counts_of(output, step.symbol);
        EXPECT_EQ(counts[CachegrindEvent::kDr], wanted.reads) << name << " " << step.symbol;
        EXPECT_EQ(counts[CachegrindEvent::kDw], wanted.writes) << name << " " << step.symbol;
      }
    }
  }
}

TEST_F(ExecutableCountsTest, CountsDoNotDependOnTheEnvironment) {
  CallList network = tiles(isas_counted_here().back(), 6);
  const CachegrindOutput bare = cachegrind(network.spec());
  const CachegrindOutput full =
      cachegrind(network.spec(), {"LONG=" + std::string(5000, 'x'), "A=b"});
  ASSERT_EQ(bare.functions.size(), full.functions.size());
  for (size_t i = 0; i < bare.functions.size(); ++i) {
    EXPECT_EQ(bare.functions[i].name, full.functions[i].name);
    EXPECT_EQ(bare.functions[i].counts, full.functions[i].counts) << bare.functions[i].name;
  }
}

}  // namespace
}  // namespace wattgrind
