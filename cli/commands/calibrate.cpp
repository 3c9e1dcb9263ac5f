// wattgrind calibrate READINGS: fit a machine's prices to energy readings.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/commands/calibrate_layers.h"
#include "cli/commands/commands.h"
#include "cli/commands/report_option.h"
#include "cli/commands/size_options.h"
#include "cli/pages/reading_pages.h"
#include "cli/reports/calibrate_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/calibration/calibrated_machine.h"
#include "estimator/calibration/calibration_plot.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/workload_source.h"
#include "estimator/machine/machine_file.h"
#include "estimator/readings/readings.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "kernels/count/workload_counts.h"

namespace wattgrind {
namespace {

struct CalibrateOptions {
  std::string readings, page;
  std::string machine = "host";
  ReadingsFormat format;
  FitOptions fit;
  SizeBounds bounds;
  std::vector<std::string> terms;
  std::string machine_file;  // empty: not written
  std::string plots;         // prefix of their names; empty: not drawn
  CalibrateLayersOptions layers;
  std::shared_ptr<OutputOptions> output;
};

// Counts readings, those of one workload once. Where a count is not exact, a note says so.
std::vector<CountedReading> count_readings(const std::vector<Reading>& readings,
                                           const std::string& file, const Machine& machine,
                                           const SizeBounds& bounds, ProgressLine& progress,
                                           std::vector<std::string>& notes) {
  std::map<std::pair<std::string, uint64_t>, WorkloadCounts> counted;
  std::vector<CountedReading> result;
  for (const Reading& reading : readings) {
    if (reading.phase != "inference") {
      fail(ErrorKind::kInput, "{}:{}: {} of {} cannot be counted yet: calibrate on inference", file,
           reading.line, reading.phase, reading.workload);
    }
    const std::pair key(reading.workload, reading.batch);
    progress.show("counting " + reading.workload, result.size(), readings.size());
    if (counted.count(key) == 0) {
      counted[key] = within(fmt::format("{}:{}", file, reading.line), [&] {
        const Workload workload = find_workload(reading.workload);
        const auto batch = static_cast<int64_t>(reading.batch);
        refuse_oversize(reading.workload, workload, {batch}, bounds);
        return count_workload(workload, batch, machine);
      });
      const std::string& note = counted[key].note;
      if (!note.empty()) notes.push_back(reading.workload + ": " + note);
    }
    const WorkloadCounts& counts = counted[key];
    result.push_back({reading, counts.counts, counts.operations, counts.type});
  }
  return result;
}

// The features that --terms asks for; all of them where it is not given.
EnergyFeatures chosen_features(EnergyFeatures features, const std::vector<std::string>& words) {
  if (words.empty()) return features;
  std::vector<Term> terms;
  for (const std::string& word : words) {
    terms.push_back(within("--terms " + word, [&] { return named_term(features, word); }));
  }
  return only_terms(features, terms);
}

void write_plots(const CalibrateReport& report, const std::string& prefix) {
  const FeatureTable& table = report.features.table;
  const std::string title = report.readings + " on " + report.machine;
  write_file(prefix + "_predicted.svg", to_svg(plot_predictions(table, report.calibration, title)));
  write_file(prefix + "_residuals.svg", to_svg(plot_residuals(table, report.calibration, title)));
}

// A note for readings whose energies need not be in joules.
std::optional<std::string> unit_note(const ReadingsFormat& format) {
  const bool has_unit = format.energy_column.find(':') != std::string::npos;
  if (has_unit || format.energy_column == ReadingsFormat().energy_column) return std::nullopt;
  return fmt::format("Energies are in the unit of column {}, shown as if it were joules.",
                     format.energy_column);
}

// A profile of static power alone prices what is counted only by the time that it takes.
void warn_of_time_alone(const CalibrateReport& report) {
  const FeatureSet& used = report.calibration.model.features;
  if (used.size() != 1 || report.features.terms[used[0]].kind != TermKind::kTime) return;
  print_message(
      "time alone explains these readings: estimates with this profile are static power over time; "
      "--terms leaves time out");
}

void run(const CalibrateOptions& options) {
  Output output(*options.output);
  ReportFile page(options.page);
  std::optional<AtomicFile> machine_file;
  if (!options.machine_file.empty()) machine_file.emplace(options.machine_file);
  const std::filesystem::path path = options.readings;
  const std::string name = path.filename();
  const Machine machine = find_machine(options.machine);
  const std::vector<Reading> readings = with_option("--workload", [&] {
    return parse_readings(read_file(path), options.readings, options.format);
  });
  CalibrateReport report{name, options.format.energy_column, machine.name, {}, {}, {}, {}, {}};
  if (const auto note = unit_note(options.format)) report.notes.push_back(*note);
  std::vector<CountedReading> counted;
  {
    ProgressLine progress(options.output->quiet);
    counted =
        count_readings(readings, options.readings, machine, options.bounds, progress, report.notes);
  }
  report.options.fit = options.fit;
  report.options.keep_words = "--terms";
  report.features = chosen_features(energy_features(counted, machine), options.terms);
  report.calibration = calibrate(report.features.table, report.features.baselines, report.options);
  report.time = calibrate_time(counted, machine, report.options.bootstrap);
  if (machine_file) {
    warn_of_time_alone(report);
    const std::string stem = std::filesystem::path(options.machine_file).stem();
    Machine calibrated =
        calibrated_machine(machine, report.features, report.calibration, report.time, stem, name);
    if (const auto note = unit_note(options.format)) calibrated.notes.push_back(*note);
    machine_file->commit(write_machine(calibrated));
  }
  if (!options.plots.empty()) write_plots(report, options.plots);
  page.write([&](const PageOrigin& origin) { return calibrate_page(report, origin); });
  output.print({[&](const TextPage& of) { return calibrate_text(report, of); },
                [&] { return calibrate_json(report); }, [&] { return calibrate_csv(report); }});
}

void add_fit_options(CLI::App& command, CalibrateOptions& options) {
  command
      .add_option_function<std::string>(
          "--weights",
          [&options](const std::string& word) {
            options.fit.weighting =
                word == "relative" ? Weighting::kRelative : Weighting::kAbsolute;
          },
          "What counts: joules, or percents of each reading (default: absolute)")
      ->check(CLI::IsMember({"absolute", "relative"}).description(""))
      ->type_name("absolute|relative");
  command
      .add_option("--prior-strength", options.fit.prior_strength,
                  "How many average readings the profile's prices weigh (default: 0)")
      ->check(number_from(0, 1e9))
      ->type_name("NUMBER");
  command
      .add_option("--terms", options.terms,
                  "Choose among these alone: operations, DRAM, L1, ..., time")
      ->delimiter(',')
      ->type_name("A,B");
}

void run_calibrate(const CalibrateOptions& options, bool machine_given) {
  if (options.layers.form.empty()) {
    run(options);
    return;
  }
  if (!options.machine_file.empty() || !options.plots.empty() || !options.terms.empty()) {
    fail(ErrorKind::kUsage,
         "--write-machine, --plots and --terms are of a machine's prices: leave them out, or "
         "--model");
  }
  CalibrateLayersOptions layers = options.layers;
  layers.readings = options.readings;
  layers.format = options.format;
  if (machine_given) layers.machine = options.machine;
  layers.output = options.output;
  layers.page = options.page;
  calibrate_layers(layers);
}

void add_layer_options(CLI::App& command, CalibrateLayersOptions& layers) {
  CLI::Option* model =
      command
          .add_option("--model", layers.form,
                      "Fit models of layers instead, kind by kind: the form, or auto for the one "
                      "that does best on readings left out")
          ->type_name("auto|polynomial|counts|paleo|hybrid|steps");
  command.add_option("--write-model", layers.model_file, "Write the models, for estimate --model")
      ->needs(model)
      ->type_name("FILE");
  command
      .add_option("--check", layers.check,
                  "Predict other readings of the same columns, which no fit sees")
      ->needs(model)
      ->type_name("READINGS");
  command
      .add_flag("--leave-out-outliers", layers.leave_out_outliers,
                "Fit without readings whose power is 1.25 times the median of their kind or less "
                "than that part of it")
      ->needs(model);
}

}  // namespace

void add_calibrate_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("calibrate", "Fit a machine's prices to energy readings");
  auto options = std::make_shared<CalibrateOptions>();
  command
      ->add_option("readings", options->readings,
                   "A CSV of workload and energy_j (and batch, phase, repetitions, duration_s, "
                   "idle_power_w where they are known), with commas and decimal points")
      ->required()
      ->type_name("READINGS");
  CLI::Option* machine =
      command
          ->add_option("--machine", options->machine,
                       "The profile whose prices are fitted (default: host); with --model, that "
                       "for which kernels are counted (default: none)")
          ->type_name("NAME|FILE");
  command
      ->add_option("--energy-column", options->format.energy_column,
                   "The column that holds the energy (default: energy_j), or A/B, with its unit "
                   "after a colon (kWh, Wh, J, mJ, uJ); without, prices come out as if it were "
                   "joules")
      ->type_name("NAME[:UNIT]");
  command
      ->add_option("--duration-column", options->format.duration_column,
                   "The column that holds how long it took (default: duration_s), likewise")
      ->type_name("NAME[:UNIT]");
  command
      ->add_option("--workload", options->format.workload_template,
                   "Workloads of files that name sizes in columns: 'matmul:m={m},k={k},...'")
      ->type_name("TEMPLATE");
  add_fit_options(*command, *options);
  add_layer_options(*command, options->layers);
  add_size_options(*command, options->bounds);
  command
      ->add_option("--write-machine", options->machine_file,
                   "Write the profile with calibrated prices")
      ->type_name("FILE");
  command
      ->add_option("--plots", options->plots, "Draw PREFIX_predicted.svg and PREFIX_residuals.svg")
      ->type_name("PREFIX");
  add_report_option(*command, options->page);
  options->output = add_output_options(*command);
  command->callback([options, machine] { run_calibrate(*options, machine->count() > 0); });
}

}  // namespace wattgrind
