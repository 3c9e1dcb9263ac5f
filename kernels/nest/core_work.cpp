#include "kernels/nest/core_work.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <vector>

#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

// Intel's cores from Haswell to Sapphire Rapids and AMD's from Zen 2 on start two vector
// operations, two loads and one store a cycle (Agner Fog, Instruction tables, 2022).
constexpr double kOperationsACycle = 2;
constexpr double kLoadsACycle = 2;
constexpr double kStoresACycle = 1;

// How long an instruction keeps a vector port, and how long its result takes to be usable. The
// numbers are those of the same tables for Skylake-X, rounded; divisions and roots are of 8 lanes.
struct OperationCost {
  double port_cycles = 1;
  double latency_cycles = 4;
};

OperationCost cost_of(const Instruction& instruction, const std::vector<int>& register_lanes) {
  switch (instruction.opcode) {
    case Opcode::kMove:
      return {0, 0};
    case Opcode::kDiv:
      return {10, 11};
    case Opcode::kSqrt:
      return {12, 12};
    case Opcode::kRound:
      return {2, 8};
    case Opcode::kMulAddInt64:
      return {4, 1};  // it multiplies halves three times, but the chain waits for the sum alone
    case Opcode::kExp2Int:
    case Opcode::kExponent:
    case Opcode::kMantissa:
      return {3, 6};
    case Opcode::kReduceAdd:
    case Opcode::kReduceMax: {
      // Each halving of the lanes takes a shuffle and an operation.
      const auto lanes =
          static_cast<unsigned>(register_lanes[static_cast<size_t>(instruction.src[0])]);
      const double halvings = std::bit_width(lanes) - 1;
      return {2 * halvings, 7 * halvings};
    }
    case Opcode::kDotU8S7:
      return {3, 1};  // products, pairs of their sums, and the sum, for which alone a chain waits
    case Opcode::kDotU8S8:
      return {4, 1};  // two products of pairs and two sums; what widens bytes is shared
    case Opcode::kMulAddInt16:
      return {2, 1};
    case Opcode::kAddInt:
    case Opcode::kMaxInt:
    case Opcode::kMaxU8:
    case Opcode::kMaxS8:
      return {1, 1};
    default:
      return {};
  }
}

// The share of an instruction's accesses that lie across two lines and so are made twice (Fog,
// Microarchitecture, 2022). Over the loops an address runs through the multiples of the greatest
// common divisor of its strides, counted from a buffer that starts on a line.
double crossing_share(const Instruction& instruction) {
  constexpr int64_t kLineBytes = 64;
  const int64_t bytes = access_bytes(instruction);
  int64_t step = kLineBytes;
  for (const Stride& stride : instruction.address.strides) step = std::gcd(step, stride.bytes);
  const int64_t first = (instruction.address.offset_bytes % step + step) % step;
  int64_t crossing = 0;
  for (int64_t at = first; at < kLineBytes; at += step) crossing += at + bytes > kLineBytes;
  return static_cast<double>(crossing * step) / kLineBytes;
}

class Analysis {
 public:
  explicit Analysis(const LoopNest& nest) : nest_(nest) {}

  CoreWork body(const std::vector<Statement>& statements) {
    CoreWork work;
    Ports ports;
    for (const Statement& statement : statements) {
      if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
        const CoreWork inner = body(loop->body);
        const auto trips = static_cast<double>(loop->trips);
        work.port_cycles += trips * inner.port_cycles;
        work.waiting_cycles += trips * inner.waiting_cycles;
        work.iterations += loop->trips * (1 + inner.iterations);
        continue;
      }
      add(std::get<Instruction>(statement.node), ports);
    }
    work.port_cycles += ports.busiest();
    work.waiting_cycles += std::max(0.0, longest_chain(statements) - ports.busiest());
    return work;
  }

 private:
  struct Ports {
    double operations = 0, loads = 0, stores = 0;

    double busiest() const {
      return std::max(
          {operations / kOperationsACycle, loads / kLoadsACycle, stores / kStoresACycle});
    }
  };

  void add(const Instruction& instruction, Ports& ports) const {
    if (is_store(instruction.opcode)) {
      ports.stores += 1 + crossing_share(instruction);
    } else if (traits(instruction.opcode).is_memory) {
      ports.loads += 1 + crossing_share(instruction);
    } else if (!is_constant(instruction.opcode)) {
      ports.operations += cost_of(instruction, nest_.register_lanes).port_cycles;
    }
  }

  // A loop carries the registers that its body reads before it writes them. The result is the time
  // from an old value to its new one for the carried register where that takes longest.
  double longest_chain(const std::vector<Statement>& statements) const {
    double longest = 0;
    for (const Register carried : carried_registers(statements)) {
      std::map<Register, double> ready = {{carried, 0}};
      for (const Statement& statement : statements) {
        const auto* instruction = std::get_if<Instruction>(&statement.node);
        if (instruction != nullptr) follow(*instruction, ready);
      }
      const auto end = ready.find(carried);
      if (end != ready.end()) longest = std::max(longest, end->second);
    }
    return longest;
  }

  // `ready` maps each register that depends on the chain to the cycle in which its value is there.
  void follow(const Instruction& instruction, std::map<Register, double>& ready) const {
    if (instruction.dst == kNoRegister) return;
    double last = -1;
    for (const Register source : instruction.src) {
      const auto found = ready.find(source);
      if (found != ready.end()) last = std::max(last, found->second);
    }
    if (last < 0) {
      ready.erase(instruction.dst);
    } else {
      ready[instruction.dst] = last + cost_of(instruction, nest_.register_lanes).latency_cycles;
    }
  }

  static std::vector<Register> carried_registers(const std::vector<Statement>& statements) {
    std::vector<Register> read_first, written;
    const auto contains = [](const std::vector<Register>& registers, Register reg) {
      return std::find(registers.begin(), registers.end(), reg) != registers.end();
    };
    for (const Statement& statement : statements) {
      const auto* instruction = std::get_if<Instruction>(&statement.node);
      if (instruction == nullptr) continue;
      for (const Register source : instruction->src) {
        if (source != kNoRegister && !contains(written, source)) read_first.push_back(source);
      }
      if (instruction->dst != kNoRegister) written.push_back(instruction->dst);
    }
    std::erase_if(read_first, [&](Register reg) { return !contains(written, reg); });
    return read_first;
  }

  const LoopNest& nest_;
};

}  // namespace

CoreWork core_work(const LoopNest& nest) { return Analysis(nest).body(nest.body); }

}  // namespace wattgrind
