#include "search/training/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Both the header's length and the values are written as they lie in memory.
static_assert(std::endian::native == std::endian::little);

constexpr size_t kLengthBytes = 8;
constexpr std::string_view kMetadata = "__metadata__";

struct Place {
  std::string name;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes, behind the header
};

// The value of `key`, an array of whole numbers that are not negative.
std::vector<uint64_t> sizes(const json& tensor, const char* key, const std::string& where) {
  const auto found = tensor.find(key);
  if (found == tensor.end() || !found->is_array()) {
    fail(ErrorKind::kInput, "{}: wanted an array {}", where, key);
  }
  std::vector<uint64_t> result;
  for (const json& size : *found) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > INT64_MAX) {
      fail(ErrorKind::kInput, "{}: {}: found {}, wanted a size", where, key, quote_json(size));
    }
    result.push_back(size.get<uint64_t>());
  }
  return result;
}

Place read_place(const std::string& name, const json& tensor, std::string_view file,
                 uint64_t data_bytes) {
  const std::string where = fmt::format("{}: tensor {}", file, quote_json(name));
  if (!tensor.is_object()) fail(ErrorKind::kInput, "{}: wanted an object", where);
  const auto type = tensor.find("dtype");
  if (type == tensor.end() || *type != "F32") {
    fail(ErrorKind::kInput, "{}: found type {}, wanted \"F32\"", where,
         type == tensor.end() ? "none" : quote_json(*type));
  }
  Place place{name, {}, 0, 0};
  std::optional<uint64_t> bytes = sizeof(float);
  for (const uint64_t size : sizes(tensor, "shape", where)) {
    place.shape.push_back(static_cast<int64_t>(size));
    if (bytes) bytes = checked_product({*bytes, size});
  }
  const auto offsets = sizes(tensor, "data_offsets", where);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes) {
    fail(ErrorKind::kInput, "{}: data_offsets leave the file's {} bytes of data", where,
         data_bytes);
  }
  place.begin = offsets[0];
  place.end = offsets[1];
  if (bytes != place.end - place.begin) {
    fail(ErrorKind::kInput, "{}: found {} bytes, which is not what its shape takes", where,
         place.end - place.begin);
  }
  return place;
}

}  // namespace

std::string safetensors_bytes(const std::vector<Tensor>& tensors) {
  ordered_json header = ordered_json::object();
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    const uint64_t end = offset + tensor.values.size() * sizeof(float);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  // The tensors start on a multiple of eight bytes, as the format's own writer has it.
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  const uint64_t length = text.size();
  std::string bytes(kLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes += text;
  for (const Tensor& tensor : tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
                 tensor.values.size() * sizeof(float));
  }
  return bytes;
}

std::vector<Tensor> parse_safetensors(std::string_view bytes, std::string_view where) {
  uint64_t length = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&length, bytes.data(), kLengthBytes);
  if (bytes.size() < kLengthBytes || length > bytes.size() - kLengthBytes) {
    fail(ErrorKind::kInput, "{}: found {} bytes, which is no whole safetensors file", where,
         bytes.size());
  }
  const json header = parse_json(bytes.substr(kLengthBytes, length), where);
  if (!header.is_object()) fail(ErrorKind::kInput, "{}: the header is no JSON object", where);
  const std::string_view data = bytes.substr(kLengthBytes + length);
  std::vector<Place> places;
  for (const auto& [name, tensor] : header.items()) {
    if (name != kMetadata) places.push_back(read_place(name, tensor, where, data.size()));
  }
  std::ranges::sort(places, {}, [](const Place& p) { return std::pair(p.begin, p.end); });
  std::vector<Tensor> tensors;
  uint64_t offset = 0;
  for (const Place& place : places) {
    if (place.begin != offset) {
      fail(ErrorKind::kInput, "{}: tensor {} starts at byte {}, wanted {}", where,
           quote_json(place.name), place.begin, offset);
    }
    offset = place.end;
    std::vector<float> values((place.end - place.begin) / sizeof(float));
    if (!values.empty()) {
      std::memcpy(values.data(), data.data() + place.begin, place.end - place.begin);
    }
    tensors.push_back({place.name, place.shape, std::move(values)});
  }
  if (offset != data.size()) {
    fail(ErrorKind::kInput, "{}: found {} bytes behind the last tensor", where,
         data.size() - offset);
  }
  return tensors;
}

}  // namespace wattgrind
