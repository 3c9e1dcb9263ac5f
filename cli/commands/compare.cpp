// wattgrind compare NETWORK...: networks, machines, accelerators, plans and batches side by side.
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include "cli/commands/accelerator_case.h"
#include "cli/commands/commands.h"
#include "cli/commands/layer_readings.h"
#include "cli/commands/network_case.h"
#include "cli/commands/report_option.h"
#include "cli/commands/size_options.h"
#include "cli/pages/case_pages.h"
#include "cli/reports/compare_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/csv.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

struct CompareOptions {
  std::vector<std::string> networks;
  std::vector<std::string> machines;  // empty: the host, or none beside accelerators
  std::vector<std::string> accelerators;
  std::vector<std::string> plans = {"fused"};
  std::vector<int64_t> batches = {1};
  bool steady = false;
  std::vector<std::string> accuracies;  // "NETWORK=0.57"
  std::vector<double> alphas = {1, 2, 3, 4};
  std::vector<std::string> models;
  std::string page;
  SizeBounds bounds;
  std::shared_ptr<OutputOptions> output;
};

std::map<std::string, double> read_accuracies(const CompareOptions& options) {
  std::map<std::string, double> accuracies;
  for (const std::string& text : options.accuracies) {
    const size_t equals = text.rfind('=');
    const std::string name = text.substr(0, equals);
    const auto value =
        equals == std::string::npos ? std::nullopt : parse_number(text.substr(equals + 1));
    if (!value || *value < 0 || *value > 1) {
      fail(ErrorKind::kUsage, "--accuracy {}: wanted NETWORK=FRACTION, from 0 to 1", text);
    }
    if (std::find(options.networks.begin(), options.networks.end(), name) ==
        options.networks.end()) {
      fail(ErrorKind::kUsage, "--accuracy {}: {} is not compared; {}", text, name,
           suggest(name, {options.networks.begin(), options.networks.end()}));
    }
    accuracies[name] = *value;
  }
  return accuracies;
}

std::vector<std::string> machines_of(const CompareOptions& options) {
  if (!options.machines.empty() || !options.accelerators.empty()) return options.machines;
  return {"host"};
}

// What tells a case from the others; the network where nothing does. Accelerators know no plans.
std::string label_of(const CompareOptions& options, const std::string& network,
                     const std::string& machine, const std::string& plan, int64_t batch) {
  std::vector<std::string> parts;
  if (options.networks.size() > 1) parts.push_back(network);
  if (machines_of(options).size() + options.accelerators.size() > 1) parts.push_back(machine);
  if (options.plans.size() > 1 && !plan.empty()) parts.push_back(plan);
  if (options.batches.size() > 1) parts.push_back(fmt::format("batch {}", batch));
  return parts.empty() ? network : fmt::format("{}", fmt::join(parts, ", "));
}

using CaseProgress = std::function<void(std::string_view, uint64_t, uint64_t)>;

struct NamedCase {
  std::string network;  // as the user wrote it
  std::string label;
  std::function<CaseFigures(const CaseProgress&)> figures;
};

void add_machine_cases(const CompareOptions& options, const LayerModels* models,
                       const std::string& name, const Network& network,
                       std::vector<NamedCase>& cases) {
  for (const std::string& machine_name : machines_of(options)) {
    const Machine machine = find_machine(machine_name);
    for (const std::string& plan : options.plans) {
      for (const int64_t batch : options.batches) {
        refuse_oversize(name, network, {batch, false}, options.bounds);
        const NetworkCase given = {
            label_of(options, name, machine_name, plan, batch), network, machine,
            plan == "fused" ? Plan::kFused : Plan::kLayers,     batch,   options.steady};
        cases.push_back({name, given.label, [given, models](const CaseProgress& progress) {
                           return case_figures(given, models, progress);
                         }});
      }
    }
  }
}

void add_accelerator_cases(const CompareOptions& options, const std::string& name,
                           const Network& network, std::vector<NamedCase>& cases) {
  for (const std::string& accelerator_name : options.accelerators) {
    const Accelerator accelerator = find_accelerator(accelerator_name);
    for (const int64_t batch : options.batches) {
      if (batch > kMostImages) {
        fail(ErrorKind::kUsage, "--batch {}: accelerators take at most {} images at once", batch,
             kMostImages);
      }
      const std::string label = label_of(options, name, accelerator_name, "", batch);
      cases.push_back({name, label, [label, network, accelerator, batch](const CaseProgress&) {
                         return accelerator_figures(label, network, accelerator, batch);
                       }});
    }
  }
}

std::vector<NamedCase> cases_of(const CompareOptions& options, const LayerModels* models) {
  std::vector<NamedCase> cases;
  for (const std::string& name : options.networks) {
    const Network network = find_network(name);
    add_machine_cases(options, models, name, network, cases);
    add_accelerator_cases(options, name, network, cases);
  }
  return cases;
}

void run_compare(const CompareOptions& options) {
  const std::map<std::string, double> accuracies = read_accuracies(options);
  std::optional<LayerModels> models;
  if (!options.models.empty()) models = read_models(options.models);
  const std::vector<NamedCase> cases = cases_of(options, models ? &*models : nullptr);
  Output output(*options.output);
  ReportFile page(options.page);
  const InterruptGuard guard;
  CompareReport report;
  if (!accuracies.empty()) report.alphas = options.alphas;
  {
    ProgressLine progress(options.output->quiet);
    for (const NamedCase& named : cases) {
      report.cases.push_back(named.figures([&](std::string_view, uint64_t, uint64_t) {
        progress.show("counting " + named.label, report.cases.size(), cases.size());
      }));
      if (const auto known = accuracies.find(named.network); known != accuracies.end()) {
        report.cases.back().accuracy = known->second;
      }
    }
  }
  page.write([&](const PageOrigin& origin) { return compare_page(report, origin); });
  output.print({[&](const TextPage& of) { return compare_text(report, of); },
                [&] { return compare_json(report); }, [&] { return compare_csv(report); }});
}

}  // namespace

void add_compare_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "compare",
      "Networks, machines, accelerators, plans or batches side by side: operations, time, energy");
  auto options = std::make_shared<CompareOptions>();
  command->add_option("networks", options->networks, "Networks, as estimate takes them")
      ->required()
      ->type_name("NETWORK...");
  command
      ->add_option("--machine", options->machines,
                   "One or several machines (default: host, or none beside accelerators)")
      ->delimiter(',')
      ->type_name("MACHINE,...");
  command
      ->add_option("--accelerator", options->accelerators,
                   "One or several accelerators, as dataflow takes them, beside the machines")
      ->delimiter(',')
      ->type_name("ACCELERATOR,...");
  command->add_option("--plan", options->plans, "One or both plans (default: fused)")
      ->delimiter(',')
      ->check(CLI::IsMember({"fused", "layers"}).description(""))
      ->type_name("fused,layers");
  command->add_option("--batch", options->batches, "One or several batches (default: 1)")
      ->delimiter(',')
      ->check(positive_integer())
      ->type_name("N,...");
  command->add_flag("--steady", options->steady, "Count the second of two passes");
  command
      ->add_option("--accuracy", options->accuracies,
                   "The fraction of answers that are right, for the energy-precision ratio: error "
                   "to the power of alpha, times the energy of an image")
      ->delimiter(',')
      ->type_name("NETWORK=FRACTION,...");
  command->add_option("--alpha", options->alphas, "Its alphas (default: 1,2,3,4)")
      ->delimiter(',')
      ->check(number_from(0, 100))
      ->type_name("ALPHA,...");
  command->add_option("--model", options->models, "Files of layer models, as for estimate")
      ->delimiter(',')
      ->type_name("FILE,...");
  add_size_options(*command, options->bounds);
  add_report_option(*command, options->page);
  options->output = add_output_options(*command);
  command->callback([options] { run_compare(*options); });
}

}  // namespace wattgrind
