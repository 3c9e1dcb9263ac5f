#include "estimator/dataflow/dataflow.h"

#include "estimator/accelerator/storage_area.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"

namespace wattgrind {
namespace {

std::vector<std::unique_ptr<Dataflow>> make_dataflows() {
  std::vector<std::unique_ptr<Dataflow>> made;
  made.push_back(make_row_stationary());
  made.push_back(make_row_stationary_reuse());
  made.push_back(make_weight_stationary());
  made.push_back(make_output_stationary_soc_mop());
  made.push_back(make_output_stationary_moc_mop());
  made.push_back(make_output_stationary_moc_sop());
  made.push_back(make_no_local_reuse());
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
