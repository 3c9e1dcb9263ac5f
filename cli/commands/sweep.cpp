// wattgrind sweep WHAT --vary KEY=VALUES: what happens when one thing changes.
#include <atomic>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/commands/console.h"
#include "cli/commands/host_pin.h"
#include "cli/commands/layer_readings.h"
#include "cli/commands/report_option.h"
#include "cli/commands/size_options.h"
#include "cli/commands/sweep_file.h"
#include "cli/commands/sweep_journal.h"
#include "cli/commands/sweep_measure.h"
#include "cli/commands/sweep_points.h"
#include "cli/commands/version.h"
#include "cli/pages/case_pages.h"
#include "cli/reports/sweep_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_file.h"
#include "estimator/meters/meter.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"
#include "search/data/download.h"

namespace wattgrind {
namespace {

struct SweepOptions {
  std::string what;
  std::vector<std::string> vary;
  bool one_at_a_time = false;
  std::string machine = "host";
  std::string plan = "fused";
  int64_t batch = 1;
  bool steady = false;
  int64_t jobs = 0;  // 0: as many as there are cores
  std::vector<std::string> models;
  std::string plot, page;
  std::string points;  // the file that keeps what is done; empty: none
  std::string meter;   // by which points are measured; empty: they are not
  SizeBounds bounds;
  std::shared_ptr<OutputOptions> output;
};

class SweepRun {
 public:
  SweepRun(const SweepOptions& options, std::vector<SweepFactor> factors, SweepReport& report)
      : options_(options), factors_(std::move(factors)), report_(report) {
    base_ = {options.what, find_machine(options.machine),
             options.plan == "fused" ? Plan::kFused : Plan::kLayers, options.batch, options.steady};
    if (!options.models.empty()) models_ = read_models(options.models);
    report.machine = base_.machine.name;
    if (!options.points.empty()) journal_.emplace(options.points, identity());
    if (!options.meter.empty()) refuse_what_cannot_run();
    for (SweepPoint& point : sweep_points(factors_, options.one_at_a_time)) {
      report.points.push_back({std::move(point), std::nullopt, {}});
    }
  }

  void run() {
    const size_t jobs = options_.jobs > 0 ? static_cast<size_t>(options_.jobs)
                                          : std::max(1u, std::thread::hardware_concurrency());
    ProgressLine progress(options_.output->quiet);
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::min(jobs, report_.points.size()); ++i) {
      threads.emplace_back([&] { work(progress); });
    }
    threads.clear();
    if (failure_) std::rethrow_exception(failure_);
    throw_if_interrupted();
    if (!options_.meter.empty()) measure(progress);
    throw_if_interrupted();
  }

 private:
  // What makes the points what they are.
  nlohmann::ordered_json identity() const {
    nlohmann::ordered_json model_files = nlohmann::ordered_json::array();
    for (const std::string& path : options_.models) model_files.push_back(contents_of(path));
    return {{"schema", "wattgrind/sweep-points/1"},
            {"version", program_version()},
            {"what", options_.what},
            {"what_file", contents_of(options_.what)},
            {"vary", options_.vary},
            {"one_at_a_time", options_.one_at_a_time},
            {"machine", write_machine(base_.machine)},
            {"plan", options_.plan},
            {"batch", options_.batch},
            {"steady", options_.steady},
            {"models", options_.models},
            {"model_files", model_files},
            {"meter", options_.meter}};
  }

  // A digest of what stands in a file; null of what is none, as a built-in network.
  static nlohmann::ordered_json contents_of(const std::string& path) {
    if (!std::filesystem::is_regular_file(path)) return nullptr;
    return sha256_of_file(path);
  }

  void refuse_what_cannot_run() const {
    for (const SweepFactor& factor : factors_) {
      if (factor.key != "plan" && factor.key != "algorithm" &&
          !factor.key.starts_with("machine.")) {
        continue;
      }
      fail(ErrorKind::kUsage,
           "--measure runs networks as written on this computer: {} cannot vary there", factor.key);
    }
  }

  void measure(ProgressLine& progress) {
    const HostPin pin;
    const auto sysfs = open_sysfs("/sys");
    Console console;
    const auto processes = make_process_runner();
    const auto meter = with_option("--measure", [&] {
      return make_meter(options_.meter, {system_clock(), *sysfs, console, *processes});
    });
    std::vector<PointToMeasure> points;
    for (SweptPoint& point : report_.points) {
      if (!point.figures || point.figures->measured_time_s) continue;
      points.push_back({case_at(base_, factors_, point.values), &*point.figures});
    }
    size_t measured = 0;
    measure_points(points, *meter, [&](const PointToMeasure& point) {
      if (journal_) journal_->append(*point.figures);
      progress.show("measuring " + options_.what, ++measured, points.size());
    });
  }

  void work(ProgressLine& progress) {
    while (!interrupted()) {
      const size_t next = next_++;
      if (next >= report_.points.size()) return;
      SweptPoint& point = report_.points[next];
      const bool is_known = journal_ && take_known(point);
      if (!is_known) compute(point);
      const std::lock_guard lock(mutex_);
      progress.show(options_.what, ++done_, report_.points.size());
      if (is_known || !journal_ || !point.figures || !options_.meter.empty()) continue;
      try {
        journal_->append(*point.figures);
      } catch (const Error&) {
        failure_ = std::current_exception();
        return;
      }
    }
  }

  std::string label_of(const SweptPoint& point) const {
    std::string label;
    for (size_t i = 0; i < factors_.size(); ++i) {
      if (point.values[i].empty()) continue;
      label += (label.empty() ? "" : ",") + factors_[i].key + "=" + point.values[i];
    }
    return label;
  }

  bool take_known(SweptPoint& point) const {
    point.figures = journal_->find(label_of(point));
    return point.figures.has_value();
  }

  // A point that is no network, or too large a one, is told and does not stop the others.
  void compute(SweptPoint& point) const {
    const std::string label = label_of(point);
    try {
      const NetworkCase given = case_at(base_, factors_, point.values);
      refuse_oversize(label, given.network, {given.batch, false}, options_.bounds);
      point.figures = case_figures(given, models_ ? &*models_ : nullptr,
                                   [](std::string_view, uint64_t, uint64_t) {});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) return;
      point.error = label + ": " + error.what();
    }
  }

  const SweepOptions& options_;
  std::vector<SweepFactor> factors_;
  SweepReport& report_;
  SweepBase base_;
  std::optional<LayerModels> models_;
  std::optional<SweepJournal> journal_;
  std::exception_ptr failure_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  size_t done_ = 0;
};

void fail_for_invalid_points(const SweepReport& report) {
  size_t invalid = 0;
  const SweptPoint* first = nullptr;
  for (const SweptPoint& point : report.points) {
    if (point.figures) continue;
    ++invalid;
    if (first == nullptr) first = &point;
  }
  if (invalid == 0) return;
  fail(ErrorKind::kFailed, "{} of {} points are invalid, the first {}", invalid,
       report.points.size(), first->error);
}

// A file tells the sweep, of which machine, plan and models are asked for on the command line.
SweepOptions with_file(SweepOptions options) {
  if (!is_sweep_file(options.what)) {
    if (options.vary.empty()) fail(ErrorKind::kUsage, "--vary is missing: what is to vary?");
    return options;
  }
  if (!options.vary.empty()) {
    fail(ErrorKind::kUsage, "--vary: {} says what varies: leave it out", options.what);
  }
  const SweepFile file = read_sweep_file(options.what);
  options.what = file.what;
  options.vary = file.vary;
  options.one_at_a_time = options.one_at_a_time || file.one_at_a_time;
  options.steady = options.steady || file.steady;
  if (options.batch == 1) options.batch = file.batch;
  return options;
}

void run_sweep(const SweepOptions& given) {
  const SweepOptions options = with_file(given);
  std::vector<SweepFactor> factors;
  SweepReport report;
  report.what = options.what;
  for (const std::string& text : options.vary) {
    factors.push_back(read_factor(text));
    report.keys.push_back(factors.back().key);
  }
  Output output(*options.output);
  ReportFile page(options.page);
  const InterruptGuard guard;
  SweepRun(options, std::move(factors), report).run();
  if (!options.plot.empty()) {
    with_option("--plot", [&] { write_file(options.plot, to_svg(sweep_plot(report))); });
  }
  page.write([&](const PageOrigin& origin) { return sweep_page(report, origin); });
  output.print({[&](const TextPage& of) { return sweep_text(report, of); },
                [&] { return sweep_json(report); }, [&] { return sweep_csv(report); }});
  fail_for_invalid_points(report);
}

}  // namespace

void add_sweep_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "sweep", "A layer, a network or a machine with something varied: cost of each point");
  auto options = std::make_shared<SweepOptions>();
  command
      ->add_option("what", options->what,
                   "A network, a layer in short (conv:filters=64,kernel=3,input=64x56x56), or a "
                   "built-in sweep (chen_conv_kernel) or a file, which say all this")
      ->required()
      ->type_name("WHAT");
  command
      ->add_option(
          "--vary", options->vary,
          "What varies and how: batch=1,2,4, input=32..512*2, filters=8..64+8, plan=, algorithm=, "
          "pool=max,avg, machine.L2.size_bytes=...; several make a grid")
      ->type_name("KEY=VALUES")
      ->take_all();
  command->add_flag("--one-at-a-time", options->one_at_a_time,
                    "Vary each with the others as WHAT has them, instead of a grid");
  command->add_option("--machine", options->machine, "A built-in machine, a .json file, or host")
      ->type_name("MACHINE");
  command->add_option("--plan", options->plan, "The plan where it does not vary")
      ->check(CLI::IsMember({"fused", "layers"}).description(""))
      ->type_name("fused|layers");
  command->add_option("--batch", options->batch, "The batch where it does not vary")
      ->check(positive_integer())
      ->type_name("N");
  command->add_flag("--steady", options->steady, "Count the second of two passes");
  command->add_option("--jobs", options->jobs, "Points at once (default: one a core)")
      ->check(positive_integer())
      ->type_name("N");
  command->add_option("--model", options->models, "Files of layer models, as for estimate")
      ->delimiter(',')
      ->type_name("FILE,...");
  command
      ->add_option("--measure", options->meter,
                   "Run the points on this computer, too, by a meter of measure's; none is time "
                   "alone")
      ->type_name("METER");
  command
      ->add_option(
          "--points", options->points,
          "Keep the points that are done in this file; those that it has are not done again")
      ->type_name("FILE");
  command->add_option("--plot", options->plot, "Draw energy over the key, with a line, as SVG")
      ->type_name("FILE");
  add_size_options(*command, options->bounds);
  add_report_option(*command, options->page);
  options->output = add_output_options(*command);
  command->callback([options] { run_sweep(*options); });
}

}  // namespace wattgrind
