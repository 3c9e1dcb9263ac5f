#include "estimator/dataflow/dataflow.h"

#include <fmt/format.h>

#include "estimator/accelerator/storage_area.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/dataflow/closed_form.h"

namespace wattgrind {
namespace {

std::vector<std::unique_ptr<Dataflow>> make_dataflows() {
  std::vector<std::unique_ptr<Dataflow>> made;
  made.push_back(make_row_stationary());
  // Register files in bytes are those of ISCA'16's comparison: a weight of 16 bits (WS); a sum and
  // pixels that wait (OS); nothing (NLR).
  const auto add = [&](std::string_view name, std::string_view description,
                       std::optional<double> register_bytes, std::unique_ptr<ReuseForm> form) {
    made.push_back(make_closed_form(name, description, register_bytes, std::move(form)));
  };
  add("rs_reuse", "row stationary, by closed forms", std::nullopt, row_stationary_reuse_form());
  add("ws", "weight stationary", 2, weight_stationary_form());
  add("os_soc_mop", "output stationary, one channel, many pixels", 98,
      output_stationary_soc_mop_form());
  add("os_moc_mop", "output stationary, many channels, many pixels", 10,
      output_stationary_moc_mop_form());
  add("os_moc_sop", "output stationary, many channels, one pixel", 2,
      output_stationary_moc_sop_form());
  add("nlr", "no local reuse", 0, no_local_reuse_form());
  return made;
}

}  // namespace

const std::vector<std::unique_ptr<Dataflow>>& dataflows() {
  static const std::vector<std::unique_ptr<Dataflow>> kDataflows = make_dataflows();
  return kDataflows;
}

const Dataflow& find_dataflow(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& dataflow : dataflows()) {
    if (dataflow->name() == name) return *dataflow;
    names.push_back(dataflow->name());
  }
  fail(ErrorKind::kInput, "unknown dataflow {}; {}", name, suggest(name, names));
}

std::string to_text(const NoMapping& none) {
  return fmt::format("found {}, wanted {}", none.found, none.wanted);
}

Accelerator accelerator_for(const Dataflow& dataflow, const Accelerator& accelerator) {
  const std::optional<double> bytes = dataflow.register_bytes();
  if (!accelerator.equal_area_source || !bytes) return accelerator;
  return with_equal_area(accelerator, *bytes);
}

double objective_value(MappingObjective objective, double energy, double cycles) {
  switch (objective) {
    case MappingObjective::kEnergy:
      return energy;
    case MappingObjective::kDelay:
      return cycles;
    case MappingObjective::kEnergyDelay:
      return energy * cycles;
  }
  CHECK(false, "objective {}", static_cast<int>(objective));
}

}  // namespace wattgrind
