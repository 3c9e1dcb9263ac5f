#include "search/samplers/fidelity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr uint64_t kReduction = 3;  // of the configurations from rung to rung
constexpr size_t kFewestComplete = 3;

// A configuration's trials as one.
struct Course {
  const Trial* first = nullptr;
  const Trial* latest = nullptr;  // of those that have ended; null where none has
  bool running = false;
};

// By configuration, in the order of their first trials.
std::vector<Course> courses_of(std::vector<const Trial*> trials) {
  std::sort(trials.begin(), trials.end(),
            [](const Trial* a, const Trial* b) { return a->number < b->number; });
  std::vector<Course> courses;
  std::map<Configuration, size_t> places;
  for (const Trial* trial : trials) {
    const auto [place, is_new] = places.try_emplace(trial->configuration, courses.size());
    if (is_new) courses.emplace_back();
    Course& course = courses[place->second];
    course.first = course.first == nullptr ? trial : course.first;
    if (trial->state == TrialState::kRunning) {
      course.running = true;
    } else {
      course.latest = trial;
    }
  }
  return courses;
}

// The highest value after so many epochs that is likely enough to end below the best complete one.
double highest_that_could_win(uint64_t epochs, std::span<const Trial> history) {
  const EpochGains gains = gains_from(epochs, history);
  if (gains.trials < kFewestComplete) return std::numeric_limits<double>::infinity();
  return best_trial(history)->values[0] + gains.mean + gains.deviation;
}

// The configuration to go on with from the rung: the best of those that are paused there and among
// the best third that reached it.
const Trial* promotable(const std::vector<Course>& courses, uint64_t rung,
                        std::span<const Trial> history) {
  std::vector<std::pair<double, const Course*>> reached;
  for (const Course& course : courses) {
    if (course.latest == nullptr || course.latest->curve.size() < rung) continue;
    reached.emplace_back(course.latest->curve[rung - 1], &course);
  }
  std::stable_sort(reached.begin(), reached.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  reached.resize(reached.size() / kReduction);
  const double highest = highest_that_could_win(rung, history);
  for (const auto& [value, course] : reached) {
    if (value > highest) break;
    const bool paused = course->latest->state == TrialState::kPaused && !course->running;
    if (paused && course->latest->curve.size() == rung) return course->latest;
  }
  return nullptr;
}

// The last of 4, 6, 9, 13, ..., each half as much again as the one before, that is not above
// `number`; 0 below 4.
uint64_t milestone(uint64_t number) {
  uint64_t reached = 0;
  for (uint64_t next = 4; next <= number; next += next / 2) reached = next;
  return reached;
}

// How much a value after `epochs` is expected to fall until the end: from each rung to the next by
// the mean of the trials with numbers below `before` that got so far.
double expected_gain(uint64_t epochs, std::span<const uint64_t> rungs,
                     const std::vector<Course>& courses, uint64_t before) {
  double expected = 0;
  for (size_t i = 0; i + 1 < rungs.size(); ++i) {
    if (rungs[i] < epochs) continue;
    double sum = 0, count = 0;
    for (const Course& course : courses) {
      if (course.latest == nullptr || course.latest->number >= before) continue;
      const std::vector<double>& curve = course.latest->curve;
      if (curve.size() < rungs[i + 1]) continue;
      sum += curve[rungs[i] - 1] - curve[rungs[i + 1] - 1];
      ++count;
    }
    if (count > 0) expected += sum / count;
  }
  return expected;
}

}  // namespace

std::vector<uint64_t> rungs(uint64_t epochs) {
  CHECK(epochs > 0, "no epochs");
  std::vector<uint64_t> result = {epochs};
  while (result.back() > 1) result.push_back((result.back() + kReduction - 1) / kReduction);
  std::reverse(result.begin(), result.end());
  return result;
}

const Trial* paused_trial(const Configuration& configuration, std::span<const Trial> history) {
  const Trial* furthest = nullptr;
  for (const Trial& trial : history) {
    if (trial.state != TrialState::kPaused || trial.configuration != configuration) continue;
    if (furthest == nullptr || trial.curve.size() > furthest->curve.size()) furthest = &trial;
  }
  return furthest;
}

EpochGains gains_from(uint64_t epoch, std::span<const Trial> history) {
  EpochGains gains{0, 0, -std::numeric_limits<double>::infinity()};
  double squares = 0;
  for (const Trial& trial : history) {
    if (!has_value(trial) || trial.curve.size() < epoch) continue;
    const double gain = trial.curve[epoch - 1] - trial.values[0];
    ++gains.trials;
    gains.mean += gain;
    squares += gain * gain;
    gains.most = std::max(gains.most, gain);
  }
  if (gains.trials == 0) return {};
  const auto trials = static_cast<double>(gains.trials);
  gains.mean /= trials;
  gains.deviation = std::sqrt(std::max(squares / trials - gains.mean * gains.mean, 0.0));
  return gains;
}

FidelitySampler::FidelitySampler(std::unique_ptr<Sampler> proposals, uint64_t epochs)
    : proposals_(std::move(proposals)), rungs_(rungs(epochs)) {}

std::optional<Configuration> FidelitySampler::ask(uint64_t number, std::span<const Trial> history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history) trials.push_back(&trial);
  const std::vector<Course> courses = courses_of(std::move(trials));
  for (size_t i = rungs_.size() - 1; i > 0; --i) {
    if (const Trial* next = promotable(courses, rungs_[i - 1], history)) return next->configuration;
  }
  const uint64_t before = milestone(number);
  std::vector<Trial> shown;
  for (const Course& course : courses) {
    Trial trial = course.latest == nullptr ? *course.first : *course.latest;
    if (trial.state == TrialState::kPaused && !trial.curve.empty()) {
      trial.state = TrialState::kComplete;
      trial.values = {trial.curve.back() -
                      expected_gain(trial.curve.size(), rungs_, courses, before)};
    }
    shown.push_back(std::move(trial));
  }
  return proposals_->ask(number, shown);
}

}  // namespace wattgrind
