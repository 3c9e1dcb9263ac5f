// What kernels on maps of bytes do with numbers besides products (estimator/network/byte_layers.h):
// take values of them, and make numbers of values.
#pragma once

#include <functional>
#include <optional>

#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// A number less its zero point, in single precision, before it is rounded and kept within bounds.
struct UnroundedNumber {
  Register value = kNoRegister;
  ByteScale bytes;
  float low = 0, high = 0;  // of the rounded number less its zero point
};

UnroundedNumber unrounded(Register value, const ByteScale& bytes);
// The number that stands for a value.
UnroundedNumber number_of(NestBuilder& nest, Register value, const ByteScale& bytes);

// Bytes as numbers less their zero point, in single precision.
Register load_numbers(NestBuilder& nest, int lanes, const Address& address, int zero_point);
// Their values.
Register load_values(NestBuilder& nest, int lanes, const Address& address, const ByteScale& bytes);
// The value of a number, which it rounds and keeps within bounds.
Register value_of(NestBuilder& nest, const UnroundedNumber& number);
// Stores numbers as bytes.
void store_numbers(NestBuilder& nest, const UnroundedNumber& number, const Address& address);

// What is done with the sums of products, multiplied by their scales, of which each is a number
// less its zero point or, where the layer's output is of single precision, a value; and their
// store.
using ByteEpilogue = std::function<void(Register scaled_sum, const Address& output)>;

// Declares the other maps as make_epilogue does (epilogue.h). The nest must outlive it.
ByteEpilogue make_byte_epilogue(NestBuilder& nest, const LayerContext& context);

// relu or clip of a number, whose map has the scale `to`.
UnroundedNumber bounded(NestBuilder& nest, const Operation& function, UnroundedNumber number,
                        const ByteScale& to);

}  // namespace wattgrind
