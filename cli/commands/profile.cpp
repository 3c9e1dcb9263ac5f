// wattgrind profile: measure layers, and fit models of them to this computer.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "cli/commands/calibrate_layers.h"
#include "cli/commands/commands.h"
#include "cli/commands/console.h"
#include "cli/commands/host_pin.h"
#include "cli/commands/layer_readings.h"
#include "cli/commands/profile_run.h"
#include "cli/commands/report_option.h"
#include "cli/commands/version.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/machine/host_machine.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {
namespace {

struct ProfileOptions {
  std::vector<std::string> networks;
  int64_t batch = 1;
  std::vector<std::string> kinds;
  std::vector<std::string> ranges;
  std::string meter = "none";
  double minutes = 10;
  double relative_error_percent = 2;
  double time_limit_s = 1;
  bool leave_idle_in = false;
  uint64_t seed = 1;
  std::vector<std::string> caches;
  std::string readings = "layers.csv";
  std::string form = "auto";
  std::string model_file;
  std::string page;  // of --report; empty: none
  bool measure_only = false;
  std::string sysfs = "/sys";
  std::shared_ptr<OutputOptions> output;
};

// The ranges of the kinds that are asked for.
std::vector<DrawnKind> drawn_kinds(const ProfileOptions& options) {
  std::vector<DrawnKind> all = default_draws();
  for (const std::string& text : options.ranges) {
    with_option("--range", [&] { change_draw(all, text); });
  }
  if (options.kinds.empty()) return all;
  std::vector<std::string_view> known;
  for (const DrawnKind& kind : all) known.push_back(kind.kind);
  std::vector<DrawnKind> chosen;
  for (const std::string& name : options.kinds) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      fail(ErrorKind::kUsage, "--kind {}: no layers of it can be drawn; {}", name,
           suggest(name, known));
    }
    chosen.push_back(all[static_cast<size_t>(found - known.begin())]);
  }
  return chosen;
}

// What the file already holds; empty where there is none.
std::vector<Reading> earlier_readings(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  const std::string text = read_file(path);
  // A header alone is what an interrupted run may leave.
  if (text.find('\n') + 1 >= text.size()) return {};
  ReadingsFormat format;
  format.time_alone = true;
  return parse_readings(text, path, format);
}

void refuse_other_origin(const std::vector<Reading>& earlier, const ProfileRequest& request) {
  require_one_origin(earlier, request.file);
  for (const Reading& reading : earlier) {
    if (reading.cpu == request.cpu && reading.kernels == request.kernels) continue;
    fail(ErrorKind::kInput,
         "{}:{}: is of processor '{}' and kernels of version '{}', and this is '{}' with {}: take "
         "another file",
         request.file, reading.line, reading.cpu, reading.kernels, request.cpu, request.kernels);
  }
}

std::string kinds_text(const std::vector<KindPrecision>& kinds) {
  std::vector<std::string> parts;
  for (const KindPrecision& kind : kinds) {
    parts.push_back(fmt::format(
        "{} {}{}", kind.kind, kind.layers,
        kind.left_out_percent ? fmt::format(" ({:.0f} %)", *kind.left_out_percent) : ""));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string minutes_text(double seconds) {
  const auto whole = static_cast<int>(std::max(0.0, std::ceil(seconds)));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::unique_ptr<ProfileLayers> layers_of(const ProfileOptions& options,
                                         const std::vector<Reading>& earlier) {
  KnownLayers known;
  for (const Reading& reading : earlier) {
    known.emplace(reading.workload, static_cast<int64_t>(reading.batch));
  }
  if (options.networks.empty()) {
    return drawn_layers(drawn_kinds(options), options.seed, std::move(known));
  }
  if (!options.ranges.empty()) {
    fail(ErrorKind::kUsage, "--range: the layers are those of networks: leave one of both out");
  }
  return network_layers(options.networks, options.batch, options.kinds, options.seed,
                        std::move(known));
}

ProfileResult measure_layers(const ProfileOptions& options) {
  const HostPin pin;
  const auto sysfs = open_sysfs(options.sysfs);
  Console console;
  const auto processes = make_process_runner();
  const auto meter = with_option("--meter", [&] {
    return make_meter(options.meter, {system_clock(), *sysfs, console, *processes});
  });
  ProfileRequest request;
  request.minutes = options.minutes;
  request.turns.relative_error = options.relative_error_percent / 100;
  request.turns.time_limit_s = options.time_limit_s;
  if (options.caches.size() == 1) {
    request.turns.caches = {options.caches[0] == "warm" ? CacheWarmth::kWarm : CacheWarmth::kCold};
  }
  request.subtract_idle = !options.leave_idle_in;
  request.cpu = read_host_cpu("/").model;
  request.kernels = program_version();
  request.file = options.readings;
  request.warn = [](const std::string& warning) { print_message(warning); };
  const std::vector<Reading> earlier = earlier_readings(options.readings);
  refuse_other_origin(earlier, request);
  const std::unique_ptr<ProfileLayers> layers = layers_of(options, earlier);
  ReadingsFile readings(options.readings, ReadingColumns::kProfile);
  ProgressLine line(options.output->quiet);
  request.progress = [&](const std::vector<KindPrecision>& kinds, double done_s, double total_s) {
    line.show(fmt::format("{}; {} left", kinds_text(kinds), minutes_text(total_s - done_s)),
              static_cast<uint64_t>(std::min(done_s, total_s)), static_cast<uint64_t>(total_s));
  };
  return run_profile(*layers, earlier, *meter, readings, request);
}

size_t count_layers(const std::vector<KindPrecision>& kinds) {
  size_t layers = 0;
  for (const KindPrecision& kind : kinds) layers += kind.layers;
  return layers;
}

void run_profile_command(const ProfileOptions& options) {
  const InterruptGuard guard;
  if (options.measure_only && !options.page.empty()) {
    fail(ErrorKind::kUsage, "--report is of fitted models: leave it out, or --measure-only");
  }
  // A place that cannot be written to is told before the work.
  { const ReportFile tried(options.page); }
  const ProfileResult result = measure_layers(options);
  if (interrupted()) {
    fail(ErrorKind::kInterrupted,
         "interrupted; {} layers measured, {} in {}: the same command goes on", result.measured,
         count_layers(result.kinds), options.readings);
  }
  if (result.kinds.empty()) fail(ErrorKind::kInput, "there is no layer to measure");
  print_message(fmt::format("{} layers measured{}, {} in {}: {}", result.measured,
                            result.used_up ? ", and no more are left" : "",
                            count_layers(result.kinds), options.readings,
                            kinds_text(result.kinds)));
  if (options.measure_only) return;
  CalibrateLayersOptions fit;
  fit.readings = options.readings;
  fit.form = options.form;
  fit.machine = "host";
  fit.model_file = options.model_file;
  fit.leave_out_small_kinds = true;
  fit.page = options.page;
  fit.output = options.output;
  calibrate_layers(fit);
}

void add_layer_options(CLI::App& command, const std::shared_ptr<ProfileOptions>& options) {
  command
      .add_option(
          "networks", options->networks,
          "Networks whose layers are measured (default: layers drawn from ranges that cover "
          "the built-in networks)")
      ->type_name("NETWORK");
  command.add_option("--batch", options->batch, "Images a repetition of networks' layers")
      ->check(positive_integer())
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--kind", options->kinds,
                  "Only these kinds of layer: conv2d, depthwise_conv2d, dense, relu, ...")
      ->delimiter(',')
      ->type_name("KIND,...");
  command
      .add_option("--range", options->ranges,
                  "What layers are drawn from: conv2d.kernel=1,3,5, dense.units=10..4096, "
                  "relu.work=1000..100000 (multiply-accumulates, or values read)")
      ->type_name("KIND.SIZE=VALUES")
      ->take_all();
  command.add_option("--seed", options->seed, "Of the draws")
      ->check(integer_of_at_least(0))
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace

void add_profile_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "profile", "Measure layers on this computer, and fit models of their time and energy");
  auto options = std::make_shared<ProfileOptions>();
  add_layer_options(*command, options);
  command
      ->add_option("--meter", options->meter,
                   "Any of measure's; none is time alone. Energy is of warm caches")
      ->type_name("METER")
      ->capture_default_str();
  command
      ->add_option("--caches", options->caches,
                   "warm (what the repetition before left), cold (nothing of the layer), or both")
      ->check(CLI::IsMember({"warm", "cold"}).description(""))
      ->delimiter(',')
      ->type_name("warm,cold");
  command
      ->add_option("--minutes", options->minutes,
                   "How long layers are measured; counting and fitting come after")
      ->check(number_from(0.001, 100000))
      ->type_name("MINUTES")
      ->capture_default_str();
  command
      ->add_option("--relative-error", options->relative_error_percent,
                   "Repeat a layer until its standard error is below so many percent")
      ->check(number_from(0.001, 100))
      ->type_name("PERCENT")
      ->capture_default_str();
  command
      ->add_option("--time-limit", options->time_limit_s,
                   "Seconds for each layer, after which it is left at what it has")
      ->check(number_from(0.01, 1e6))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_flag("--no-idle", options->leave_idle_in,
                    "Leave idle power in the energy instead of measuring and subtracting it");
  command
      ->add_option("--readings", options->readings,
                   "The CSV that readings are appended to; what it holds is not measured again")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_flag("--measure-only", options->measure_only,
                    "Fit nothing (calibrate READINGS --model auto fits)");
  command
      ->add_option("--model", options->form,
                   "The form of the models: polynomial, counts, paleo, hybrid, steps, or auto, "
                   "which takes the best")
      ->type_name("FORM")
      ->capture_default_str();
  command
      ->add_option("--write-model", options->model_file,
                   "Write the models, for estimate --model, to this file")
      ->type_name("FILE");
  command->add_option("--sysfs", options->sysfs, "Where rapl and ina3221 find their counters")
      ->type_name("DIR")
      ->capture_default_str();
  add_report_option(*command, options->page);
  options->output = add_output_options(*command);
  command->callback([options] { run_profile_command(*options); });
}

}  // namespace wattgrind
