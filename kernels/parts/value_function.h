// Functions of single values: what relu, clip and activations do with a vector of them.
#pragma once

#include "estimator/network/network.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

Register emit_activation(NestBuilder& nest, const Activation& f, Register x);
Register emit_relu(NestBuilder& nest, Register x);
Register emit_clip(NestBuilder& nest, const Clip& clip, Register x);

// Whether the operation is one of these three.
bool is_value_function(const Operation& operation);

// Whether its function of zero is zero.
bool keeps_zero(const Operation& function);

Register emit_value_function(NestBuilder& nest, const Operation& function, Register x);

}  // namespace wattgrind
