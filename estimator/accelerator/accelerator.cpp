#include "estimator/accelerator/accelerator.h"

#include <algorithm>

namespace wattgrind {

uint64_t Accelerator::widest_bits() const {
  return std::max({bits(DataKind::kIfmap), bits(DataKind::kWeights), bits(DataKind::kPsum)});
}

uint64_t Accelerator::buffer_words() const {
  return static_cast<uint64_t>(buffer_bytes.value * kBitsAByte) / widest_bits();
}

uint64_t Accelerator::register_words() const {
  return static_cast<uint64_t>(register_bytes() * kBitsAByte) / widest_bits();
}

double Accelerator::register_bytes() const {
  if (register_file.shared_bytes) return register_file.shared_bytes->value;
  double total = 0;
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    total += register_file.words[kind]->value * word_bits[kind].value / kBitsAByte;
  }
  return total;
}

}  // namespace wattgrind
