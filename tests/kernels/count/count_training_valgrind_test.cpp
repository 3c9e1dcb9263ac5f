// Training steps, simulated after cachegrind's model, against cachegrind itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "kernels/count/count_training.h"
#include "tests/kernels/counted_here.h"

namespace wattgrind {
namespace {

// 0.5 %, 64 references and 16 misses: the larger.
void expect_near(uint64_t predicted, uint64_t counted, uint64_t least, const std::string& what) {
  const uint64_t allowed = std::max(least, counted / 200);
  EXPECT_LE(std::max(predicted, counted) - std::min(predicted, counted), allowed)
      << what << ": " << predicted << ", cachegrind " << counted;
}

// A last level of 12 MiB: in a small one, instructions, which the simulation leaves out, take the
// place of data.
void expect_agreement(const Network& network, Isa isa, bool steady) {
  Machine machine = find_machine("xeon_x5650_powerml");
  machine.isa = isa;
  const auto runner = make_process_runner();
  const auto count = [&](CountSource& source) {
    return count_training_step(
        network, Adam{}, 8, machine, steady, source, [](std::string_view, uint64_t, uint64_t) {},
        nullptr);
  };
  const NetworkCounts predicted = count(*make_simulation_source(CacheModel::kCachegrind));
  const NetworkCounts counted = count(*make_cachegrind_source(*runner));
  ASSERT_LE(predicted.rows.size(), counted.rows.size());
  for (size_t i = 0; i < predicted.rows.size(); ++i) {
    const EventCounts& ours = predicted.rows[i].counts;
    const EventCounts& theirs = counted.rows[i].counts;
    const std::string& what = predicted.rows[i].name;
    expect_near(ours.refs.reads, theirs.refs.reads, 64, what + " reads");
    expect_near(ours.refs.writes, theirs.refs.writes, 64, what + " writes");
    for (size_t level = 0; level < ours.levels.size(); ++level) {
      expect_near(
          ours.levels[level].misses, theirs.levels[level].misses, 16,
          what + (steady ? " steady" : "") + " misses at level " + std::to_string(level + 1));
    }
  }
}

// Normalisations of every kind, and sums and products in place.
Network normalized_tokens() {
  const FeatureShape scale{20, 1, 1};
  return build_network("tokens", {6, 1, 9},
                       {{.operation = Conv2d{.filters = 20}},
                        {.operation = Binary{.constant = {20, 1, 9}}},
                        {.operation = Normalization{{.channels = true}, scale}},
                        {.operation = Conv2d{.filters = 20}},
                        {.operation = BatchNorm{}},
                        {.operation = Binary{.function = BinaryFunction::kMultiply, .scalar = 0.3}},
                        {.operation = Normalization{{.width = true}, scale}},
                        {.operation = GlobalAvgPool2d{}},
                        {.operation = Dense{10}},
                        {.operation = Softmax{}}},
                       "test");
}

TEST(TrainingUnderCachegrind, AgreesWithSimulation) {
  for (const Network& network :
       {find_network("lenet5"), find_network("dffr:layers=2,width=16"),
        find_network("cnn:layers=2,filters=4,filter_size=3"), normalized_tokens()}) {
    for (const Isa isa : isas_counted_here()) {
      SCOPED_TRACE(fmt::format("{} {}", network.name, traits(isa).name));
      for (const bool steady : {false, true}) expect_agreement(network, isa, steady);
    }
  }
}

}  // namespace
}  // namespace wattgrind
