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

namespace wattgrind {

struct TrainingOptions {
  int64_t batch = 32;  // more than there are images: all of them, one step an epoch
  Optimizer optimizer = Adam{};
  Initializer initializer = Initializer::kGlorotUniform;
  uint64_t seed = 1;
};

// Over the images of an epoch, each as it was when its step began.
struct EpochResult {
  double loss = 0;      // mean; no number when a batch's was none, which ended the epoch
  double accuracy = 0;  // fraction classified correctly
};

// What a training did to the loss.
enum class Learning {
  kFell,
  kDidNotFall,  // after the last epoch it is not below that of guessing, ln(classes)
  kNotANumber,
};
Learning judge(const std::vector<EpochResult>& epochs, int classes);
std::string_view name(Learning learning);  // "loss-fell", "loss-did-not-fall", "loss-not-a-number"
std::optional<Learning> learning_named(std::string_view name);  // absent for any other word

// Called with the images trained on, of those in the epoch.
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

  // Every image once, in an order drawn from the seed and the number of the epoch. Throws
  // Error(kInterrupted) between steps.
  EpochResult train_epoch(const EpochProgress& progress = {});

  // The fraction of images classified correctly; the first of equal probabilities counts.
  double accuracy(const LabelledImages& images);

  // By layer of the network.
  std::vector<LayerParameters> parameters() const;
  // Sizes must be the layers'. The optimiser goes on as it was.
  void set_parameters(const std::vector<LayerParameters>& parameters);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace wattgrind
