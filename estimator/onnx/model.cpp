#include "estimator/onnx/model.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 17> kTypeNames = {
    "undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
    "int32",     "int64",   "string",    "bool",       "float16", "float64",
    "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};

// IEEE 754 half precision.
float from_half(uint16_t half) {
  const uint32_t sign = uint32_t{half} >> 15 << 31;
  const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float from_bfloat16(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

size_t bytes_of(OnnxType type) {
  switch (type) {
    case OnnxType::kUint8:
    case OnnxType::kInt8:
    case OnnxType::kBool:
      return 1;
    case OnnxType::kUint16:
    case OnnxType::kInt16:
    case OnnxType::kFloat16:
    case OnnxType::kBfloat16:
      return 2;
    case OnnxType::kFloat:
    case OnnxType::kInt32:
    case OnnxType::kUint32:
      return 4;
    case OnnxType::kDouble:
    case OnnxType::kInt64:
    case OnnxType::kUint64:
      return 8;
    default:
      return 0;
  }
}

template <typename Stored>
Stored load(std::span<const std::byte> bytes, size_t index) {
  Stored value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

template <typename Number>
Number from_bytes(OnnxType type, std::span<const std::byte> bytes, size_t i) {
  switch (type) {
    case OnnxType::kFloat:
      return static_cast<Number>(load<float>(bytes, i));
    case OnnxType::kDouble:
      return static_cast<Number>(load<double>(bytes, i));
    case OnnxType::kFloat16:
      return static_cast<Number>(from_half(load<uint16_t>(bytes, i)));
    case OnnxType::kBfloat16:
      return static_cast<Number>(from_bfloat16(load<uint16_t>(bytes, i)));
    case OnnxType::kInt8:
      return static_cast<Number>(load<int8_t>(bytes, i));
    case OnnxType::kUint8:
    case OnnxType::kBool:
      return static_cast<Number>(load<uint8_t>(bytes, i));
    case OnnxType::kInt16:
      return static_cast<Number>(load<int16_t>(bytes, i));
    case OnnxType::kUint16:
      return static_cast<Number>(load<uint16_t>(bytes, i));
    case OnnxType::kInt32:
      return static_cast<Number>(load<int32_t>(bytes, i));
    case OnnxType::kUint32:
      return static_cast<Number>(load<uint32_t>(bytes, i));
    case OnnxType::kInt64:
      return static_cast<Number>(load<int64_t>(bytes, i));
    case OnnxType::kUint64:
      return static_cast<Number>(load<uint64_t>(bytes, i));
    default:
      CHECK(false, "type {}", static_cast<int>(type));
  }
}

// The typed field int32_data holds halves and bfloat16 as their bits.
template <typename Number, typename Stored>
Number from_field(OnnxType type, Stored value) {
  if constexpr (std::is_same_v<Stored, int32_t>) {
    if (type == OnnxType::kFloat16) {
      return static_cast<Number>(from_half(static_cast<uint16_t>(value)));
    }
    if (type == OnnxType::kBfloat16) {
      return static_cast<Number>(from_bfloat16(static_cast<uint16_t>(value)));
    }
  }
  return static_cast<Number>(value);
}

[[noreturn]] void fail_type(const OnnxTensor& tensor, std::string_view where) {
  fail(ErrorKind::kInput, "{}: found values of type {}, wanted numbers", where,
       to_string(tensor.type));
}

// How many values the tensor holds, which is known for types of a known size.
size_t held_values(const OnnxTensor& tensor) {
  return std::visit(
      [&](const auto& data) -> size_t {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, std::monostate>) {
          return 0;
        } else if constexpr (std::is_same_v<Data, std::span<const std::byte>>) {
          return data.size() / bytes_of(tensor.type);
        } else {
          return data.size();
        }
      },
      tensor.data);
}

template <typename Number>
std::vector<Number> to_numbers(const OnnxTensor& tensor, std::string_view where) {
  const size_t size = bytes_of(tensor.type);
  if (size == 0) fail_type(tensor, where);
  if (!tensor.has_values()) {
    fail(ErrorKind::kInput, "{}: its values are in a file that is not there", where);
  }
  check_values(tensor, where);
  const auto wanted = static_cast<size_t>(tensor.elements());
  return std::visit(
      [&](const auto& data) -> std::vector<Number> {
        using Data = std::decay_t<decltype(data)>;
        std::vector<Number> numbers;
        if constexpr (std::is_same_v<Data, std::monostate>) {
          CHECK(false, "{}: no values", tensor.name);
        } else if constexpr (std::is_same_v<Data, std::span<const std::byte>>) {
          numbers.resize(wanted);
          if (std::is_same_v<Number, float> && tensor.type == OnnxType::kFloat) {
            if (wanted > 0) std::memcpy(numbers.data(), data.data(), wanted * sizeof(float));
          } else {
            for (size_t i = 0; i < wanted; ++i) {
              numbers[i] = from_bytes<Number>(tensor.type, data, i);
            }
          }
        } else {
          for (const auto value : data) {
            numbers.push_back(from_field<Number>(tensor.type, value));
          }
        }
        return numbers;
      },
      tensor.data);
}

}  // namespace

bool is_number(OnnxType type) {
  return type != OnnxType::kUndefined && type != OnnxType::kString &&
         type != OnnxType::kComplex64 && type != OnnxType::kComplex128;
}

void check_values(const OnnxTensor& tensor, std::string_view where) {
  if (!is_number(tensor.type)) fail_type(tensor, where);
  if (bytes_of(tensor.type) == 0 || !tensor.has_values()) return;
  const size_t held = held_values(tensor);
  if (static_cast<int64_t>(held) != tensor.elements()) {
    fail(ErrorKind::kInput, "{}: found {} values, wanted {} by its dimensions", where, held,
         tensor.elements());
  }
}

std::string to_string(OnnxType type) {
  const auto index = static_cast<size_t>(type);
  if (index < kTypeNames.size()) return std::string(kTypeNames[index]);
  return fmt::format("type {}", static_cast<int32_t>(type));
}

int64_t OnnxTensor::elements() const {
  int64_t elements = 1;
  for (const int64_t extent : dims) elements *= extent;
  return elements;
}

std::vector<float> to_floats(const OnnxTensor& tensor, std::string_view where) {
  return to_numbers<float>(tensor, where);
}

std::vector<int64_t> to_integers(const OnnxTensor& tensor, std::string_view where) {
  if (!is_integer(tensor.type)) {
    fail(ErrorKind::kInput, "{}: found values of type {}, wanted whole numbers", where,
         to_string(tensor.type));
  }
  return to_numbers<int64_t>(tensor, where);
}

bool is_integer(OnnxType type) {
  switch (type) {
    case OnnxType::kInt8:
    case OnnxType::kUint8:
    case OnnxType::kInt16:
    case OnnxType::kUint16:
    case OnnxType::kInt32:
    case OnnxType::kUint32:
    case OnnxType::kInt64:
    case OnnxType::kUint64:
    case OnnxType::kBool:
      return true;
    default:
      return false;
  }
}

}  // namespace wattgrind
