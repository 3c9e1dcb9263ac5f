#include "estimator/catalog/workload_source.h"

#include <array>

#include "estimator/base/checked_math.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/key_values.h"
#include "estimator/network/network_part.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 2> kTypeNames = {"float32", "int64"};
constexpr std::array<std::string_view, 3> kOrderNames = {"ijk", "ikj", "blocked"};

template <typename Enum, size_t kSize>
Enum read_word(const KeyValues& values, std::string_view key, std::string_view word,
               const std::array<std::string_view, kSize>& words) {
  for (size_t i = 0; i < kSize; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  values.reject("{}: found '{}', wanted {}", key, word, fmt::join(words, " or "));
}

uint64_t read_size(const KeyValues& values, std::string_view key) {
  const int64_t size = values.integer(key);
  if (size < 1) values.reject("{}: found {}, wanted at least 1", key, size);
  return static_cast<uint64_t>(size);
}

Matmul read_matmul(std::string_view text) {
  const KeyValues values(text, {"m", "k", "n", "dtype", "order"});
  Matmul matmul{read_size(values, "m"), read_size(values, "k"), read_size(values, "n")};
  const auto type = values.find("dtype");
  if (!type) values.reject("dtype: missing: add dtype={}", fmt::join(kTypeNames, " or dtype="));
  matmul.type = read_word<ElementType>(values, "dtype", *type, kTypeNames);
  if (const auto order = values.find("order")) {
    matmul.order = read_word<LoopOrder>(values, "order", *order, kOrderNames);
  }
  const uint64_t bytes = element_bytes(matmul.type);
  // A multiply-accumulate makes four references at most.
  if (!checked_product({matmul.m, matmul.k, matmul.n, 4 * bytes})) {
    values.reject("m x k x n: {} x {} x {} is more than 64 bits can count", matmul.m, matmul.k,
                  matmul.n);
  }
  return matmul;
}

}  // namespace

Workload find_workload(const std::string& text) {
  if (text.starts_with(kMatmulPrefix)) return read_matmul(text);
  const std::string network = whole_workload(text);
  if (network.size() == text.size()) return find_network(text);
  return find_part(find_network(network), text.substr(network.size() + 1), network);
}

}  // namespace wattgrind
