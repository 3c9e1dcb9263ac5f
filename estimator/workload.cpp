#include "estimator/workload.h"

#include <array>

#include "estimator/checked_math.h"
#include "estimator/key_values.h"
#include "estimator/network_part.h"
#include "estimator/network_source.h"

namespace wattgrind {
namespace {

constexpr std::string_view kMatmul = "matmul:";
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
  const uint64_t bytes = matmul.element_bytes();
  // Four references a multiply-accumulate at most.
  if (!checked_product({matmul.m, matmul.k, matmul.n, 4 * bytes})) {
    values.reject("m x k x n: {} x {} x {} is more than 64 bits can count", matmul.m, matmul.k,
                  matmul.n);
  }
  return matmul;
}

// Where the name of a network's part begins; npos where the text names none. Folders of a network's
// file have slashes too, layers' names no ".json" before theirs.
size_t part_slash(const std::string& text) {
  constexpr std::string_view kFile = ".json";
  const size_t file = text.find(std::string(kFile) + "/");
  if (file != std::string::npos) return file + kFile.size();
  return text.ends_with(kFile) ? std::string::npos : text.find('/');
}

}  // namespace

Workload find_workload(const std::string& text) {
  if (text.starts_with(kMatmul)) return read_matmul(text);
  const size_t slash = part_slash(text);
  if (slash == std::string::npos) return find_network(text);
  const std::string network = text.substr(0, slash);
  return find_part(find_network(network), text.substr(slash + 1), network);
}

std::string whole_workload(const std::string& text) {
  return text.starts_with(kMatmul) ? text : text.substr(0, part_slash(text));
}

}  // namespace wattgrind
