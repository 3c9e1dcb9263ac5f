// The sizes that are estimated from layers alone, against what lowered programs take.
#include "estimator/network/network_size.h"

#include <gtest/gtest.h>

#include "estimator/catalog/network_source.h"
#include "kernels/program/training_program.h"

namespace wattgrind {
namespace {

double ratio(const Network& network, const BatchPass& pass, uint64_t arena_bytes) {
  return static_cast<double>(network_size(network, pass).total.bytes) /
         static_cast<double>(arena_bytes);
}

TEST(NetworkSizeOfPrograms, MemoryIsNearTheArenas) {
  for (const std::string name : {"lenet5", "alexnet", "nin", "vgg16", "dffr:layers=3,width=200"}) {
    const Network network = find_network(name);
    for (const int64_t batch : {1, 32}) {
      const Program inference = lower_network(network, Isa::kAvx2, batch);
      const double of_inference = ratio(network, {batch}, inference.arena_bytes());
      EXPECT_GT(of_inference, 0.7) << name << " " << batch;
      EXPECT_LT(of_inference, 1.3) << name << " " << batch;
      const TrainingProgram training = lower_training(network, Adam{}, Isa::kAvx2, batch);
      const double of_training = ratio(network, {batch, true}, training.program.arena_bytes());
      EXPECT_GT(of_training, 0.6) << name << " " << batch;
      EXPECT_LT(of_training, 1.4) << name << " " << batch;
    }
  }
}

// A bound that refused these would be in the way.
TEST(NetworkSizeOfPrograms, TheDefaultBoundsTakeWhatPeopleCountAndTrain) {
  EXPECT_FALSE(oversize(find_network("vgg16"), {64}, {}));
  EXPECT_FALSE(oversize(find_network("vgg16"), {16, true}, {}));
  EXPECT_FALSE(oversize(find_network("alexnet"), {256, true}, {}));
}

TEST(NetworkSizeOfPrograms, PaddingIsMemory) {
  const Network network = build_network(
      "net", {1, 28, 28}, {{"", Conv2d{8, {3, 3, 1, 1, 500, 500, 500, 500}, 1}, false, {}}}, "net");
  const double of_inference =
      ratio(network, {1}, lower_network(network, Isa::kAvx2, 1).arena_bytes());
  EXPECT_GT(of_inference, 0.9);
  EXPECT_LT(of_inference, 1.1);
}

}  // namespace
}  // namespace wattgrind
