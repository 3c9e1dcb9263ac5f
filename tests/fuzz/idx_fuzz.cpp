// Any bytes, gzipped or not, are either refused with an Error or read into an array that is
// written as the same bytes, and that is or is not a set of images or labels.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "estimator/base/error.h"
#include "search/data/idx.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::IdxArray;
using wattgrind::LabelledImages;

namespace {

template <typename Action>
void refuse_or(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInput, "{}", error.what());
  }
}

void read(std::span<const uint8_t> bytes) {
  const IdxArray array = wattgrind::parse_idx(bytes, "fuzz");
  const std::vector<uint8_t> written = wattgrind::write_idx(array);
  CHECK(std::equal(written.begin(), written.end(), bytes.begin(), bytes.end()), "{} and {} bytes",
        written.size(), bytes.size());
  if (array.values.empty()) return;  // any of its sizes may be huge
  const IdxArray labels{{array.sizes.front()}, std::vector<uint8_t>(array.sizes.front())};
  const LabelledImages images = wattgrind::label_images(array, labels, 10, "images", "labels");
  CHECK(images.pixels.size() == array.values.size(), "{} pixels", images.pixels.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMostBytes = 1 << 16;
  const std::span<const uint8_t> bytes(data, size);
  refuse_or([&] { read(bytes); });
  refuse_or([&] { read(wattgrind::gunzip(bytes, kMostBytes, "fuzz")); });
  return 0;
}
