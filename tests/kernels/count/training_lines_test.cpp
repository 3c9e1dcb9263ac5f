// Compulsory misses of whole trainings against every reference of every step.
//
// The oracle makes the training's steps itself, batch by batch and epoch by epoch, walks each
// step's access programs reference by reference, and keeps the lines in a set. It knows no caches
// and no kinds of steps.
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "kernels/count/count_training.h"
#include "kernels/program/training_program.h"

namespace wattgrind {
namespace {

constexpr uint64_t kLineBytes = 64;

class FirstTouches {
 public:
  void walk(const AccessProgram& program) {
    iterations_.assign(program.loop_count, 0);
    walk(program, program.body);
  }

  uint64_t lines() const { return lines_.size(); }
  // References that were the first to at least one line.
  uint64_t references() const { return references_; }

 private:
  void walk(const AccessProgram& program, const std::vector<AccessStep>& body) {
    for (const AccessStep& step : body) {
      if (const auto* access = std::get_if<Access>(&step.node)) {
        touch(program, *access);
        continue;
      }
      const auto& loop = std::get<AccessLoop>(step.node);
      for (uint64_t& i = iterations_[loop.id] = 0; i < loop.trips; ++i) walk(program, loop.body);
    }
  }

  void touch(const AccessProgram& program, const Access& access) {
    uint64_t address =
        program.buffers[access.buffer].address + static_cast<uint64_t>(access.offset_bytes);
    for (const AccessStride& stride : access.strides) {
      address += static_cast<uint64_t>(stride.bytes) * iterations_[stride.loop];
    }
    bool is_first = false;
    const uint64_t last = (address + access.bytes - 1) / kLineBytes;
    for (uint64_t line = address / kLineBytes; line <= last; ++line) {
      is_first |= lines_.insert(line).second;
    }
    references_ += is_first;
  }

  std::set<uint64_t> lines_;
  std::vector<uint64_t> iterations_;
  uint64_t references_ = 0;
};

struct Training {
  std::string network;
  int64_t batch = 1;
  TrainingLength length;
};

void PrintTo(const Training& training, std::ostream* out) {
  *out << training.network.substr(0, training.network.find(':')) << " in batches of "
       << training.batch << ", " << training.length.images << " images, " << training.length.epochs
       << " epochs";
}

// Walks a step with the images and the labels of one batch of the data set where they lie: each
// batch on lines of its own, behind all of the step's buffers.
void walk_step(const TrainingProgram& training, uint64_t batch_number, FirstTouches& touches) {
  const Program& program = training.program;
  const auto place = [](uint64_t bytes) { return (bytes / kLineBytes + 1) * kLineBytes; };
  const uint64_t images = place(program.buffers[training.images].bytes);
  const uint64_t labels = place(program.buffers[training.image_labels].bytes);
  const uint64_t data_set = kArenaAddress + place(program.arena_bytes());
  for (const Step& step : program.steps) {
    AccessProgram accesses = program.access_program(step);
    for (size_t i = 0; i < step.buffers.size(); ++i) {
      const uint64_t at = data_set + batch_number * (images + labels);
      if (step.buffers[i] == training.images) accesses.buffers[i].address = at;
      if (step.buffers[i] == training.image_labels) accesses.buffers[i].address = at + images;
    }
    touches.walk(accesses);
  }
}

FirstTouches walk_training(const Training& training, Isa isa) {
  const Network network = find_network(training.network);
  const TrainingProgram whole = lower_training(network, Adam{}, isa, training.batch);
  const auto batch = static_cast<uint64_t>(training.batch);
  const uint64_t full = training.length.images / batch;
  const uint64_t rest = training.length.images % batch;
  FirstTouches touches;
  for (uint64_t epoch = 0; epoch < training.length.epochs; ++epoch) {
    for (uint64_t i = 0; i < full; ++i) walk_step(whole, i, touches);
    if (rest > 0) {
      walk_step(lower_smaller_batch(whole, network, Adam{}, static_cast<int64_t>(rest)), full,
                touches);
    }
  }
  return touches;
}

// A machine of a last level of 64 KiB, which holds none of the trainings below.
Machine small_machine() {
  Machine machine = find_machine("xeon_x5650");
  int64_t bytes = 4 << 10;
  for (CacheLevel& level : machine.levels) {
    level.geometry.value.size_bytes = bytes;
    bytes *= 4;
  }
  return machine;
}

void expect_first_touches(const Training& training, const Machine& machine) {
  const FirstTouches touches = walk_training(training, machine.isa);
  const auto source = make_simulation_source(CacheModel::kMachine);
  const TrainingCounts counts =
      count_training(find_network(training.network), Adam{}, training.batch, training.length,
                     machine, *source, [](std::string_view, uint64_t, uint64_t) {});
  const CountedRow sum = total(counts.whole.rows);
  EXPECT_EQ(sum.counts.levels[0].compulsory_misses, touches.references());
  for (size_t i = 1; i < sum.counts.levels.size(); ++i) {
    EXPECT_EQ(sum.counts.levels[i].compulsory_misses, touches.lines()) << "level " << i + 1;
  }
  uint64_t by_pass = 0, by_tensor = 0;
  for (const PassCounts& pass : sum.passes) {
    by_pass += pass.counts.levels.back().compulsory_misses.value();
  }
  for (const TensorCounts& tensor : sum.tensors) {
    by_tensor += tensor.counts.levels.back().compulsory_misses.value();
  }
  EXPECT_EQ(by_pass, touches.lines());
  EXPECT_EQ(by_tensor, touches.lines());
}

class TrainingLines : public testing::TestWithParam<Training> {};

TEST_P(TrainingLines, WhereTheImagesStayInTheLastLevel) {
  expect_first_touches(GetParam(), find_machine("xeon_x5650"));
}

TEST_P(TrainingLines, WhereEveryEpochReadsTheImagesFromMemory) {
  expect_first_touches(GetParam(), small_machine());
}

constexpr const char* kDense = "dffr:layers=2,width=12";
constexpr const char* kConvolutions = "cnn:layers=1,filters=2,filter_size=3,classes=2";

INSTANTIATE_TEST_SUITE_P(CountTraining, TrainingLines,
                         testing::Values(Training{kDense, 32, {100, 3}},
                                         Training{kDense, 5, {100, 2}}, Training{kDense, 8, {8, 3}},
                                         Training{kDense, 7, {13, 1}},
                                         Training{kConvolutions, 32, {100, 3}},
                                         Training{kConvolutions, 8, {19, 4}},
                                         Training{kConvolutions, 9, {10, 3}}));

}  // namespace
}  // namespace wattgrind
