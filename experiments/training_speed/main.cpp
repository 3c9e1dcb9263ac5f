// Images trained on a second, one thread, beside PyTorch in the same run, and the accuracy both
// reach after the same number of epochs.
//
//   training_speed [--repetitions N] [--seeds N] [--candidates N] [--networks dffr|cnn|lenet5]
//                  [--python FILE]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/catalog/network_source.h"
#include "estimator/network/network_file.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/process.h"
#include "estimator/system/scratch_folder.h"
#include "experiments/experiment.h"
#include "kernels/run/function_cache.h"
#include "search/data/digits.h"
#include "search/training/trainer.h"

namespace wattgrind {
namespace {

struct Case {
  std::string network;
  std::string optimizer;
  std::vector<int64_t> batches;
  uint64_t images;  // of an epoch
};

// powerML's search spaces at their corners and between, and LeNet-5.
const std::vector<Case> kCases = {
    {"dffr:layers=1,width=5", "adam", {3, 16, 128}, 2048},
    {"dffr:layers=2,width=16", "adam", {3, 16, 128}, 2048},
    {"dffr:layers=8,width=7", "adam", {3, 16, 128}, 2048},
    {"dffr:layers=10,width=20", "adam", {3, 16, 128}, 2048},
    {"cnn:layers=1,filters=2,filter_size=8", "rmsprop", {3, 16, 128}, 512},
    {"cnn:layers=6,filters=1,filter_size=3", "rmsprop", {3, 16, 128}, 512},
    {"cnn:layers=10,filters=5,filter_size=10", "rmsprop", {3, 16, 128}, 256},
    {"lenet5", "adam", {32}, 1024},
};
constexpr uint64_t kTestImages = 1000;
// Of a run for its speed: the first epoch is not timed, then as many as take so long.
constexpr uint64_t kSpeedEpochs = 2;
constexpr double kTimedSeconds = 0.2;
// For accuracies: one batch size, more images, more epochs.
constexpr int64_t kAccuracyBatch = 16;
constexpr uint64_t kAccuracyImages = 1024;
constexpr uint64_t kAccuracyEpochs = 8;

struct Trained {
  double images_per_s = 0;
  double accuracy = 0;
};

struct Run {
  std::string network, optimizer;
  int64_t batch = 0;
  // It ends when as many epochs are made and, the first aside, so much time has gone.
  uint64_t epochs = 0;
  double timed_s = 0;
  uint64_t seed = 0;
};

Trained train_ours(const Run& run, const DataSet& data) {
  const Network network = find_network(run.network);
  TrainingOptions options;
  options.batch = run.batch;
  options.optimizer = optimizer_named(run.optimizer).value();
  options.seed = run.seed;
  Trainer trainer(network, data.train, data.classes, options);
  trainer.train_epoch();
  const auto start = std::chrono::steady_clock::now();
  std::chrono::duration<double> seconds{};
  uint64_t timed = 0;
  while (timed + 1 < run.epochs || seconds.count() < run.timed_s) {
    trainer.train_epoch();
    ++timed;
    seconds = std::chrono::steady_clock::now() - start;
  }
  const auto images = static_cast<double>(timed * data.train.size());
  return {images / seconds.count(), trainer.accuracy(data.test)};
}

// PyTorch's part, a process a run.
class PyTorch {
 public:
  explicit PyTorch(std::string python) : python_(std::move(python)) {}

  void use(const DataSet& data) {
    write("train", data.train);
    write("test", data.test);
  }

  Trained train(const Run& run) {
    write_file(folder_.path() / "network.json", write_network(find_network(run.network)));
    const ProcessResult result = processes_->run(
        {.argv = {python_, WATTGRIND_SOURCE_DIR "/experiments/training_speed/pytorch_training.py",
                  folder_.path() / "network.json", folder_.path(), run.optimizer,
                  std::to_string(run.batch), std::to_string(run.epochs),
                  std::to_string(run.timed_s), std::to_string(run.seed)},
         .environment = {"PATH=/usr/bin:/bin", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"}});
    const auto* exited = std::get_if<ProcessExited>(&result.end);
    if (exited == nullptr || exited->status != 0) {
      fail(ErrorKind::kMissing, "{} with torch (Debian's python3-torch) does not run: {}", python_,
           result.error);
    }
    const auto said = nlohmann::json::parse(result.out);
    return {said.at("images_per_s"), said.at("accuracy")};
  }

 private:
  void write(const std::string& part, const LabelledImages& images) {
    const auto bytes = [](const auto& values) {
      return std::string_view(reinterpret_cast<const char*>(values.data()),
                              values.size() * sizeof values[0]);
    };
    write_file(folder_.path() / (part + ".pixels"), bytes(images.pixels));
    write_file(folder_.path() / (part + ".labels"), bytes(images.labels));
  }

  std::string python_;
  ScratchFolder folder_;
  std::unique_ptr<ProcessRunner> processes_ = make_process_runner();
};

DataSet digits(uint64_t images) {
  DataSelection selection;
  selection.train = images;
  selection.validation = 0;
  selection.test = kTestImages;
  return draw_digits(selection);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void compare_speed(PyTorch& torch, const std::vector<Case>& cases, uint64_t repetitions) {
  fmt::print("{:<42} {:>5} {:>14} {:>14} {:>7}\n", "network", "batch", "images/s", "PyTorch",
             "ratio");
  for (const Case& network : cases) {
    const DataSet data = digits(network.images);
    torch.use(data);
    for (const int64_t batch : network.batches) {
      const Run run{network.network, network.optimizer, batch, kSpeedEpochs, kTimedSeconds, 1};
      std::vector<double> ours, theirs, ratios;
      for (uint64_t i = 0; i < repetitions; ++i) {
        theirs.push_back(torch.train(run).images_per_s);
        ours.push_back(train_ours(run, data).images_per_s);
        ratios.push_back(ours.back() / theirs.back());
      }
      fmt::print("{:<42} {:>5} {:>14.0f} {:>14.0f} {:>7.1f}\n", network.network, batch,
                 median(ours), median(theirs), median(ratios));
      std::cout.flush();
    }
  }
}

struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Spread spread;
  for (double value : values) spread.mean += value / n;
  for (double value : values) spread.deviation += (value - spread.mean) * (value - spread.mean);
  spread.deviation = n > 1 ? std::sqrt(spread.deviation / (n - 1)) : 0;
  return spread;
}

void compare_accuracy(PyTorch& torch, const std::vector<Case>& cases, uint64_t seeds) {
  fmt::print("\n{:<42} {:>20} {:>20}\n", "network", "test accuracy (%)", "PyTorch");
  const DataSet data = digits(kAccuracyImages);
  torch.use(data);
  for (const Case& network : cases) {
    std::vector<double> ours, theirs;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      const Run run{network.network, network.optimizer, kAccuracyBatch, kAccuracyEpochs, 0, seed};
      theirs.push_back(100 * torch.train(run).accuracy);
      ours.push_back(100 * train_ours(run, data).accuracy);
    }
    const Spread a = spread_of(ours), b = spread_of(theirs);
    fmt::print("{:<42} {:>20} {:>20}\n", network.network,
               fmt::format("{:.1f} +- {:.1f}", a.mean, a.deviation),
               fmt::format("{:.1f} +- {:.1f}", b.mean, b.deviation));
    std::cout.flush();
  }
}

// powerML's search spaces, uniformly.
std::string draw_candidate(bool is_cnn, Random& random, int64_t& batch) {
  const auto draw = [&](uint64_t low, uint64_t high) { return low + random.below(high - low + 1); };
  batch = static_cast<int64_t>(draw(2, 128));
  if (!is_cnn) return fmt::format("dffr:layers={},width={},classes=2", draw(1, 10), draw(1, 20));
  return fmt::format("cnn:layers={},filters={},filter_size={},classes=2", draw(1, 10), draw(1, 5),
                     draw(1, 10));
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// Milliseconds until a candidate can be trained and evaluated: lowering, code generation and
// compilation of its training step, the smaller step that ends an epoch, and initial weights.
void measure_preparation(uint64_t candidates) {
  fmt::print("\n{:<8} {:<28} {:>8} {:>8} {:>8}\n", "space", "functions kept (ms)", "median", "90 %",
             "mean");
  DataSelection selection;
  selection.classes = {0, 1};
  selection.train = 100;
  selection.validation = 0;
  selection.test = 2;
  const DataSet data = draw_digits(selection);
  for (const bool is_cnn : {false, true}) {
    for (const bool keeps : {false, true}) {
      Random random(1);
      std::vector<double> times;
      forget_compiled_functions();
      for (uint64_t i = 0; i < candidates; ++i) {
        TrainingOptions options;
        const Network network = find_network(draw_candidate(is_cnn, random, options.batch));
        if (!keeps) forget_compiled_functions();
        const auto start = std::chrono::steady_clock::now();
        const Trainer trainer(network, data.train, data.classes, options);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        times.push_back(1e3 * seconds.count());
      }
      double mean = 0;
      for (double time : times) mean += time / static_cast<double>(times.size());
      fmt::print("{:<8} {:<28} {:>8.1f} {:>8.1f} {:>8.1f}\n", is_cnn ? "cnn" : "dffr",
                 keeps ? "from candidate to candidate" : "of one candidate", median(times),
                 percentile(times, 0.9), mean);
    }
  }
}

int run(int argc, char** argv) {
  CLI::App app{"Images trained on a second, beside PyTorch"};
  uint64_t repetitions = 5, seeds = 5, candidates = 100;
  std::string python = "/usr/bin/python3", networks;
  app.add_option("--repetitions", repetitions, "Interleaved runs a case; 0: no speeds");
  app.add_option("--seeds", seeds, "Trainings a network for its accuracy; 0: no accuracies");
  app.add_option("--candidates", candidates, "Networks whose preparation is timed; 0: none");
  app.add_option("--networks", networks, "Only networks whose name begins so");
  app.add_option("--python", python, "A Python that has torch")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (candidates > 0) measure_preparation(candidates);
  PyTorch torch(python);
  std::vector<Case> cases = kCases;
  std::erase_if(cases, [&](const Case& one) { return !one.network.starts_with(networks); });
  if (repetitions > 0) compare_speed(torch, cases, repetitions);
  if (seeds > 0) compare_accuracy(torch, cases, seeds);
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("training_speed", [&] { return wattgrind::run(argc, argv); });
}
