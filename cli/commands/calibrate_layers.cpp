#include "cli/commands/calibrate_layers.h"

#include <filesystem>
#include <set>

#include "cli/commands/layer_readings.h"
#include "cli/commands/report_option.h"
#include "cli/commands/version.h"
#include "cli/pages/layer_models_page.h"
#include "cli/reports/layer_models_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/models/layer_models_file.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/calendar.h"
#include "estimator/system/clock.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

std::vector<const PredictorForm*> forms_named(const std::string& name) {
  const auto all = predictor_forms();
  if (name == "auto") return {all.begin(), all.end()};
  if (const PredictorForm* form = find_predictor_form(name)) return {form};
  std::vector<std::string_view> known = {"auto"};
  for (const PredictorForm* form : all) known.push_back(form->name);
  fail(ErrorKind::kUsage, "--model {}: no such form; {}", name, suggest(name, known));
}

// What is counted are this version's kernels.
void warn_of_other_kernels(const std::vector<Reading>& readings, const std::string& path) {
  const std::string& kernels = readings.front().kernels;
  if (kernels.empty() || kernels == program_version()) return;
  print_message(fmt::format("{}: is of the kernels of version {}, and this is {}: measure anew",
                            path, kernels, program_version()));
}

std::vector<LayerReading> read_layers(const std::string& path, ReadingsFormat format,
                                      const Machine* machine, ProgressLine& progress) {
  format.time_alone = true;
  const std::vector<Reading> readings =
      with_option("--workload", [&] { return parse_readings(read_file(path), path, format); });
  if (machine != nullptr) warn_of_other_kernels(readings, path);
  return layer_readings(readings, path, machine,
                        [&](std::string_view what, uint64_t done, uint64_t total) {
                          progress.show(what, done, total);
                        });
}

// Readings of other workloads than those that were fitted: a prediction of these would tell
// nothing.
std::vector<LayerReading> unseen(std::vector<LayerReading> readings,
                                 const std::vector<LayerReading>& fitted, size_t& seen) {
  std::set<std::string> known;
  for (const LayerReading& reading : fitted) known.insert(reading.workload);
  const size_t before = readings.size();
  std::erase_if(readings,
                [&](const LayerReading& reading) { return known.count(reading.workload) > 0; });
  seen = before - readings.size();
  return readings;
}

void leave_out(const std::vector<PowerOutlier>& outliers, std::vector<LayerReading>& readings) {
  for (size_t i = outliers.size(); i-- > 0;) {
    readings.erase(readings.begin() + static_cast<std::ptrdiff_t>(outliers[i].reading));
  }
  if (readings.empty()) fail(ErrorKind::kInput, "every reading is an outlier");
}

void leave_out_small_kinds(LayerModelsReport& report) {
  std::erase_if(report.models.kinds, [&](const KindModel& model) {
    const bool is_small = !model.time && !model.energy;
    if (is_small) {
      print_message(fmt::format("{}: {} readings are too few for a model: measure more of it",
                                model.kind, model.readings));
    }
    return is_small;
  });
  if (report.models.kinds.empty()) {
    fail(ErrorKind::kInput, "{}: too few readings of every kind: measure more",
         report.readings_file);
  }
}

void require_models(const LayerModelsReport& report, const std::string& form) {
  for (const KindModel& model : report.models.kinds) {
    if (model.time || model.energy) continue;
    fail(ErrorKind::kInput,
         "{}: {} of {} are too few for --model {}, or lack what it goes by (polynomial: durations; "
         "counts: --machine)",
         report.readings_file, model.readings, model.kind, form);
  }
}

}  // namespace

void calibrate_layers(const CalibrateLayersOptions& options) {
  const std::vector<const PredictorForm*> forms = forms_named(options.form);
  if (options.form == "counts" && !options.machine) {
    fail(ErrorKind::kUsage, "--model counts: add --machine, for which kernels are counted");
  }
  Output output(*options.output);
  std::optional<AtomicFile> model_file;
  if (!options.model_file.empty()) model_file.emplace(options.model_file);
  ReportFile page(options.page);
  std::optional<Machine> machine;
  if (options.machine) machine = find_machine(*options.machine);
  const Machine* counted_for = machine ? &*machine : nullptr;
  LayerModelsReport report;
  report.readings_file = std::filesystem::path(options.readings).filename();
  {
    ProgressLine progress(options.output->quiet);
    report.readings = read_layers(options.readings, options.format, counted_for, progress);
    report.outliers = power_outliers(report.readings);
    report.outlier_workloads = workloads_of(report.outliers, report.readings);
    report.outliers_left_out = options.leave_out_outliers;
    if (options.leave_out_outliers) leave_out(report.outliers, report.readings);
    LayerFitOptions fit;
    fit.forms = forms;
    fit.progress = [&](std::string_view what, size_t done, size_t total) {
      progress.show(what, done, total);
    };
    report.models = fit_layer_models(report.readings, fit);
    if (!options.check.empty()) {
      report.check_file = std::filesystem::path(options.check).filename();
      report.check = unseen(read_layers(options.check, options.format, counted_for, progress),
                            report.readings, report.check_seen);
    }
  }
  if (options.leave_out_small_kinds) leave_out_small_kinds(report);
  require_models(report, options.form);
  report.models.readings = report.readings_file;
  report.models.machine = machine ? machine->name : "";
  // Whoever names a machine has its kernels counted, which are ours.
  report.models.kernels = machine ? program_version() : "";
  report.models.date = format_utc(system_clock().unix_s());
  if (model_file) model_file->commit(write_layer_models(report.models));
  page.write([&](const PageOrigin& origin) { return layer_models_page(report, origin); });
  output.print({[&](const TextPage& of) { return layer_models_text(report, of); },
                [&] { return layer_models_json(report); },
                [&] { return layer_models_csv(report); }});
}

}  // namespace wattgrind
