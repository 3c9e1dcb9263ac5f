#include "search/samplers/surrogate.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "estimator/base/error.h"
#include "search/gaussian/covariance_fit.h"

namespace wattgrind {
namespace {

using Observation = Observations::Observation;

constexpr size_t kFirstStage = 4;
constexpr size_t kMostBetweenStages = 64;
constexpr size_t kFitted = 48;
constexpr size_t kSupport = 192;
constexpr int kFitIterations = 10;
constexpr size_t kIncumbents = 16;  // best observed, whose means a noisy incumbent is sought among

size_t next_stage(size_t trials) {
  return trials + std::clamp<size_t>(trials / 4, 2, kMostBetweenStages);
}

uint64_t digest_with(uint64_t digest, const Observation& observation) {
  const Trial& trial = *observation.trial;
  digest = mix64(digest ^ observation.key);
  digest = mix64(digest ^ static_cast<uint64_t>(trial.state));
  for (double value : trial.values) digest = mix64(digest ^ std::bit_cast<uint64_t>(value));
  for (double variance : trial.variances) {
    digest = mix64(digest ^ std::bit_cast<uint64_t>(variance));
  }
  return mix64(digest ^ std::bit_cast<uint64_t>(trial.violation.value_or(-1)));
}

// At most `most` indices of values, ascending: the best half, and the rest evenly over the ranks.
std::vector<size_t> representatives(std::span<const double> values, size_t most) {
  std::vector<size_t> ranked(values.size());
  std::iota(ranked.begin(), ranked.end(), size_t{0});
  if (ranked.size() <= most) return ranked;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [values](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<size_t> chosen(ranked.begin(),
                             ranked.begin() + static_cast<std::ptrdiff_t>(most / 2));
  const size_t rest = ranked.size() - chosen.size(), wanted = most - chosen.size();
  for (size_t i = 0; i < wanted; ++i) chosen.push_back(ranked[most / 2 + i * rest / wanted]);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

template <typename Values>
Eigen::VectorXd gathered(const Values& values, std::span<const size_t> indices) {
  Eigen::VectorXd result(static_cast<Eigen::Index>(indices.size()));
  for (size_t i = 0; i < indices.size(); ++i) {
    result[static_cast<Eigen::Index>(i)] = values[indices[i]];
  }
  return result;
}

Eigen::MatrixXd gathered_points(std::span<const Observation> finished,
                                std::span<const size_t> indices) {
  Eigen::MatrixXd points(indices.size(), finished[0].point->size());
  for (size_t i = 0; i < indices.size(); ++i) {
    const Point& point = *finished[indices[i]].point;
    points.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(point.data(), static_cast<Eigen::Index>(point.size()));
  }
  return points;
}

}  // namespace

void Surrogate::learn(const Observations& observations, const TrialValues& values) {
  CHECK(!observations.finished().empty(), "nothing to learn from");
  update_stages(observations);
  warp_ = Warp(modelled(values));
  const std::vector<double> noise = own_noise(values, warp_);
  update_rows(observations, noise);
  update_values(observations);
  update_incumbent(observations, noisy_ || !noise.empty());
}

std::vector<double> Surrogate::own_noise(const TrialValues& values, const Warp& warp) const {
  std::vector<double> noise;
  if (of_ != Of::kObjective) return noise;
  for (size_t i = 0; i < values.variance.size(); ++i) {
    const double slope = warp.slope(values.objective[i]);
    noise.push_back(slope * slope * values.variance[i]);
  }
  return noise;
}

const std::vector<double>& Surrogate::modelled(const TrialValues& values) const {
  return of_ == Of::kObjective ? values.objective : values.excess;
}

void Surrogate::update_stages(const Observations& observations) {
  const auto& finished = observations.finished();
  uint64_t digest = 0;
  size_t hashed = 0, stage = 0;
  for (size_t trials = kFirstStage; trials <= finished.size(); trials = next_stage(trials)) {
    for (; hashed < trials; ++hashed) digest = digest_with(digest, finished[hashed]);
    if (stage < stages_.size() && stages_[stage].digest != digest) stages_.resize(stage);
    if (stage == stages_.size()) {
      Stage made = make_stage(observations, trials);
      made.digest = digest;
      stages_.push_back(std::move(made));
    }
    ++stage;
  }
  stages_.resize(stage);
}

Surrogate::Stage Surrogate::make_stage(const Observations& observations, size_t trials) const {
  const std::span<const Observation> prefix(observations.finished().data(), trials);
  size_t objectives = 1;
  for (const Observation& o : prefix) objectives = std::max(objectives, o.trial->values.size());
  const std::vector<double> even(objectives, 1.0 / static_cast<double>(objectives));
  const TrialValues values = trial_values(prefix, even);
  const Warp targets(modelled(values));
  const std::vector<size_t> fitted = representatives(values.ranking, kFitted);
  const CovarianceParameters start = stages_.empty()
                                         ? prior_parameters(covariance_.dimensions(), noisy_)
                                         : stages_.back().parameters;
  const std::vector<double> noise = own_noise(values, targets);
  Stage stage;
  stage.trials = trials;
  stage.parameters = fit_covariance(
      covariance_, gathered_points(prefix, fitted), gathered(targets.values(), fitted), noisy_,
      start, kFitIterations, noise.empty() ? Eigen::VectorXd() : gathered(noise, fitted));
  stage.support = representatives(values.ranking, kSupport);
  return stage;
}

void Surrogate::update_rows(const Observations& observations, std::span<const double> own_noise) {
  const auto& finished = observations.finished();
  const bool fitted = !stages_.empty();
  const uint64_t digest = fitted ? stages_.back().digest : 0;
  if (!process_ || digest != process_digest_) {
    process_.emplace(covariance_, fitted ? stages_.back().parameters
                                         : prior_parameters(covariance_.dimensions(), noisy_));
    process_digest_ = digest;
    row_keys_.clear();
  }
  rows_ = fitted ? stages_.back().support : std::vector<size_t>();
  for (size_t i = fitted ? stages_.back().trials : 0; i < finished.size(); ++i) rows_.push_back(i);
  const auto noise = [own_noise](size_t row) { return own_noise.empty() ? 0 : own_noise[row]; };
  const auto key = [&](size_t row) {
    return noise(row) == 0 ? finished[row].key
                           : mix64(finished[row].key ^ std::bit_cast<uint64_t>(noise(row)));
  };
  size_t same = 0;
  while (same < std::min(rows_.size(), row_keys_.size()) && row_keys_[same] == key(rows_[same])) {
    ++same;
  }
  row_keys_.resize(same);
  process_->truncate(static_cast<Eigen::Index>(same));
  for (size_t i = same; i < rows_.size(); ++i) {
    process_->append(*finished[rows_[i]].point, noise(rows_[i]));
    row_keys_.push_back(key(rows_[i]));
  }
}

void Surrogate::update_values(const Observations& observations) {
  const Eigen::VectorXd known = gathered(warp_.values(), rows_);
  process_->set_values(known);
  const auto& running = observations.running();
  if (!running.empty()) {
    std::vector<Point> points;
    for (const Observation& observation : running) points.push_back(*observation.point);
    Eigen::VectorXd believed(known.size() + static_cast<Eigen::Index>(running.size()));
    believed << known, process_->means(process_->covariances(points));
    for (const Point& point : points) process_->append(point);
    process_->set_values(believed);
  }
}

void Surrogate::update_incumbent(const Observations& observations, bool uncertain) {
  const auto& finished = observations.finished();
  const std::vector<double>& targets = warp_.values();
  std::vector<size_t> best;
  for (const size_t trial : rows_) {
    if (finished[trial].trial->state != TrialState::kInfeasible) best.push_back(trial);
  }
  incumbent_.reset();
  if (best.empty()) return;
  const size_t considered = uncertain ? std::min(best.size(), kIncumbents) : 1;
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(considered),
                    best.end(), [&targets](size_t a, size_t b) {
                      return targets[a] < targets[b] || (targets[a] == targets[b] && a < b);
                    });
  incumbent_ = targets[best[0]];
  if (!uncertain) return;
  std::vector<Point> points;
  for (size_t i = 0; i < considered; ++i) points.push_back(*finished[best[i]].point);
  incumbent_ = process_->means(process_->covariances(points)).minCoeff();
}

}  // namespace wattgrind
