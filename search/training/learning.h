// How the loss went over a training, and what became of it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace wattgrind {

// Means over the images of an epoch. Each image counts with the loss and the class that the
// parameters gave it when its step began.
struct EpochResult {
  double loss = 0;      // no number where a batch's loss was none; that ended the epoch
  double accuracy = 0;  // fraction classified correctly
};

// What became of the loss in a training.
enum class Learning {
  kFell,
  kDidNotFall,  // after the last epoch it is not below that of guessing, ln(classes)
  kNotANumber,
};
Learning judge(const std::vector<EpochResult>& epochs, int classes);
std::string_view name(Learning learning);  // "loss-fell", "loss-did-not-fall", "loss-not-a-number"
std::optional<Learning> learning_named(std::string_view name);  // absent for any other word

}  // namespace wattgrind
