#include "search/data/data_set.h"

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/base/random.h"

namespace wattgrind {
namespace {

void shuffle(std::vector<size_t>& indices, uint64_t seed) {
  Random random(seed);
  for (size_t i = indices.size(); i > 1; --i) {
    std::swap(indices[i - 1], indices[random.below(i)]);
  }
}

// The images of the selected classes, in random order.
std::vector<size_t> pick(const LabelledImages& images, const std::vector<int>& classes,
                         uint64_t seed, std::string_view where) {
  std::vector<bool> found(classes.size());
  std::vector<size_t> picked;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto position = std::find(classes.begin(), classes.end(), int{images.labels[i]});
    if (position == classes.end()) continue;
    found[static_cast<size_t>(position - classes.begin())] = true;
    picked.push_back(i);
  }
  const auto empty = std::find(found.begin(), found.end(), false);
  if (empty != found.end()) {
    fail(ErrorKind::kInput, "{}: found no image of class {}, wanted some", where,
         classes[static_cast<size_t>(empty - found.begin())]);
  }
  shuffle(picked, seed);
  return picked;
}

LabelledImages gather(const LabelledImages& images, std::span<const size_t> indices,
                      const std::vector<int>& classes) {
  LabelledImages part;
  part.shape = images.shape;
  part.labels.reserve(indices.size());
  part.pixels.reserve(indices.size() * static_cast<size_t>(images.shape.elements()));
  for (const size_t index : indices) {
    const std::span<const float> image = images.image(index);
    part.pixels.insert(part.pixels.end(), image.begin(), image.end());
    const auto position = std::find(classes.begin(), classes.end(), int{images.labels[index]});
    part.labels.push_back(static_cast<uint8_t>(position - classes.begin()));
  }
  return part;
}

// How many of `available` images a part takes: as many as it wants, or all where it does not say.
size_t size_of(std::string_view part, std::optional<uint64_t> wanted, size_t available,
               std::string_view where) {
  if (wanted && *wanted > available) {
    fail(ErrorKind::kInput, "{}: found {} images for {}, wanted {}: choose fewer", where, available,
         part, *wanted);
  }
  return static_cast<size_t>(wanted.value_or(available));
}

void check_classes(const std::vector<int>& selected, int classes, std::string_view where) {
  for (auto it = selected.begin(); it != selected.end(); ++it) {
    if (*it < 0 || *it >= classes) {
      fail(ErrorKind::kInput, "{}: found class {}, wanted one of 0..{}", where, *it, classes - 1);
    }
    if (std::find(selected.begin(), it, *it) != it) {
      fail(ErrorKind::kInput, "{}: found class {} twice, wanted each once", where, *it);
    }
  }
}

}  // namespace

std::vector<int> selected_classes(const DataSelection& selection, int classes,
                                  std::string_view where) {
  check_classes(selection.classes, classes, where);
  if (!selection.classes.empty()) return selection.classes;
  std::vector<int> all;
  for (int label = 0; label < classes; ++label) all.push_back(label);
  return all;
}

DataSet select(const LabelledImages& pool, const LabelledImages& test_pool, int classes,
               const DataSelection& selection, std::string_view where) {
  const std::vector<int> wanted = selected_classes(selection, classes, where);
  const std::vector<size_t> picked = pick(pool, wanted, derive_seed(selection.seed, 1), where);
  const std::vector<size_t> tests = pick(test_pool, wanted, derive_seed(selection.seed, 2), where);

  const size_t validation =
      size_of("validation", selection.validation.value_or(0), picked.size(), where);
  const size_t train = size_of("training", selection.train, picked.size() - validation, where);
  const size_t test = size_of("test", selection.test, tests.size(), where);
  if (train == 0) fail(ErrorKind::kInput, "{}: found no images left to train on", where);

  const std::span<const size_t> order(picked);
  DataSet set;
  set.classes = static_cast<int>(wanted.size());
  set.train = gather(pool, order.first(train), wanted);
  set.validation = gather(pool, order.subspan(train, validation), wanted);
  set.test = gather(test_pool, std::span<const size_t>(tests).first(test), wanted);
  return set;
}

}  // namespace wattgrind
