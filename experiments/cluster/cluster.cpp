// Studies with many workers, on an objective that is a formula.
//
//   cluster begin STUDY                          makes the study
//   cluster worker STUDY TRIALS MS LOG           works on it, each evaluation taking about so many
//                                                milliseconds; LOG gets "NUMBER VALUE" a trial
//   cluster check STUDY TRIALS LOG...            every trial is complete, with the value that its
//                                                configuration has, and in the logs at most once
//   cluster speed STUDY TRIALS WORKERS SAMPLER [MS]   so many processes, an evaluation taking about
//                                                so many milliseconds (0): trials a second
//   cluster latency STUDY TRIALS                 how long claim() and finish() take at so many
//
// STUDY is a file or a URL; SAMPLER is random or tpe.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "experiments/experiment.h"
#include "search/study/open_store.h"
#include "search/study/study.h"

namespace wattgrind {
namespace {

using Seconds = std::chrono::duration<double>;

StudyDefinition bowl_definition() {
  return {"bowl", 1, nlohmann::ordered_json::parse(R"({
      "space": {"x": {"int": [0, 999999]}, "y": {"float": [-1, 1]}, "z": {"float": [-1, 1]}}})")};
}

double bowl_value(const Configuration& configuration) {
  const double x = static_cast<double>(std::get<int64_t>(*configuration[0])) / 1e6 - 0.3;
  const double y = std::get<double>(*configuration[1]), z = std::get<double>(*configuration[2]);
  return x * x + y * y + z * z;
}

class Bowl : public Evaluation {
 public:
  explicit Bowl(double seconds) : seconds_(seconds) {}

  Outcome evaluate(const Configuration& configuration, std::span<const Trial> history) override {
    // From half to one and a half times the time, in slices: a worker that is to stop, stops.
    const double share = 0.5 + static_cast<double>(history.size() % 11) / 10;
    for (double left = share * seconds_; left > 0; left -= 0.05) {
      throw_if_interrupted();
      std::this_thread::sleep_for(Seconds(std::min(left, 0.05)));
    }
    return {TrialState::kComplete, {bowl_value(configuration)}, std::nullopt, {}};
  }
  Outcome give_up(const Configuration&, const std::string& why) override {
    return {TrialState::kFailed, {}, std::nullopt, {{"error", why}}};
  }

 private:
  double seconds_;
};

std::unique_ptr<Sampler> sampler_of(const TrialStore& store, const std::string& word) {
  SamplerOptions options;
  options.kind = word == "random" ? SamplerKind::kRandom : SamplerKind::kTpe;
  return make_sampler(options, store.space(), store.definition().seed);
}

void work(const std::string& place, uint64_t trials, double milliseconds, const std::string& log) {
  const InterruptGuard guard;
  const auto store = open_store(place, [](const std::string& line) {
    fmt::print("{} {}\n", getpid(), line);
    std::fflush(stdout);
  });
  const auto sampler = sampler_of(*store, "tpe");
  Bowl evaluation(milliseconds / 1000);
  const int file = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
  run_study(*store, *sampler, evaluation, {trials, 1, 2, 0.2},
            [file](const Trial& ended, const Outcome&, std::span<const Trial>) {
              if (ended.values.empty()) return;
              const std::string line = fmt::format("{} {}\n", ended.number, ended.values[0]);
              CHECK(write(file, line.data(), line.size()) > 0, "log");
            });
}

void check(const std::string& place, uint64_t trials, std::span<char* const> logs) {
  const auto store = open_store(place);
  const std::vector<TrialRecord> records = store->records();
  CHECK(records.size() == trials, "{} trials, wanted {}", records.size(), trials);
  for (const TrialRecord& record : records) {
    CHECK(record.trial.state == TrialState::kComplete, "trial {}", record.trial.number);
    CHECK(record.trial.values[0] == bowl_value(record.trial.configuration), "trial {}",
          record.trial.number);
  }
  std::map<uint64_t, int> logged;
  for (const char* log : logs) {
    std::ifstream in(log);
    uint64_t number = 0;
    for (double value = 0; in >> number >> value; ++logged[number]) {
      CHECK(value == records.at(number).trial.values[0], "trial {} of {}", number, log);
    }
  }
  const auto twice =
      std::count_if(logged.begin(), logged.end(), [](const auto& one) { return one.second > 1; });
  CHECK(twice == 0, "{} trials were stored twice", twice);
  std::map<std::string, int> configurations;
  for (const TrialRecord& record : records) {
    ++configurations[to_string(store->space(), record.trial.configuration)];
  }
  fmt::print(
      "{} trials, each complete once with the value it must have; {} of them in the logs of "
      "workers that lived to write it; {} different configurations\n",
      records.size(), logged.size(), configurations.size());
}

void speed(const std::string& place, uint64_t trials, uint64_t workers, const std::string& word,
           double milliseconds) {
  open_store(place, bowl_definition(), IfThere::kRefuse);
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < workers; ++i) {
    if (fork() != 0) continue;
    {
      const auto store = open_store(place);
      const auto sampler = sampler_of(*store, word);
      Bowl evaluation(milliseconds / 1000);
      run_study(*store, *sampler, evaluation, {trials, 1, 15, 0.2});
    }
    _exit(0);
  }
  int failed = 0, status = 0;
  while (wait(&status) > 0) failed += status == 0 ? 0 : 1;
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  CHECK(failed == 0, "{} workers failed", failed);
  fmt::print("{} workers, {} trials ({}): {:.1f} s, {:.0f} trials/s\n", workers, trials, word,
             seconds, static_cast<double>(trials) / seconds);
}

void latency(const std::string& place, uint64_t trials) {
  const auto store = open_store(place, bowl_definition(), IfThere::kRefuse);
  const auto random = sampler_of(*store, "random"), tpe = sampler_of(*store, "tpe");
  constexpr uint64_t kMeasured = 100;
  std::vector<double> claims, finishes;
  for (uint64_t i = 0; i < trials; ++i) {
    const bool measured = i + kMeasured >= trials;
    const auto start = std::chrono::steady_clock::now();
    auto claim = store->claim(trials, measured ? *tpe : *random);
    const auto claimed = std::chrono::steady_clock::now();
    const auto& trial = std::get<ClaimedTrial>(claim);
    store->finish(trial.lease,
                  {TrialState::kComplete, {bowl_value(trial.configuration)}, std::nullopt, {}});
    if (!measured) continue;
    claims.push_back(Seconds(claimed - start).count() * 1e3);
    finishes.push_back(Seconds(std::chrono::steady_clock::now() - claimed).count() * 1e3);
  }
  std::ranges::sort(claims);
  std::ranges::sort(finishes);
  fmt::print("at {} trials (tpe): claim {:.2f} ms (nine of ten within {:.2f}), finish {:.2f} ms\n",
             trials, claims[kMeasured / 2], claims[kMeasured * 9 / 10], finishes[kMeasured / 2]);
}

int run_program(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "begin" && argc == 3) {
    open_store(argv[2], bowl_definition(), IfThere::kRefuse);
  } else if (verb == "worker" && argc == 6) {
    work(argv[2], std::stoull(argv[3]), std::stod(argv[4]), argv[5]);
  } else if (verb == "check" && argc > 3) {
    check(argv[2], std::stoull(argv[3]), {argv + 4, argv + argc});
  } else if (verb == "speed" && (argc == 6 || argc == 7)) {
    speed(argv[2], std::stoull(argv[3]), std::stoull(argv[4]), argv[5],
          argc == 7 ? std::stod(argv[6]) : 0);
  } else if (verb == "latency" && argc == 4) {
    latency(argv[2], std::stoull(argv[3]));
  } else {
    fail(ErrorKind::kUsage, "wanted: cluster begin|worker|check|speed|latency, see cluster.cpp");
  }
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("cluster", [&] { return wattgrind::run_program(argc, argv); });
}
