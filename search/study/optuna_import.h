// A study that Optuna keeps in SQLite, as one of ours.
//
// The tables are those of Optuna 3.0 to 4 (revisions v3.0.0.d and v3.2.0.a); earlier ones are
// brought forward by its `optuna storage upgrade`.
// - What write_optuna_file() wrote comes back as it was, with what Optuna added meanwhile.
// - Else the space is made of the distributions of the trials: of one that changed, the hull; a
//   step of a real parameter is not kept; None among categories becomes the text "None". A
//   parameter that only some complete trials have hangs on the first one before it that tells those
//   trials from the others: a choice by its values, else a number by a bound.
// - What Optuna maximises is negated. Several objectives stay several.
// - A trial with a positive constraint is infeasible. Intermediate values become the curve. A trial
//   that waits or runs waits. User attributes become the result.
// - A trial that has not all its parameters (it failed or was pruned before it asked for them, or
//   waits without any) is no configuration and left out; those behind it move up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "search/study/trial_store.h"

namespace wattgrind {

struct OptunaStudy {
  StudyContents contents;
  uint64_t left_out = 0;  // trials
  uint64_t objectives = 1;
  bool negated = false;  // an objective that Optuna maximises
};

// Reads the study of that name; with an empty name the only one. Throws Error(kInput) where there
// is none, the file is not Optuna's, or the study is none that we can have.
OptunaStudy read_optuna_file(const std::filesystem::path& path, std::string_view name);

}  // namespace wattgrind
