// An ONNX model as its file has it, free of the library that decodes files.
//
// Names follow the specification: github.com/onnx/onnx, docs/IR.md and Operators.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/system/mapped_file.h"

namespace wattgrind {

// TensorProto.DataType.
enum class OnnxType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
};

// "float32", "int64", ...; "type 17" for what this program does not know.
std::string to_string(OnnxType type);

// The values of a tensor where they lie: in the model's file, in a file beside it, or decoded from
// one of the typed fields.
struct OnnxTensor {
  std::string name;
  OnnxType type = OnnxType::kUndefined;
  std::vector<int64_t> dims;
  // Absent: the values are in a file that is not there. Bytes are little-endian and valid as long
  // as the model.
  std::variant<std::monostate, std::span<const std::byte>, std::vector<float>, std::vector<int32_t>,
               std::vector<int64_t>, std::vector<double>, std::vector<uint64_t>>
      data;

  bool has_values() const { return data.index() != 0; }
  int64_t elements() const;
};

struct OnnxAttribute {
  // `bool` stands for what this program reads no further: graphs, sparse tensors, types.
  std::variant<bool, float, int64_t, std::string, OnnxTensor, std::vector<float>,
               std::vector<int64_t>, std::vector<std::string>>
      value;
};

struct OnnxNode {
  std::string name;  // may be empty, and need not be unique
  std::string type;  // the operator: "Conv"
  std::string domain;
  std::vector<std::string> inputs;  // an empty name: an optional input that is left out
  std::vector<std::string> outputs;
  std::map<std::string, OnnxAttribute, std::less<>> attributes;

  bool has_input(size_t index) const { return index < inputs.size() && !inputs[index].empty(); }
};

// A dimension is a number or a name ("batch"); neither where nothing is known.
struct OnnxDimension {
  std::optional<int64_t> value;
  std::string symbol;
};

struct OnnxGraphValue {
  std::string name;
  OnnxType type = OnnxType::kUndefined;
  std::optional<std::vector<OnnxDimension>> dims;  // absent: the rank is not known either
};

struct OnnxModel {
  int64_t ir_version = 0;
  int64_t opset = 0;  // of the domain "" (ai.onnx)
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor, std::less<>> initializers;
  std::vector<OnnxGraphValue> inputs;  // initialisers that are listed as inputs are not among them
  std::vector<OnnxGraphValue> outputs;
  bool has_absent_values = false;  // a file with weights is missing

  // What the tensors' bytes lie in.
  std::vector<std::shared_ptr<const MappedFile>> files;
};

// The tensor's values as numbers of one type. Halves, bfloat16 and doubles are rounded to single
// precision; whole numbers of any width and truth values (0, 1) become 64-bit integers. Throws
// Error(kInput) begun by `where` for types that are no numbers and for values that are missing or
// too few.
std::vector<float> to_floats(const OnnxTensor& tensor, std::string_view where);
std::vector<int64_t> to_integers(const OnnxTensor& tensor, std::string_view where);
bool is_integer(OnnxType type);
// Not text, nor complex numbers.
bool is_number(OnnxType type);

// Throws Error(kInput), begun by `where`, for a tensor that holds no numbers or others than its
// dimensions say. Values that are absent are not looked for.
void check_values(const OnnxTensor& tensor, std::string_view where);

}  // namespace wattgrind
