#include "kernels/parts/byte_values.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/parts/value_function.h"

namespace wattgrind {
namespace {

constexpr int kLargestByte = 255;

Register constant_like(NestBuilder& nest, Register other, float value) {
  return nest.constant(nest.lanes(other), value);
}

Register within_bounds(NestBuilder& nest, const UnroundedNumber& number) {
  const Register least = constant_like(nest, number.value, number.low);
  const Register most = constant_like(nest, number.value, number.high);
  return nest.apply(Opcode::kMin, nest.apply(Opcode::kMax, number.value, least), most);
}

// What a chain of fused layers has at hand: numbers, or values.
using Chained = std::variant<UnroundedNumber, Register>;
using ChainStep = std::function<Chained(const Chained&, const Address&)>;

ChainStep sum_step(NestBuilder& nest, const FusedLayer& layer, const LayerContext& context) {
  const Address other = nest.buffer(Operand::kInput, TensorRole::kInput,
                                    context.inputs.at(layer.input).bytes(context.batch),
                                    static_cast<uint32_t>(layer.input));
  const ByteScale bytes = context.input_bytes.at(layer.input).value();
  const ByteScale to = layer.int8.value().output.value();
  return [&nest, buffer = other.buffer, bytes, to](const Chained& chained, const Address& at) {
    const Register first = value_of(nest, std::get<UnroundedNumber>(chained));
    Address same_place = at;
    same_place.buffer = buffer;
    const Register second = load_values(nest, nest.lanes(first), same_place, bytes);
    return number_of(nest, nest.apply(Opcode::kAdd, first, second), to);
  };
}

ChainStep chain_step(NestBuilder& nest, const FusedLayer& layer, const LayerContext& context) {
  if (std::holds_alternative<Binary>(layer.operation)) return sum_step(nest, layer, context);
  if (std::holds_alternative<Dropout>(layer.operation)) {
    return [](const Chained& chained, const Address&) { return chained; };
  }
  if (std::holds_alternative<Dequantize>(layer.operation)) {
    return [&nest](const Chained& chained, const Address&) {
      return value_of(nest, std::get<UnroundedNumber>(chained));
    };
  }
  CHECK(is_value_function(layer.operation), "{} in an epilogue of bytes", layer.name);
  if (!layer.int8) {
    return [&nest, function = layer.operation](const Chained& chained, const Address&) {
      return emit_value_function(nest, function, std::get<Register>(chained));
    };
  }
  return [&nest, function = layer.operation, to = *layer.int8->output](const Chained& chained,
                                                                       const Address&) {
    return bounded(nest, function, std::get<UnroundedNumber>(chained), to);
  };
}

}  // namespace

UnroundedNumber unrounded(Register value, const ByteScale& bytes) {
  return {value, bytes, static_cast<float>(-bytes.zero_point),
          static_cast<float>(kLargestByte - bytes.zero_point)};
}

UnroundedNumber number_of(NestBuilder& nest, Register value, const ByteScale& bytes) {
  return unrounded(nest.apply(Opcode::kDiv, value, constant_like(nest, value, bytes.scale)), bytes);
}

Register load_numbers(NestBuilder& nest, int lanes, const Address& address, int zero_point) {
  Register bytes = nest.load_bytes(lanes, stores_signed_bytes(nest.isa()), address);
  const int stored = stored_zero_point(nest.isa(), zero_point);
  if (stored != 0) {
    bytes = nest.apply(Opcode::kAddInt, bytes, nest.int_constant(lanes, -stored));
  }
  return nest.apply(Opcode::kToFloat, bytes);
}

Register load_values(NestBuilder& nest, int lanes, const Address& address, const ByteScale& bytes) {
  const Register numbers = load_numbers(nest, lanes, address, bytes.zero_point);
  return nest.apply(Opcode::kMul, numbers, constant_like(nest, numbers, bytes.scale));
}

Register value_of(NestBuilder& nest, const UnroundedNumber& number) {
  const Register rounded = nest.apply(Opcode::kRound, within_bounds(nest, number));
  return nest.apply(Opcode::kMul, rounded, constant_like(nest, rounded, number.bytes.scale));
}

// Bounds are whole numbers, so that to round what is within them is to round first.
void store_numbers(NestBuilder& nest, const UnroundedNumber& number, const Address& address) {
  Register integer = nest.apply(Opcode::kToInt, within_bounds(nest, number));
  const int zero_point = stored_zero_point(nest.isa(), number.bytes.zero_point);
  if (zero_point != 0) {
    integer =
        nest.apply(Opcode::kAddInt, integer, nest.int_constant(nest.lanes(integer), zero_point));
  }
  nest.store_bytes(integer, address);
}

UnroundedNumber bounded(NestBuilder& nest, const Operation& function, UnroundedNumber number,
                        const ByteScale& to) {
  if (number.bytes != to || std::holds_alternative<Activation>(function)) {
    return number_of(nest, emit_value_function(nest, function, value_of(nest, number)), to);
  }
  const auto* clip = std::get_if<Clip>(&function);
  const auto rounded = [&](double bound) {
    return std::nearbyint(static_cast<float>(bound) / number.bytes.scale);
  };
  number.low = std::max(number.low, clip == nullptr ? 0.0f : rounded(clip->low));
  if (clip != nullptr) number.high = std::min(number.high, rounded(clip->high));
  // A bound outside what bytes hold leaves the nearest.
  number.high = std::max(number.high, static_cast<float>(-to.zero_point));
  number.low = std::min(number.low, static_cast<float>(kLargestByte - to.zero_point));
  return number;
}

ByteEpilogue make_byte_epilogue(NestBuilder& nest, const LayerContext& context) {
  std::vector<ChainStep> steps;
  for (const FusedLayer& layer : context.fused) steps.push_back(chain_step(nest, layer, context));
  const std::optional<ByteScale> own = context.int8.value().output;
  return [&nest, own, steps = std::move(steps)](Register scaled_sum, const Address& output) {
    Chained chained = scaled_sum;
    if (own) chained = unrounded(scaled_sum, *own);
    for (const ChainStep& step : steps) chained = step(chained, output);
    if (const auto* number = std::get_if<UnroundedNumber>(&chained)) {
      store_numbers(nest, *number, output);
    } else {
      nest.store(std::get<Register>(chained), output);
    }
  };
}

}  // namespace wattgrind
