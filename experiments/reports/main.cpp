// How long the page of an estimate takes beyond the estimate, and how large it is.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "cli/pages/estimate_page.h"
#include "cli/terminal/output.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

constexpr int kPages = 21;  // of which the median is told

// The time that the processor has spent on this, whatever else runs on the computer.
double processor_ms() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void measure_page_of(const std::string& name) {
  const Network network = find_network(name);
  const Machine machine = find_machine("zen3");
  const auto references = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*references);
  Pricing pricing;
  pricing.prices = machine_prices(machine);
  pricing.scope = EnergyScope::kRunning;
  const PlanRequest request(Plan::kFused);
  const Estimate estimate =
      price_estimate(count_network(
                         network, 1, machine, false, *source,
                         [](std::string_view, uint64_t, uint64_t) {}, nullptr, request),
                     machine, pricing, {});
  std::vector<double> planned_ms, drawn_ms;
  size_t bytes = 0;
  for (int i = 0; i < kPages; ++i) {
    const double start = processor_ms();
    const PlannedInference plan = plan_inference(network, request, machine.isa, 1);
    const double middle = processor_ms();
    bytes =
        estimate_page(estimate, {plan.network, plan.program}, {"wattgrind estimate", "0"}).size();
    const double end = processor_ms();
    planned_ms.push_back(middle - start);
    drawn_ms.push_back(end - middle);
  }
  std::ranges::nth_element(planned_ms, planned_ms.begin() + kPages / 2);
  std::ranges::nth_element(drawn_ms, drawn_ms.begin() + kPages / 2);
  print_to_stdout(fmt::format("{:<12} {:>6} {:>10.1f} {:>10.1f} {:>10.1f}\n", name,
                              network.layers.size(), planned_ms[kPages / 2], drawn_ms[kPages / 2],
                              static_cast<double>(bytes) / 1e3));
}

}  // namespace
}  // namespace wattgrind

int main() {
  wattgrind::print_to_stdout("network      layers  plan (ms)  page (ms)  size (kB)\n");
  for (const char* name : {"lenet5", "resnet50", "googlenet", "densenet121"}) {
    wattgrind::measure_page_of(name);
  }
}
