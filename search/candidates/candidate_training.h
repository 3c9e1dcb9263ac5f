// A candidate's training, which stops after any epoch and goes on later as if it had not.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "search/data/data_set.h"
#include "search/training/trainer.h"

namespace wattgrind {

class CandidateTraining {
 public:
  // The data must outlive it. Throws as Trainer does.
  CandidateTraining(const Network& network, const DataSet& data, const TrainingOptions& options);

  // Throws Error(kInterrupted).
  void train_epoch();
  uint64_t epochs() const { return epochs_.size(); }
  // The loss was no number: further epochs would change nothing.
  bool diverged() const;
  Learning learning() const;  // after one epoch at least
  double loss() const { return epochs_.back().loss; }

  // The fraction of images told rightly; that of guessing once it has diverged. Asking changes
  // nothing of the training.
  double accuracy(const LabelledImages& judges);

  // The validation accuracy after each epoch, for those who ask after each.
  const std::vector<double>& scores() const { return scores_; }
  void note_score() { scores_.push_back(accuracy(data_.validation)); }

 private:
  const DataSet& data_;
  Trainer trainer_;
  std::vector<EpochResult> epochs_;
  std::vector<double> scores_;
};

// Trainings that may be gone on with, by name. Of more than 64 the one that was put there first
// is dropped. May be used from several threads at once.
class KeptTrainings {
 public:
  void put(const std::string& name, std::unique_ptr<CandidateTraining> training);
  // Null where it is not there.
  std::unique_ptr<CandidateTraining> take(const std::string& name);

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::unique_ptr<CandidateTraining>>> kept_;
};

}  // namespace wattgrind
