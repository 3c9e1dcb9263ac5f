// Tensors of a model whose values are known before anything runs: weights, and the shapes and axes
// that exporters compute on the way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "estimator/onnx/model.h"

namespace wattgrind {

class Constant {
 public:
  // The values are decoded when they are asked for. The tensor must outlive the constant.
  Constant(const OnnxTensor& tensor, std::string where);
  Constant(std::vector<int64_t> dims, std::vector<float> values);
  Constant(std::vector<int64_t> dims, std::vector<int64_t> values);
  // Values that are not there: a file is missing, or nobody needs them.
  static Constant absent(std::vector<int64_t> dims, bool is_integer);

  // The same values, shared, in other dimensions.
  Constant with_dims(std::vector<int64_t> dims) const;

  const std::vector<int64_t>& dims() const { return dims_; }
  int64_t elements() const;
  bool is_integer() const { return is_integer_; }
  bool has_values() const { return tensor_ != nullptr || floats_ || integers_; }

  // The values, converted where they are of the other kind. Throws Error(kInput) where they are
  // absent.
  const std::vector<float>& floats() const;
  const std::vector<int64_t>& integers() const;

 private:
  Constant() = default;

  std::string where_;
  std::vector<int64_t> dims_;
  bool is_integer_ = false;
  const OnnxTensor* tensor_ = nullptr;
  mutable std::shared_ptr<const std::vector<float>> floats_;
  mutable std::shared_ptr<const std::vector<int64_t>> integers_;
};

// The constant seen through strides: value i0, i1, ... of the result is the value at
// first + i0 * strides[0] + i1 * strides[1] + ... Absent values stay absent.
Constant gathered(const Constant& from, std::vector<int64_t> dims, int64_t first,
                  const std::vector<int64_t>& strides);
Constant transposed(const Constant& from, const std::vector<size_t>& order);
Constant reshaped(const Constant& from, std::vector<int64_t> dims);
// Broadcast to `dims`, with new axes in front.
Constant expanded(const Constant& from, const std::vector<int64_t>& dims);

// The distance between neighbours along each axis of a tensor in row-major order.
std::vector<int64_t> row_major_strides(const std::vector<int64_t>& dims);

// The dimensions of two tensors broadcast against each other; absent where they do not fit.
std::optional<std::vector<int64_t>> broadcast(const std::vector<int64_t>& a,
                                              const std::vector<int64_t>& b);

// An axis as models write it, negative ones counted from behind. Throws Error(kInput).
size_t normal_axis(int64_t axis, size_t rank, std::string_view what);

}  // namespace wattgrind
