#include "search/candidates/candidate_training.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {
namespace {

constexpr size_t kMostKept = 64;

}  // namespace

CandidateTraining::CandidateTraining(const Network& network, const DataSet& data,
                                     const TrainingOptions& options)
    : data_(data), trainer_(network, data.train, data.classes, options) {}

void CandidateTraining::train_epoch() { epochs_.push_back(trainer_.train_epoch()); }

bool CandidateTraining::diverged() const {
  return !epochs_.empty() && !std::isfinite(epochs_.back().loss);
}

Learning CandidateTraining::learning() const { return judge(epochs_, data_.classes); }

double CandidateTraining::accuracy(const LabelledImages& judges) {
  return diverged() ? 1.0 / data_.classes : trainer_.accuracy(judges);
}

void KeptTrainings::put(const std::string& name, std::unique_ptr<CandidateTraining> training) {
  const std::lock_guard lock(mutex_);
  if (kept_.size() == kMostKept) kept_.erase(kept_.begin());
  kept_.emplace_back(name, std::move(training));
}

std::unique_ptr<CandidateTraining> KeptTrainings::take(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(kept_, [&](const auto& kept) { return kept.first == name; });
  if (found == kept_.end()) return nullptr;
  std::unique_ptr<CandidateTraining> training = std::move(found->second);
  kept_.erase(found);
  return training;
}

}  // namespace wattgrind
