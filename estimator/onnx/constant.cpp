#include "estimator/onnx/constant.h"

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

int64_t count(const std::vector<int64_t>& dims) {
  int64_t elements = 1;
  for (const int64_t extent : dims) elements *= extent;
  return elements;
}

template <typename Value>
std::vector<Value> gather(const std::vector<Value>& from, const std::vector<int64_t>& dims,
                          int64_t first, const std::vector<int64_t>& strides) {
  std::vector<Value> result;
  const int64_t total = count(dims);
  result.reserve(static_cast<size_t>(total));
  std::vector<int64_t> index(dims.size(), 0);
  int64_t at = first;
  for (int64_t i = 0; i < total; ++i) {
    result.push_back(from.at(static_cast<size_t>(at)));
    for (size_t axis = dims.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < dims[axis]) break;
      at -= strides[axis] * dims[axis];
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace

Constant::Constant(const OnnxTensor& tensor, std::string where)
    : where_(std::move(where)),
      dims_(tensor.dims),
      is_integer_(wattgrind::is_integer(tensor.type)),
      tensor_(tensor.has_values() ? &tensor : nullptr) {}

Constant::Constant(std::vector<int64_t> dims, std::vector<float> values)
    : dims_(std::move(dims)),
      floats_(std::make_shared<const std::vector<float>>(std::move(values))) {}

Constant::Constant(std::vector<int64_t> dims, std::vector<int64_t> values)
    : dims_(std::move(dims)),
      is_integer_(true),
      integers_(std::make_shared<const std::vector<int64_t>>(std::move(values))) {}

Constant Constant::absent(std::vector<int64_t> dims, bool is_integer) {
  Constant constant;
  constant.dims_ = std::move(dims);
  constant.is_integer_ = is_integer;
  return constant;
}

Constant Constant::with_dims(std::vector<int64_t> dims) const {
  Constant result;
  result.dims_ = std::move(dims);
  result.is_integer_ = is_integer_;
  if (is_integer_ && has_values()) integers();  // decoded by its own dimensions
  if (!is_integer_ && has_values()) floats();
  result.floats_ = floats_;
  result.integers_ = integers_;
  return result;
}

int64_t Constant::elements() const { return count(dims_); }

const std::vector<float>& Constant::floats() const {
  if (!floats_) {
    if (integers_) {
      floats_ = std::make_shared<const std::vector<float>>(integers_->begin(), integers_->end());
    } else if (tensor_ != nullptr) {
      floats_ = std::make_shared<const std::vector<float>>(to_floats(*tensor_, where_));
    } else {
      fail(ErrorKind::kInput, "a value that shapes depend on is not in the file");
    }
  }
  return *floats_;
}

const std::vector<int64_t>& Constant::integers() const {
  if (!integers_) {
    if (!is_integer_) fail(ErrorKind::kInput, "found real numbers, wanted whole ones");
    if (tensor_ == nullptr) {
      fail(ErrorKind::kInput, "a value that shapes depend on is not in the file");
    }
    integers_ = std::make_shared<const std::vector<int64_t>>(to_integers(*tensor_, where_));
  }
  return *integers_;
}

Constant gathered(const Constant& from, std::vector<int64_t> dims, int64_t first,
                  const std::vector<int64_t>& strides) {
  if (!from.has_values()) return Constant::absent(std::move(dims), from.is_integer());
  const bool is_whole = first == 0 && count(dims) == from.elements();
  if (is_whole && strides == row_major_strides(dims)) return from.with_dims(std::move(dims));
  if (from.is_integer()) {
    std::vector<int64_t> values = gather(from.integers(), dims, first, strides);
    return {std::move(dims), std::move(values)};
  }
  std::vector<float> values = gather(from.floats(), dims, first, strides);
  return {std::move(dims), std::move(values)};
}

Constant transposed(const Constant& from, const std::vector<size_t>& order) {
  const std::vector<int64_t> strides = row_major_strides(from.dims());
  std::vector<int64_t> dims, steps;
  for (const size_t axis : order) {
    dims.push_back(from.dims().at(axis));
    steps.push_back(strides[axis]);
  }
  return gathered(from, std::move(dims), 0, steps);
}

Constant reshaped(const Constant& from, std::vector<int64_t> dims) {
  const std::vector<int64_t> strides = row_major_strides(dims);
  return gathered(from, std::move(dims), 0, strides);
}

Constant expanded(const Constant& from, const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size(), 0);
  const std::vector<int64_t> own = row_major_strides(from.dims());
  for (size_t i = 0; i < own.size(); ++i) {
    if (from.dims()[i] != 1) strides[dims.size() - own.size() + i] = own[i];
  }
  return gathered(from, dims, 0, strides);
}

std::vector<int64_t> row_major_strides(const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

std::optional<std::vector<int64_t>> broadcast(const std::vector<int64_t>& a,
                                              const std::vector<int64_t>& b) {
  std::vector<int64_t> result(std::max(a.size(), b.size()), 1);
  const auto extent = [&](const std::vector<int64_t>& dims, size_t axis) {
    const size_t missing = result.size() - dims.size();
    return axis < missing ? 1 : dims[axis - missing];
  };
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = extent(a, i), y = extent(b, i);
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result[i] = x == 1 ? y : x;
  }
  return result;
}

size_t normal_axis(int64_t axis, size_t rank, std::string_view what) {
  const auto size = static_cast<int64_t>(rank);
  if (axis < -size || axis >= size) {
    fail(ErrorKind::kInput, "{}: found {}, wanted {} to {}", what, axis, -size, size - 1);
  }
  return static_cast<size_t>(axis < 0 ? axis + size : axis);
}

}  // namespace wattgrind
