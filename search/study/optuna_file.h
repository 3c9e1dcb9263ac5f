// A study as Optuna keeps it in SQLite, so that Optuna and its dashboard open it:
// optuna.load_study(study_name=NAME, storage="sqlite:///FILE").
//
// The tables are those of Debian's Optuna, 3.1 (revision v3.0.0.d). A later one that wants another
// revision says so, and brings them forward by its `optuna storage upgrade`.
// - All objectives are minimised. A complete trial whose value is no finite number, which Optuna
//   does not take, is a failed one there.
// - Limits are Optuna's constraints: what exceeds them has a positive one. An infeasible trial
//   without values, which Optuna does not know, is a pruned one there, and the constraint tells it.
// - What else is known of a trial are its user attributes; the definition is one of the study's.
// - Trials that wait or are held are waiting there.
#pragma once

#include <filesystem>
#include <string_view>

#include "search/study/trial_store.h"

namespace wattgrind {

// Writes a new file. Throws Error(kUsage) where one is there.
void write_optuna_file(const std::filesystem::path& path, std::string_view name,
                       const StudyContents& contents, const Space& space);

}  // namespace wattgrind
