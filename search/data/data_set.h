// Labelled images, and the disjoint parts a candidate is trained, chosen and judged on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

struct LabelledImages {
  FeatureShape shape;           // of one image
  std::vector<float> pixels;    // [image][channel][row][column], 0..1
  std::vector<uint8_t> labels;  // by image: 0..classes-1

  size_t size() const { return labels.size(); }
  std::span<const float> image(size_t index) const {
    const auto elements = static_cast<size_t>(shape.elements());
    return std::span(pixels).subspan(index * elements, elements);
  }
};

// Which part of a data set is wanted.
struct DataSelection {
  std::vector<int> classes;  // in the order of the labels they get; empty: all, in their own order
  std::optional<uint64_t> train, validation, test;  // images; absent: the set's own sizes
  uint64_t seed = 1;                                // of what is drawn, or picked at random
};

struct DataSet {
  int classes = 0;
  LabelledImages train, validation, test;  // no image is in two of them; validation may be empty
};

// Picks `selection` at random out of images with labels 0..classes-1: training and validation,
// disjoint, come out of `pool`, and test out of `test_pool`. A selection without sizes takes all
// images and leaves validation empty. Throws Error(kInput), begun by `where`, when a class is not
// there, is named twice or has no images, when more images are wanted than there are, or when none
// are left to train on.
DataSet select(const LabelledImages& pool, const LabelledImages& test_pool, int classes,
               const DataSelection& selection, std::string_view where);

// The classes that are selected, which are all of them where none is named. Throws Error(kInput),
// begun by `where`, for a class outside 0..classes-1 or named twice.
std::vector<int> selected_classes(const DataSelection& selection, int classes,
                                  std::string_view where);

}  // namespace wattgrind
