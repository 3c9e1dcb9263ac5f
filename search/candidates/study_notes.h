// What a search leaves in its study beside the trials.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "search/candidates/candidate_result.h"
#include "search/study/study_file.h"

namespace wattgrind {

// The best trial of its day, the accuracy it reached on the test images, which chose nothing, and
// what one image costs in its first pass, from empty caches: absent in older studies.
struct Winner {
  uint64_t trial = 0;
  double test_accuracy = 0;  // fraction
  std::optional<double> cold_infer_cycles = std::nullopt;
  std::optional<double> cold_infer_energy_pj = std::nullopt;
  std::optional<double> cold_infer_time_s = std::nullopt;  // where the unit predicts time
};

// Each is absent until the search has noted it.
struct StudyNotes {
  std::optional<std::string> data;  // the data set, in words
  std::optional<CandidateResult> reference;
  std::optional<Winner> winner;
};

// Throws Error(kInput), naming the file and the key, for a note that is damaged.
StudyNotes read_notes(StudyFile& file);

// Each replaces an earlier note of its kind.
void note_data(StudyFile& file, const std::string& data);
void note_reference(StudyFile& file, const CandidateResult& reference);
void note_winner(StudyFile& file, const Winner& winner);

}  // namespace wattgrind
