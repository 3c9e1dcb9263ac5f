#include "estimator/formats/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstring>
#include <functional>
#include <optional>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

template <typename Stored>
std::function<float(const char*)> reader() {
  return [](const char* from) {
    Stored value;
    std::memcpy(&value, from, sizeof value);
    return static_cast<float>(value);
  };
}

struct NpyType {
  std::string_view word;
  size_t bytes;
  std::function<float(const char*)> read;
};

const NpyType* find_type(std::string_view word) {
  static const std::vector<NpyType> kTypes = {
      {"<f4", 4, reader<float>()},    {"<f8", 8, reader<double>()},
      {"<i8", 8, reader<int64_t>()},  {"<i4", 4, reader<int32_t>()},
      {"<i2", 2, reader<int16_t>()},  {"|i1", 1, reader<int8_t>()},
      {"<u8", 8, reader<uint64_t>()}, {"<u4", 4, reader<uint32_t>()},
      {"<u2", 2, reader<uint16_t>()}, {"|u1", 1, reader<uint8_t>()},
      {"|b1", 1, reader<uint8_t>()}};
  for (const NpyType& type : kTypes) {
    if (type.word == word) return &type;
  }
  return nullptr;
}

// What stands behind 'key': in the header; empty where there is none.
std::string_view entry(std::string_view header, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + quoted.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
  return rest;
}

std::string_view quoted_word(std::string_view text) {
  if (text.empty() || text[0] != '\'') return {};
  return text.substr(1, text.find('\'', 1) - 1);
}

// "(3, 4)" and "(3,)"; absent where it is no tuple of sizes.
std::optional<std::vector<int64_t>> tuple(std::string_view text) {
  const size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) return std::nullopt;
  std::vector<int64_t> sizes;
  const char* at = text.data() + 1;
  const char* const last = text.data() + end;
  while (true) {
    while (at < last && (*at == ' ' || *at == ',')) ++at;
    if (at == last) return sizes;
    int64_t size = 0;
    const auto [next, error] = std::from_chars(at, last, size);
    if (error != std::errc() || size < 0) return std::nullopt;
    sizes.push_back(size);
    at = next;
  }
}

// From column-major order to row-major order.
std::vector<float> reordered(const std::vector<float>& values, const std::vector<int64_t>& shape) {
  std::vector<float> result(values.size());
  std::vector<int64_t> index(shape.size(), 0);
  for (const float value : values) {
    size_t at = 0;
    for (size_t i = 0; i < shape.size(); ++i) {
      at = at * static_cast<size_t>(shape[i]) + static_cast<size_t>(index[i]);
    }
    result[at] = value;
    for (size_t i = 0; i < shape.size() && ++index[i] == shape[i]; ++i) index[i] = 0;
  }
  return result;
}

}  // namespace

NpyArray read_npy(std::string_view bytes, std::string_view where) {
  const auto cut_off = [&] { fail(ErrorKind::kInput, "{}: the file is cut off", where); };
  if (!bytes.starts_with(kMagic)) {
    fail(ErrorKind::kInput, "{}: found no NumPy array in it, wanted a .npy file", where);
  }
  if (bytes.size() < 12) cut_off();
  const bool is_short = bytes[6] == 1;
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, is_short ? 2 : 4);
  const size_t begin = is_short ? 10 : 12;
  if (length > bytes.size() - begin) cut_off();
  const std::string_view header = bytes.substr(begin, length);
  const std::string_view word = quoted_word(entry(header, "descr"));
  const NpyType* const type = find_type(word);
  if (type == nullptr) {
    fail(ErrorKind::kInput,
         "{}: found values of type {}, wanted little-endian numbers, such as <f4", where,
         quote_json(std::string(word)));
  }
  auto shape = tuple(entry(header, "shape"));
  if (!shape) fail(ErrorKind::kInput, "{}: found no shape in its header", where);
  std::optional<uint64_t> count = 1;
  for (const int64_t size : *shape) {
    if (count) count = checked_product({*count, static_cast<uint64_t>(size)});
  }
  const std::string_view data = bytes.substr(begin + length);
  if (!count || *count > data.size() / type->bytes) cut_off();
  if (*count * type->bytes != data.size()) {
    fail(ErrorKind::kInput, "{}: found {} bytes of values, wanted {} by its shape", where,
         data.size(), *count * type->bytes);
  }
  NpyArray array{std::move(*shape), {}};
  array.values.reserve(*count);
  for (size_t i = 0; i < *count; ++i) {
    array.values.push_back(type->read(data.data() + i * type->bytes));
  }
  if (entry(header, "fortran_order").starts_with("True")) {
    array.values = reordered(array.values, array.shape);
  }
  return array;
}

std::string write_npy(const NpyArray& array) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                  fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
  constexpr size_t kBefore = 10, kAlignment = 64;
  header.append(kAlignment - (kBefore + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  std::string bytes(kMagic);
  bytes += std::string("\x01\x00", 2);
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(array.values.data()),
               array.values.size() * sizeof(float));
  return bytes;
}

}  // namespace wattgrind
