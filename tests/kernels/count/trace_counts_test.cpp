// The trace through cachegrind's model is what cachegrind counts.
#include <gtest/gtest.h>

#include "cachesim/cachegrind/cachegrind_command.h"
#include "cachesim/cachegrind/cachegrind_output.h"
#include "estimator/base/architecture.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/machine/host_isa.h"
#include "estimator/system/file_text.h"
#include "kernels/count/count_source.h"
#include "kernels/trace/machine_trace.h"
#include "tests/kernels/executable_fixture.h"

namespace wattgrind {
namespace {

struct LayerEvents {
  std::string layer;
  std::vector<uint64_t> events;

  friend bool operator==(const LayerEvents&, const LayerEvents&) = default;
};

void PrintTo(const LayerEvents& layer, std::ostream* out) {
  *out << layer.layer << ":";
  for (const uint64_t count : layer.events) *out << " " << count;
}

// What cachegrind can tell, layer by layer.
std::vector<LayerEvents> events(const NetworkCounts& counts) {
  std::vector<LayerEvents> result;
  for (const CountedRow& row : counts.rows) {
    if (row.kind == "runtime") continue;
    LayerEvents layer{row.name, {row.counts.refs.reads, row.counts.refs.writes}};
    for (const LevelCounts& level : row.counts.levels) layer.events.push_back(level.misses);
    result.push_back(std::move(layer));
  }
  return result;
}

void expect_cachegrinds_counts(const std::string& network_name, const std::string& machine_name,
                               int64_t batch, bool steady) {
  const Network network = find_network(network_name);
  const Machine machine = find_machine(machine_name);
  const auto quiet = [](std::string_view, uint64_t, uint64_t) {};
  const auto runner = make_process_runner();
  const auto cachegrind = make_cachegrind_source(*runner);
  const auto trace = make_trace_source(CacheModel::kCachegrind);
  EXPECT_EQ(events(count_network(network, batch, machine, steady, *trace, quiet, nullptr)),
            events(count_network(network, batch, machine, steady, *cachegrind, quiet, nullptr)))
      << network_name << " on " << machine_name;
}

bool traces_here() { return architecture_of(host_isa()) == Architecture::kX86; }

TEST(TraceCountsTest, EveryLayerIsCachegrinds) {
  if (!traces_here()) GTEST_SKIP() << "traces are of x86 code, which cachegrind does not run here";
  for (const char* machine : {"xeon_x5650", "skylake_i7_6700"}) {
    expect_cachegrinds_counts("lenet5", machine, 1, false);
    expect_cachegrinds_counts("lenet5", machine, 3, true);
    expect_cachegrinds_counts("cnn:layers=3,filters=5,filter_size=4", machine, 2, false);
  }
}

class TraceSpillsTest : public ExecutableTest {};

// Where registers run out, cachegrind sees the stack too: spilled vectors and loop counters.
TEST_F(TraceSpillsTest, SpilledRegistersAreCachegrinds) {
  if (!traces_here()) GTEST_SKIP() << "traces are of x86 code, which cachegrind does not run here";
  for (const Isa isa : {Isa::kSse42, Isa::kAvx2}) {
    CallList calls(isa);
    calls.add("crowded", crowded_vectors(isa));
    calls.add("deep", deep_loops(isa));
    write(calls.spec());
    const CachegrindGeometry geometry = {{.size_bytes = 32 << 10, .ways = 8, .line_bytes = 64},
                                         {.size_bytes = 32 << 10, .ways = 8, .line_bytes = 64},
                                         {.size_bytes = 8 << 20, .ways = 16, .line_bytes = 64}};
    ASSERT_EQ(exit_status(cachegrind_command(geometry, "counts", "./network")), 0);
    const CachegrindOutput output =
        parse_cachegrind_output(read_file(folder_ / "counts"), "counts");

    MachineTrace trace({calls.spec().calls, calls.spec().arena_bytes, {isa, false}});
    std::vector<References> found(calls.nests().size());
    trace.run([&](size_t call, std::span<const TraceRecord> references) {
      for (const TraceRecord& record : references) {
        ++(record.is_read ? found[call].reads : found[call].writes);
      }
    });
    for (const CachegrindFunction& function : output.functions) {
      if (function.name == kRuntimeSymbol) continue;
      const References& traced = found.at(function.name == "crowded" ? 0 : 1);
      EXPECT_EQ(traced.reads, function.counts[CachegrindEvent::kDr]) << function.name;
      EXPECT_EQ(traced.writes, function.counts[CachegrindEvent::kDw]) << function.name;
    }
  }
}

}  // namespace
}  // namespace wattgrind
