// A dataflow is a way of laying a layer's loops over an accelerator: which data stays where, what
// is done side by side, what takes turns. One file a dataflow; each searches among its own
// mappings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/accelerator/accelerator.h"
#include "estimator/dataflow/access_counts.h"
#include "estimator/dataflow/access_energy.h"
#include "estimator/dataflow/layer_problem.h"

namespace wattgrind {

// What a mapping is chosen by; the first tie-breakers are cycles for energy, and energy for delay.
enum class MappingObjective { kEnergy, kDelay, kEnergyDelay };

// Why a layer has no mapping: the least that would take one, in words that follow "wanted".
struct NoMapping {
  std::string found;   // "a buffer of 64 B"
  std::string wanted;  // "at least 1210 B"
  // Of the buffer, where it is all that is too small: with so many there is a mapping.
  std::optional<uint64_t> least_buffer_bytes = std::nullopt;
};

// "found a buffer of 64 B, wanted at least 1210 B"
std::string to_text(const NoMapping& none);

using MappingResult = std::variant<MappedLayer, NoMapping>;

class Dataflow {
 public:
  virtual ~Dataflow() = default;

  virtual std::string_view name() const = 0;         // "ws", as on the command line
  virtual std::string_view description() const = 0;  // "weight stationary"

  // The bytes of a register file that ISCA'16's comparison on equal area gives the dataflow; absent
  // for those that use whatever there is.
  virtual std::optional<double> register_bytes() const { return std::nullopt; }

  // The best of all mappings by the objective at the prices; deterministic.
  virtual MappingResult map(const LayerProblem& problem, const Accelerator& accelerator,
                            const WordPrices& prices, MappingObjective objective) const = 0;
};

// Every dataflow, in the order of their names' list in the schema.
const std::vector<std::unique_ptr<Dataflow>>& dataflows();
// Throws Error(kInput) for a name that none has, with those near it.
const Dataflow& find_dataflow(std::string_view name);

// The accelerator as the dataflow gets it: resized where the profile compares on equal area.
Accelerator accelerator_for(const Dataflow& dataflow, const Accelerator& accelerator);

// The value that is minimised. It grows with energy and with cycles, so that what bounds both from
// below bounds it: searches rest on that.
double objective_value(MappingObjective objective, double energy, double cycles);

// Row stationary (row_stationary.h); the others have closed forms (closed_form.h).
std::unique_ptr<Dataflow> make_row_stationary();

}  // namespace wattgrind
