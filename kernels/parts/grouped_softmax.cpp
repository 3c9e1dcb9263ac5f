#include "kernels/parts/grouped_softmax.h"

#include <limits>
#include <vector>

#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

class SoftmaxEmitter {
 public:
  SoftmaxEmitter(NestBuilder& nest, AxisGroups& groups, const GroupedSoftmax& softmax)
      : nest_(nest), groups_(groups), softmax_(softmax) {}

  void emit() {
    groups_.each([&](const Vector& group) {
      const auto largest = groups_.spread(fold(group, Opcode::kMax, Opcode::kReduceMax, -kInfinity,
                                               [&](const Vector& at) { return input(at); }));
      softmax_.log ? emit_logarithm(group, largest) : emit_group(group, largest);
    });
  }

 private:
  using Vector = AxisGroups::Vector;
  using Spread = std::vector<Register>;  // by length of vector

  static constexpr float kInfinity = std::numeric_limits<float>::infinity();

  void emit_group(const Vector& group, const Spread& largest) {
    groups_.each_value(group, [&](const Vector& at) {
      nest_.store(emit_exp(nest_, shifted(at, largest)), in(at, softmax_.output));
    });
    const Register sum = fold(group, Opcode::kAdd, Opcode::kReduceAdd, 0,
                              [&](const Vector& at) { return load(at, softmax_.output); });
    const Spread scale =
        groups_.spread(nest_.apply(Opcode::kDiv, nest_.constant(nest_.lanes(sum), 1.0f), sum));
    groups_.each_value(group, [&](const Vector& at) {
      const Register x = load(at, softmax_.output);
      nest_.store(nest_.apply(Opcode::kMul, x, scale[at.piece()]), in(at, softmax_.output));
    });
  }

  void emit_logarithm(const Vector& group, const Spread& largest) {
    const Register sum = fold(group, Opcode::kAdd, Opcode::kReduceAdd, 0, [&](const Vector& at) {
      return emit_exp(nest_, shifted(at, largest));
    });
    const Spread logarithm = groups_.spread(emit_log(nest_, sum));
    groups_.each_value(group, [&](const Vector& at) {
      const Register y = nest_.apply(Opcode::kSub, shifted(at, largest), logarithm[at.piece()]);
      nest_.store(y, in(at, softmax_.output));
    });
  }

  static Address in(const Vector& at, const SoftmaxMap& map) {
    return at.in(map.first, map.layout);
  }

  Register load(const Vector& at, const SoftmaxMap& map) {
    return nest_.load(at.lanes(), in(at, map));
  }

  Register input(const Vector& at) {
    const Register x = load(at, softmax_.input);
    if (!softmax_.scale) return x;
    return nest_.apply(Opcode::kMul, x, nest_.constant(at.lanes(), *softmax_.scale));
  }

  Register shifted(const Vector& at, const Spread& largest) {
    return nest_.apply(Opcode::kSub, input(at), largest[at.piece()]);
  }

  template <typename Value>
  Register fold(const Vector& group, Opcode opcode, Opcode reduction, float start,
                const Value& value) {
    const auto accumulators = groups_.accumulators(group, start);
    groups_.each_value(group, [&](const Vector& at) {
      const Register accumulator = accumulators[at.piece()];
      nest_.assign(accumulator, opcode, accumulator, value(at));
    });
    return groups_.fold(accumulators, opcode, reduction);
  }

  NestBuilder& nest_;
  AxisGroups& groups_;
  const GroupedSoftmax& softmax_;
};

}  // namespace

void emit_softmax(NestBuilder& nest, AxisGroups& groups, const GroupedSoftmax& softmax) {
  SoftmaxEmitter(nest, groups, softmax).emit();
}

}  // namespace wattgrind
