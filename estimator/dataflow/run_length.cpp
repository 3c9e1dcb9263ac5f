#include "estimator/dataflow/run_length.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

constexpr unsigned kLongestRun = 31;
constexpr uint64_t kPairsABlock = 3, kWordsABlock = 4;

}  // namespace

std::vector<std::pair<unsigned, int16_t>> run_length_pairs(std::span<const int16_t> values) {
  std::vector<std::pair<unsigned, int16_t>> pairs;
  unsigned zeros = 0;
  for (const int16_t value : values) {
    if (value == 0 && zeros < kLongestRun) {
      ++zeros;
      continue;
    }
    pairs.emplace_back(zeros, value);
    zeros = 0;
  }
  // The last zero is the value of the last pair.
  if (zeros > 0) pairs.emplace_back(zeros - 1, 0);
  return pairs;
}

uint64_t run_length_words(uint64_t pairs) {
  return (pairs + kPairsABlock - 1) / kPairsABlock * kWordsABlock;
}

double run_length_ratio(double zeros) {
  if (zeros >= 1) return static_cast<double>(kWordsABlock) / kPairsABlock / (kLongestRun + 1);
  // Before a value stand n zeros with probability zeros^n (1 - zeros), of which each 32 make a pair
  // more: a geometric series.
  const double pairs = (1 - zeros) / (1 - std::pow(zeros, kLongestRun + 1));
  return std::min(1.0, pairs * static_cast<double>(kWordsABlock) / kPairsABlock);
}

}  // namespace wattgrind
