#include "kernels/count/count_training.h"

#include <gtest/gtest.h>

#include <csignal>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/interrupt.h"
#include "kernels/program/training_program.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

constexpr const char* kMachine = "xeon_x5650";  // a last level of 12 MiB

TrainingCounts count(const std::string& network, int64_t batch, const TrainingLength& length) {
  const auto source = make_simulation_source(CacheModel::kMachine);
  return count_training(find_network(network), Adam{}, batch, length, find_machine(kMachine),
                        *source, [](std::string_view, uint64_t, uint64_t) {});
}

const CountedRow& row(const NetworkCounts& counts, const std::string& name) {
  for (const CountedRow& candidate : counts.rows) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << "no row " << name;
  return counts.rows[0];
}

const PassCounts& pass(const CountedRow& row, const std::string& name) {
  for (const PassCounts& candidate : row.passes) {
    if (candidate.pass == name) return candidate;
  }
  ADD_FAILURE() << row.name << ": no pass " << name;
  return row.passes[0];
}

std::vector<std::pair<TrainingStep, uint64_t>> kinds(const TrainingCounts& counts) {
  std::vector<std::pair<TrainingStep, uint64_t>> result;
  for (const CountedTrainingStep& kind : counts.kinds) result.push_back({kind.step, kind.times});
  return result;
}

using Kinds = std::vector<std::pair<TrainingStep, uint64_t>>;

TEST(CountTraining, KindsOfStepsMakeUpTheTraining) {
  const std::string network = "dffr:layers=1,width=5,classes=2";
  using enum TrainingStep;
  EXPECT_EQ(kinds(count(network, 8, {8, 1})), (Kinds{{kFirst, 1}}));
  EXPECT_EQ(kinds(count(network, 8, {24, 1})), (Kinds{{kFirst, 1}, {kSteady, 2}}));
  EXPECT_EQ(kinds(count(network, 8, {20, 1})), (Kinds{{kFirst, 1}, {kSteady, 1}, {kLast, 1}}));
  EXPECT_EQ(kinds(count(network, 8, {20, 5})),
            (Kinds{{kFirst, 1}, {kSteady, 1}, {kLast, 1}, {kLater, 8}, {kLaterLast, 4}}));
  // More than 12 MiB of images are new in every epoch.
  EXPECT_EQ(kinds(count(network, 8, {20'004, 3})),
            (Kinds{{kFirst, 1}, {kSteady, 7499}, {kLast, 3}}));
  EXPECT_EQ(count(network, 8, {20'004, 3}).steps, 7503);
}

TEST(CountTraining, ABatchLargerThanTheDataIsOneShortBatch) {
  const TrainingCounts counts = count("dffr:layers=1,width=5,classes=2", 64, {20, 3});
  EXPECT_EQ(counts.steps, 3);
  EXPECT_EQ(counts.whole.batch, 20);
  EXPECT_EQ(counts.whole.images, 60);
  EXPECT_EQ(counts.kinds[0].counts.images, 20);
}

// The references that the nests of every step name, added up one by one.
TEST(CountTraining, ReferencesAreThoseOfEveryStep) {
  const Network network = find_network("cnn:layers=1,filters=2,filter_size=3,classes=2");
  const Machine machine = find_machine(kMachine);
  const TrainingProgram whole = lower_training(network, Adam{}, machine.isa, 8);
  const TrainingProgram rest = lower_smaller_batch(whole, network, Adam{}, 3);
  ReferenceCounts wanted;
  const auto add = [&](const TrainingProgram& training, uint64_t times) {
    for (const Step& step : training.program.steps) {
      const ReferenceCounts made = count_references(training.program.access_program(step));
      wanted.reads += times * made.reads;
      wanted.writes += times * made.writes;
      wanted.read_bytes += times * made.read_bytes;
      wanted.written_bytes += times * made.written_bytes;
    }
  };
  constexpr uint64_t kEpochs = 4;
  add(whole, 2 * kEpochs);
  add(rest, kEpochs);
  const CountedRow sum =
      total(count("cnn:layers=1,filters=2,filter_size=3,classes=2", 8, {19, kEpochs}).whole.rows);
  EXPECT_EQ(sum.counts.refs.reads, wanted.reads);
  EXPECT_EQ(sum.counts.refs.writes, wanted.writes);
  EXPECT_EQ(sum.counts.bytes->reads, wanted.read_bytes);
  EXPECT_EQ(sum.counts.bytes->writes, wanted.written_bytes);
}

TEST(CountTraining, ImagesComeFromMemoryOnceWhereTheyStayInTheLastLevel) {
  const TrainingCounts counts = count("dffr:layers=1,width=5,classes=2", 16, {100, 5});
  constexpr uint64_t kImageLines = 16 * 28 * 28 * 4 / 64;
  ASSERT_EQ(counts.kinds[1].step, TrainingStep::kSteady);
  EXPECT_GE(row(counts.kinds[1].counts, "input").counts.dram.reads, kImageLines);
  ASSERT_EQ(counts.kinds[3].step, TrainingStep::kLater);
  EXPECT_EQ(row(counts.kinds[3].counts, "input").counts.dram.reads, 0);
}

TEST(CountTraining, PassesAddUpToTheirLayer) {
  const TrainingCounts counts = count("dffr:layers=2,width=12", 16, {32, 1});
  for (const CountedRow& layer : counts.whole.rows) {
    uint64_t reads = 0, macs = 0, misses = 0;
    for (const PassCounts& part : layer.passes) {
      reads += part.counts.refs.reads;
      macs += part.operations.macs;
      misses += part.counts.levels[0].misses;
    }
    EXPECT_EQ(reads, layer.counts.refs.reads) << layer.name;
    EXPECT_EQ(macs, layer.operations.macs) << layer.name;
    EXPECT_EQ(misses, layer.counts.levels[0].misses) << layer.name;
  }
}

TEST(CountTraining, OperationsAreThoseOfTheFormulas) {
  const NetworkCounts step = count("dffr:layers=2,width=12", 16, {16, 1}).kinds[0].counts;
  const CountedRow& first = row(step, "dense_1");
  EXPECT_EQ(pass(first, "forward").operations.macs, 16 * 784 * 12);
  EXPECT_EQ(pass(first, "backward").operations.macs, 16 * 784 * 12) << "the input has no gradient";
  EXPECT_EQ(pass(first, "update").operations.other, (784 * 12 + 12) * 12);  // Adam
  const CountedRow& second = row(step, "dense_2");
  EXPECT_EQ(pass(second, "backward").operations.macs, 2 * 16 * 12 * 12);
  EXPECT_EQ(pass(second, "backward").operations.other, 16 * 12);
  EXPECT_EQ(row(step, "input").operations.macs, 0);
}

TEST(CountTraining, AStepAloneIsTheFirstOrTheSecond) {
  const Network network = find_network("dffr:layers=2,width=12");
  const Machine machine = find_machine(kMachine);
  const auto source = make_simulation_source(CacheModel::kMachine);
  const TrainingCounts training = count("dffr:layers=2,width=12", 16, {48, 1});
  for (const bool steady : {false, true}) {
    const NetworkCounts step = count_training_step(
        network, Adam{}, 16, machine, steady, *source, [](std::string_view, uint64_t, uint64_t) {},
        nullptr);
    const CountedRow alone = total(step.rows);
    const CountedRow within = total(training.kinds[steady ? 1 : 0].counts.rows);
    EXPECT_EQ(alone.counts.refs.total(), within.counts.refs.total());
    EXPECT_EQ(alone.counts.dram.reads, within.counts.dram.reads);
    EXPECT_EQ(alone.counts.levels[0].misses, within.counts.levels[0].misses);
  }
}

TEST(CountTraining, ALengthBeyond64BitsIsRefused) {
  EXPECT_THROW(count("dffr:layers=1,width=5", 8, {uint64_t{1} << 62, 8}), Error);
  EXPECT_THROW(count("dffr:layers=1,width=5", 1, {uint64_t{1} << 61, 1}), Error);
}

TEST(CountTraining, ReferencesAreThoseTheSimulatorSees) {
  const auto source = make_reference_source();
  const TrainingLength length{50, 3};
  const Network network = find_network("cnn:layers=1,filters=3,filter_size=3,classes=2");
  const TrainingCounts references =
      count_training(network, Adam{}, 16, length, find_machine(kMachine), *source,
                     [](std::string_view, uint64_t, uint64_t) {});
  const TrainingCounts simulated = count(network.name, 16, length);
  ASSERT_EQ(references.whole.rows.size(), simulated.whole.rows.size());
  for (size_t i = 0; i < references.whole.rows.size(); ++i) {
    const CountedRow &a = references.whole.rows[i], &b = simulated.whole.rows[i];
    EXPECT_EQ(a.counts.refs.reads, b.counts.refs.reads) << a.name;
    EXPECT_EQ(a.counts.refs.writes, b.counts.refs.writes) << a.name;
    EXPECT_EQ(a.counts.levels[0].hits, a.counts.refs.total()) << a.name;
    EXPECT_EQ(a.operations.macs, b.operations.macs) << a.name;
  }
}

TEST(CountTraining, StopsWhenInterrupted) {
  const InterruptGuard guard;
  raise(SIGINT);
  error_text([] { count("dffr:layers=1,width=5,classes=2", 8, {24, 1}); }, ErrorKind::kInterrupted);
}

}  // namespace
}  // namespace wattgrind
