// What a search leaves in its study beside the trials.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/candidates/candidate_result.h"
#include "search/candidates/mean_estimate.h"
#include "search/study/trial_store.h"

namespace wattgrind {

// A training of the winner after the search, by the fractions of images that it tells.
struct FreshTraining {
  double score = 0;  // of the validation images
  double test_accuracy = 0;
};

// The best trial of its day, the accuracy it reached on the test images, which chose nothing, and
// what one image costs in its first pass, from empty caches: absent in older studies.
struct Winner {
  uint64_t trial = 0;
  double test_accuracy = 0;  // fraction; where it was trained anew, the mean
  std::optional<double> cold_infer_cycles = std::nullopt;
  std::optional<double> cold_infer_energy_pj = std::nullopt;
  std::optional<double> cold_infer_time_s = std::nullopt;  // where the unit predicts time
  // From weights that no trial had; only of studies whose trials are several trainings.
  std::vector<FreshTraining> anew = {};
};

// What the trainings tell of the score and the accuracy that others would reach. At least one.
MeanEstimate fresh_score(std::span<const FreshTraining> trainings);
MeanEstimate test_accuracy(std::span<const FreshTraining> trainings);

// Each is absent until the search has noted it.
struct StudyNotes {
  std::optional<std::string> data;  // the data set, in words
  std::optional<CandidateResult> reference;
  std::optional<Winner> winner;
  std::optional<uint64_t> trials;  // that the study is to have in all
};

// Throws Error(kInput), naming the file and the key, for a note that is damaged.
StudyNotes read_notes(TrialStore& store);

// Each replaces an earlier note of its kind.
void note_trials(TrialStore& store, uint64_t trials);
void note_data(TrialStore& store, const std::string& data);
void note_reference(TrialStore& store, const CandidateResult& reference);
void note_winner(TrialStore& store, const Winner& winner);

}  // namespace wattgrind
