// Trains a network natively: shuffled mini-batches through kernels made for this computer.
//
// One seed gives the same parameters, bit for bit, on computers with the same instruction set;
// others differ by rounding.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"
#include "kernels/gradients/optimizer.h"
#include "search/data/data_set.h"
#include "search/training/initializer.h"
#include "search/training/learning.h"

namespace wattgrind {

struct TrainingOptions {
  int64_t batch = 32;  // more than there are images: all of them, one step an epoch
  Optimizer optimizer = Adam{};
  Initializer initializer = Initializer::kGlorotUniform;
  uint64_t seed = 1;
};

// Called after each step with how many images of the epoch were trained on, and how many there are.
using EpochProgress = std::function<void(uint64_t done, uint64_t total)>;

class Trainer {
 public:
  // The images must outlive it. Throws Error(kInput) where the network does not take the images or
  // does not tell their classes apart, and as lower_training() does.
  Trainer(const Network& network, const LabelledImages& images, int classes,
          const TrainingOptions& options);
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  // Trains on every image once, in an order drawn from the seed and the number of the epoch. Throws
  // Error(kInterrupted) between steps.
  EpochResult train_epoch(const EpochProgress& progress = {});

  // The fraction of images whose class gets the highest probability; of equal probabilities the
  // first counts as the highest.
  double accuracy(const LabelledImages& images);

  // The parameters of each layer of the network, in their order.
  std::vector<LayerParameters> parameters() const;
  // Replaces the parameters, whose sizes must be the layers'. The optimiser's state stays as it is.
  void set_parameters(const std::vector<LayerParameters>& parameters);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace wattgrind
