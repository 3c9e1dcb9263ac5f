// wattgrind measure WORKLOAD...: run natively under a meter, append readings.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>

#include "cli/commands/commands.h"
#include "cli/commands/console.h"
#include "cli/commands/host_pin.h"
#include "cli/commands/report_option.h"
#include "cli/commands/size_options.h"
#include "cli/pages/reading_pages.h"
#include "cli/reports/measure_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/catalog/workload_source.h"
#include "estimator/machine/host_isa.h"
#include "estimator/meters/meter.h"
#include "estimator/network/network_part.h"
#include "estimator/system/clock.h"
#include "estimator/system/held_clock.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"
#include "kernels/run/native_workload.h"

namespace wattgrind {
namespace {

struct MeasureOptions {
  std::vector<std::string> workloads;
  std::string meter;
  int64_t batch = 1;
  SizeBounds bounds;
  bool by_layer = false;
  bool cumulative = false;
  double relative_error_percent = 2;
  double time_limit_s = 60;
  bool leave_idle_in = false;
  std::string readings, page;
  std::optional<double> frequency_hz;  // at which the CPUs are held
  std::string sysfs = "/sys";
  std::shared_ptr<OutputOptions> output;
};

// The loads that the command line asks for, compiled and ready to run.
class Bench {
 public:
  explicit Bench(const MeasureOptions& options) : options_(options) {
    for (const std::string& text : options.workloads) {
      if (!named_.insert(text).second) {
        fail(ErrorKind::kUsage, "{} is named twice: once is enough", text);
      }
      const Workload workload = find_workload(text);
      refuse_oversize(text, workload, {options.batch}, options.bounds);
      NativeWorkload native(workload, options.batch);
      if (native.is_empty()) {
        fail(ErrorKind::kInput, "{} runs no kernel: there is nothing to measure", text);
      }
      if (options.by_layer) add_parts(text, workload, native.program());
      if (std::holds_alternative<Matmul>(workload)) products_.insert(text);
      add(text, std::move(native));
    }
  }

  const std::vector<Load>& loads() const { return loads_; }
  const std::vector<MeasuredParts>& parts() const { return parts_; }
  // The batch that a load's readings are noted with: matrix products have none.
  uint64_t batch(const std::string& workload) const {
    return products_.contains(workload) ? 1 : static_cast<uint64_t>(options_.batch);
  }

 private:
  void add(const std::string& name, NativeWorkload native) {
    auto shared = std::make_shared<NativeWorkload>(std::move(native));
    loads_.push_back({name, [shared = std::move(shared)] { shared->run(); }});
  }

  // Adds the layers that have a kernel in the whole network. Most flattens have none there, and
  // alone they would have to copy.
  void add_parts(const std::string& name, const Workload& workload, const Program& whole) {
    const auto* network = std::get_if<Network>(&workload);
    if (network == nullptr) fail(ErrorKind::kUsage, "--by layer: {} has no layers", name);
    MeasuredParts parts{name, {}, {}};
    for (const Step& step : whole.steps) {
      const auto layer = static_cast<size_t>(step.layer);
      const Network alone = layer_alone(*network, layer, name);
      add(alone.name, NativeWorkload(alone, options_.batch));
      parts.layers.push_back(alone.name);
      if (!options_.cumulative) continue;
      const Network leading = up_to_layer(*network, layer, name);
      add(leading.name, NativeWorkload(leading, options_.batch));
      parts.leading.push_back(leading.name);
    }
    parts_.push_back(std::move(parts));
  }

  const MeasureOptions& options_;
  std::set<std::string> named_, products_;
  std::vector<Load> loads_;
  std::vector<MeasuredParts> parts_;
};

// Returns null where no readings are asked for.
std::unique_ptr<ReadingsFile> open_readings(const MeasureOptions& options, const Meter& meter) {
  if (options.readings.empty()) return nullptr;
  if (!meter.reads_energy()) {
    fail(ErrorKind::kUsage, "--readings: --meter {} reads no energy: there is nothing to append",
         meter.name());
  }
  return std::make_unique<ReadingsFile>(options.readings);
}

Measurements run_loads(const MeasureOptions& options, const Bench& bench, Meter& meter,
                       ReadingsFile* readings) {
  ProgressLine progress(options.output->quiet);
  size_t finished = 0;
  MeasurementEvents events;
  events.progress = [&](const std::string& what) {
    progress.show(what, finished, bench.loads().size());
  };
  events.warn = [](const std::string& warning) { print_message(warning); };
  events.finished = [&](const Measurement& load) {
    ++finished;
    if (readings != nullptr) readings->append(reading_of(load, bench.batch(load.workload)));
  };
  const MeasurementOptions wanted{options.relative_error_percent / 100, options.time_limit_s,
                                  !options.leave_idle_in};
  return measure(bench.loads(), meter, system_clock(), wanted, events);
}

void run(const MeasureOptions& options) {
  if (options.cumulative && !options.by_layer) {
    fail(ErrorKind::kUsage, "--cumulative goes with --by layer");
  }
  const InterruptGuard guard;
  const HostPin pin;
  const auto sysfs = open_sysfs(options.sysfs);
  std::optional<HeldClock> clock;
  if (options.frequency_hz) {
    with_option("--frequency", [&] { clock.emplace(*sysfs, *options.frequency_hz); });
  }
  Console console;
  const auto processes = make_process_runner();
  const auto meter = with_option("--meter", [&] {
    return make_meter(options.meter, {system_clock(), *sysfs, console, *processes});
  });
  const Bench bench(options);
  Output output(*options.output);
  ReportFile page(options.page);
  const std::unique_ptr<ReadingsFile> readings = open_readings(options, *meter);

  MeasureReport report;
  report.meter = meter->name();
  report.isa = traits(host_isa()).name;
  report.batch = static_cast<uint64_t>(options.batch);
  report.frequency_hz = options.frequency_hz;
  report.relative_error = options.relative_error_percent / 100;
  report.idle_subtracted = meter->reads_energy() && !options.leave_idle_in;
  report.parts = bench.parts();
  report.measured = run_loads(options, bench, *meter, readings.get());
  if (!report.measured.loads.empty()) {
    page.write([&](const PageOrigin& origin) { return measure_page(report, origin); });
    output.print({[&](Emphasis emphasis) { return measure_text(report, emphasis); },
                  [&] { return measure_json(report); }, [&] { return measure_csv(report); }});
  }
  if (report.measured.failure) {
    fail(report.measured.failure->kind(), "{}; {} of {} loads have readings",
         report.measured.failure->what(), report.measured.loads.size(), bench.loads().size());
  }
  if (report.measured.interrupted) {
    fail(ErrorKind::kInterrupted, "interrupted; {} of {} loads have readings",
         report.measured.loads.size(), bench.loads().size());
  }
}

void add_precision_options(CLI::App& command, MeasureOptions& options) {
  command
      .add_option("--relative-error", options.relative_error_percent,
                  "Repeat until the mean's standard error is below so many percent")
      ->check(number_from(0.001, 100))
      ->type_name("PERCENT")
      ->capture_default_str();
  command
      .add_option("--time-limit", options.time_limit_s,
                  "Seconds for each load, after which it is left at what it has")
      ->check(number_from(0.1, 1e7))
      ->type_name("SECONDS")
      ->capture_default_str();
  command.add_flag("--no-idle", options.leave_idle_in,
                   "Leave idle power in the energy instead of measuring and subtracting it");
}

}  // namespace

void add_measure_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("measure", "Run networks and products natively under a meter");
  auto options = std::make_shared<MeasureOptions>();
  command
      ->add_option("workloads", options->workloads,
                   "Networks, their layers (lenet5/conv1) or products "
                   "(matmul:m=200,k=8000,n=200,dtype=int64)")
      ->type_name("WORKLOAD")
      ->required();
  command
      ->add_option(
          "--meter", options->meter,
          "rapl, ina3221 (Jetson), ina2xx, pmic (Raspberry Pi 5), power_supply (batteries), "
          "log:FILE, socwatch:FILE, manual, or none for time alone; a log is a CSV with a column "
          "of "
          "times, unix_s (seconds since 1970) or time (2025-01-14 12:00:00+01:00), and one of "
          "power, "
          "power_w or power_mw")
      ->type_name("METER")
      ->required();
  command->add_option("--batch", options->batch, "Images a repetition")
      ->check(positive_integer())
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option_function<std::string>(
          "--by", [options](const std::string&) { options->by_layer = true; },
          "Also each layer alone, on an input of the shape it sees")
      ->check(CLI::IsMember({"layer"}).description(""))
      ->type_name("layer");
  command->add_flag("--cumulative", options->cumulative,
                    "With --by layer, also each layer with all before it");
  add_precision_options(*command, *options);
  add_size_options(*command, options->bounds);
  command
      ->add_option("--readings", options->readings,
                   "Append the readings to a CSV of workload, batch, phase, repetitions, energy_j, "
                   "duration_s, idle_power_w")
      ->type_name("FILE");
  command
      ->add_option("--frequency", options->frequency_hz,
                   "Hold the CPUs at this clock meanwhile, where cpufreq governs it: 1.2e9")
      ->check(number_from(1e6, 1e11))
      ->type_name("HZ");
  command
      ->add_option("--sysfs", options->sysfs,
                   "Where rapl and ina3221 find their counters, and --frequency the clocks")
      ->type_name("DIR")
      ->capture_default_str();
  add_report_option(*command, options->page);
  options->output = add_output_options(*command);
  command->callback([options] { run(*options); });
}

}  // namespace wattgrind
