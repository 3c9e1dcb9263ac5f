// The instructions that are told of machine code are those that cachegrind counts (Ir).
#include <gtest/gtest.h>

#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "kernels/count/count_source.h"
#include "kernels/count/count_training.h"
#include "kernels/gradients/optimizer.h"
#include "tests/kernels/counted_here.h"

namespace wattgrind {
namespace {

const ProgressReport silent = [](std::string_view, uint64_t, uint64_t) {};

void expect_executed(const NetworkCounts& counts) {
  ASSERT_GT(counts.rows.size(), 1u);
  for (const CountedRow& row : counts.rows) {
    EXPECT_EQ(row.counts.instructions.value().total(), row.counts.executed_instructions.value())
        << counts.network << " " << row.name;
  }
}

class InstructionCountsTest : public testing::TestWithParam<const char*> {
 protected:
  InstructionCountsTest()
      : runner_(make_process_runner()), cachegrind_(make_cachegrind_source(*runner_)) {}

  std::unique_ptr<ProcessRunner> runner_;
  std::unique_ptr<CountSource> cachegrind_;
};

// Every function, and start-up code beside them.
TEST_P(InstructionCountsTest, AreCachegrinds) {
  const auto source = make_instruction_source(*cachegrind_);
  for (const std::string& machine : machines_counted_here()) {
    expect_executed(count_network(find_network(GetParam()), 2, find_machine(machine), false,
                                  *source, silent, nullptr));
  }
}

INSTANTIATE_TEST_SUITE_P(All, InstructionCountsTest,
                         testing::Values("lenet5", "ds_cnn", "resnet8", "bert_tiny",
                                         "dffr:layers=2,width=7"),
                         [](const auto& network) {
                           std::string name(network.param);
                           return name.substr(0, name.find(':'));
                         });

TEST_F(InstructionCountsTest, AreCachegrindsOfATrainingStep) {
  const auto source = make_instruction_source(*cachegrind_);
  expect_executed(count_training_step(find_network("cnn:layers=1,filters=3,filter_size=3"), Adam{},
                                      3, find_machine(machines_counted_here().front()), false,
                                      *source, silent, nullptr));
}

}  // namespace
}  // namespace wattgrind
