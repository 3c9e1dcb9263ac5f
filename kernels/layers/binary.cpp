#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "estimator/base/error.h"
#include "estimator/network/binary_functions.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/sweep.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

Register emit_binary(NestBuilder& nest, BinaryFunction function, Register a, Register b) {
  switch (function) {
    case BinaryFunction::kAdd:
      return nest.apply(Opcode::kAdd, a, b);
    case BinaryFunction::kSubtract:
      return nest.apply(Opcode::kSub, a, b);
    case BinaryFunction::kMultiply:
      return nest.apply(Opcode::kMul, a, b);
    case BinaryFunction::kDivide:
      return nest.apply(Opcode::kDiv, a, b);
    case BinaryFunction::kMinimum:
      return nest.apply(Opcode::kMin, a, b);
    case BinaryFunction::kMaximum:
      return nest.apply(Opcode::kMax, a, b);
    case BinaryFunction::kPower:
      return emit_general_power(nest, a, b);
    case BinaryFunction::kPrelu: {
      const Register scaled = nest.apply(Opcode::kMul, a, b);
      return nest.apply(Opcode::kSelectGt, a, nest.constant(nest.lanes(a), 0), a, scaled);
    }
  }
  CHECK(false, "function {}", static_cast<int>(function));
}

double value_of(BinaryFunction function, double a, double b) {
  switch (function) {
    case BinaryFunction::kAdd:
      return a + b;
    case BinaryFunction::kSubtract:
      return a - b;
    case BinaryFunction::kMultiply:
      return a * b;
    case BinaryFunction::kDivide:
      return a / b;
    case BinaryFunction::kMinimum:
      return std::min(a, b);
    case BinaryFunction::kMaximum:
      return std::max(a, b);
    case BinaryFunction::kPower:
      return std::pow(a, b);
    case BinaryFunction::kPrelu:
      return a > 0 ? a : a * b;
  }
  CHECK(false, "function {}", static_cast<int>(function));
}

class BinaryLowering {
 public:
  BinaryLowering(const Binary& binary, const LayerContext& context)
      : binary_(binary),
        context_(context),
        nest_(std::string(word_of(binary.function)), context.isa) {}

  LoopNest lower() && {
    const std::vector<SweptMap> maps = operands();
    Sweep sweep(nest_, context_.batch, context_.output.shape, maps, padding_stays_zero(maps));
    sweep.run([&] {
      const Register first = sweep.load(kFirst);
      const Register second =
          binary_.scalar ? sweep.constant(*binary_.scalar) : sweep.load(kSecond);
      const Register result = binary_.reversed
                                  ? emit_binary(nest_, binary_.function, second, first)
                                  : emit_binary(nest_, binary_.function, first, second);
      nest_.store(result, sweep.at(maps.size() - 1));
    });
    return std::move(nest_).finish();
  }

 private:
  static constexpr size_t kFirst = 0, kSecond = 1;

  // The first operand, the second where it lies in memory, and the output.
  std::vector<SweptMap> operands() {
    const MapLayout& first = context_.input();
    std::vector<SweptMap> maps;
    if (context_.in_place) {
      maps.push_back({nest_.buffer(Operand::kMap, TensorRole::kOutput, bytes(first)), first});
    } else {
      maps.push_back({nest_.buffer(Operand::kInput, TensorRole::kInput, bytes(first)), first});
    }
    if (has_constant(binary_)) {
      const MapLayout layout = parameter_layout(binary_.constant, context_.output);
      maps.push_back(
          {nest_.buffer(Operand::kWeights, TensorRole::kWeights, parameter_bytes(layout)), layout,
           false});
    } else if (!binary_.scalar) {
      const MapLayout& second = context_.inputs[1];
      maps.push_back({nest_.buffer(Operand::kInput, TensorRole::kInput, bytes(second), 1), second});
    }
    const MapLayout& out = context_.output;
    maps.push_back({context_.in_place
                        ? maps.front().buffer
                        : nest_.buffer(Operand::kOutput, TensorRole::kOutput, bytes(out)),
                    out});
    return maps;
  }

  uint64_t bytes(const MapLayout& layout) const { return layout.bytes(context_.batch); }

  // Whether padding channels, where every operand is zero or a value that is repeated along the
  // channels, make zeros.
  bool padding_stays_zero(const std::vector<SweptMap>& maps) const {
    const auto makes_zero = [&](double first, double second) {
      return binary_.reversed ? value_of(binary_.function, second, first) == 0
                              : value_of(binary_.function, first, second) == 0;
    };
    if (binary_.scalar) return makes_zero(0, *binary_.scalar);
    const auto repeats = [&](size_t map) {
      return maps[map].layout.shape.channels != context_.output.shape.channels;
    };
    for (const double any : {0.0, 1.0, -2.0}) {
      if (!makes_zero(repeats(kFirst) ? any : 0, repeats(kSecond) ? any : 0)) return false;
    }
    return true;
  }

  const Binary& binary_;
  const LayerContext& context_;
  NestBuilder nest_;
};

}  // namespace

LoopNest lower(const Binary& binary, const LayerContext& context) {
  return BinaryLowering(binary, context).lower();
}

}  // namespace wattgrind
