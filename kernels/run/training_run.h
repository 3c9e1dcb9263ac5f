// A network's training steps, compiled for this computer and run in its memory.
//
// A run owns what the steps work on: the parameters and the optimiser's state, packed as kernels
// read them, the maps and gradients of one batch, and the kernels themselves. Values go in and out
// as frameworks order them. What is trained on, in which order and with which dropout, is for the
// caller to say, by these calls in this order:
//
//   TrainingRun run(network, Adam{}, 32, 1000);    everything is zero, the masks too
//   run.set_parameters(0, weights, bias);          for every layer that has any
//   run.set_statistics(1, means_and_variances);    for every batch normalisation
//   run.set_mask(2, factors);                      for every dropout layer
//   run.set_batch(images, chosen);                 before each step or forward pass
//   run.step();                                    or forward()
//   run.losses(), run.probabilities(i)
//
// What always holds:
// 1. Parameters and statistics change when they are set and in step() alone, the optimiser's state
//    in step() alone.
// 2. Masks and the batch stay until they are set again.
// 3. Until the next set_batch(), losses() are those of the last step(), and probabilities() those
//    of the last step() or forward(), made with the parameters that it began with.
// 4. Batch normalisation takes the statistics of the batch in step(), those that it holds in
//    forward().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "estimator/network/network.h"
#include "kernels/gradients/optimizer.h"
#include "kernels/program/training_program.h"
#include "kernels/run/native_program.h"

namespace wattgrind {

// Images and their classes, from which batches are picked.
class BatchSource {
 public:
  // `pixels` are [image][channel][row][column], and `labels` has a class for each image. Both must
  // outlive the source.
  BatchSource(const FeatureShape& shape, std::span<const float> pixels,
              std::span<const uint8_t> labels);

  size_t size() const { return labels_.size(); }
  size_t label(size_t index) const { return labels_[index]; }
  // The image's values in (row, column, channel) order, as kernels copy them.
  const float* image(size_t index) const { return first_ + index * image_values_; }

 private:
  size_t image_values_;
  std::vector<float> reordered_;  // empty where images of one channel are in that order already
  const float* first_;
  std::span<const uint8_t> labels_;
};

class TrainingRun {
 public:
  // Compiles the step of `batch` images and, where `images` is no multiple of it, the step of the
  // smaller batch that ends an epoch of so many images. Throws as lower_training() does, and
  // Error(kFailed) when the system refuses executable memory.
  TrainingRun(const Network& network, const Optimizer& optimizer, int64_t batch, uint64_t images);

  size_t batch() const { return static_cast<size_t>(whole_.program.batch); }
  uint64_t steps() const { return steps_; }  // how many were made so far

  // A layer's parameters. The weights of a convolution are [filters][channels / groups][rows]
  // [columns], those of a dense layer [units][values]. Sizes must be the layer's; a layer without
  // parameters has empty ones.
  void set_parameters(size_t layer, std::span<const float> weights, std::span<const float> bias);
  std::vector<float> weights(size_t layer) const;
  std::vector<float> bias(size_t layer) const;

  // The means and then the variances that a batch normalisation holds; other layers have none.
  void set_statistics(size_t layer, std::span<const float> statistics);
  std::vector<float> statistics(size_t layer) const;

  // Sets the factors by which a dropout layer multiplies the values of a whole batch. They are
  // [image][channel][row][column].
  void set_mask(size_t layer, std::span<const float> factors);

  // Copies the chosen images, in their order, and their labels. There may be at most a batch of
  // them, and their shape must be the network's input.
  void set_batch(const BatchSource& images, std::span<const size_t> chosen);

  // Runs the forward pass alone.
  void forward();
  // Runs the forward, backward and update passes. The batch must be a whole one or the smaller one
  // that ends an epoch.
  void step();

  // The loss of each image of the batch, and the probabilities of an image's classes.
  std::span<const float> losses() const;
  std::span<const float> probabilities(size_t image) const;

 private:
  void compile();
  const MapLayout& input_layout(const Layer& layer) const;
  const TrainedTensor* find_tensor(size_t layer, BufferKind kind) const;
  std::span<float> held_statistics(size_t layer) const;
  float* image_of(uint32_t buffer, const MapLayout& layout, size_t image) const;

  const Network network_;
  const Optimizer optimizer_;
  const TrainingProgram whole_;
  std::optional<TrainingProgram> rest_;  // the step of the smaller batch, on the same buffers
  const Program evaluation_;             // the forward pass alone, on the same buffers
  const size_t classes_;
  ProgramMemory memory_;
  // Those of whole_, of rest_, of evaluation_, then the copy of one image.
  std::optional<NativeSteps> kernels_;
  size_t first_of_evaluation_ = 0;
  KernelFunction copy_one_ = nullptr;
  std::vector<std::vector<float>> one_hot_;  // the label of each class
  size_t chosen_ = 0;                        // how many images the batch has
  uint64_t steps_ = 0;
};

}  // namespace wattgrind
