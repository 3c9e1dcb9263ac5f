// A study as Optuna keeps it in SQLite, so that Optuna and its dashboard open it:
// optuna.load_study(study_name=NAME, storage="sqlite:///FILE").
//
// The tables are those of Debian's Optuna, 3.1 (revision v3.0.0.d). A later one that wants another
// revision says so, and brings them forward by its `optuna storage upgrade`.
// - All objectives are minimised. A complete trial whose value is no finite number, which Optuna
//   does not take, is a failed one there.
// - Limits are Optuna's constraints: what exceeds them has a positive one. An infeasible trial
//   without values, which Optuna does not know, is a pruned one there, and the constraint tells it.
// - What else is known of a trial are its user attributes; the definition and the notes are some of
//   the study's. By them search/study/optuna_import.h makes the same study of it again.
// - Trials that wait or are held are waiting there.
#pragma once

#include <filesystem>
#include <string_view>

#include "search/study/trial_store.h"

namespace wattgrind {

// The names of attributes that only we give meaning to, and how all of them begin.
inline constexpr std::string_view kOptunaPrefix = "wattgrind ";
inline constexpr std::string_view kOptunaDefinition = "wattgrind definition";
inline constexpr std::string_view kOptunaNote = "wattgrind note ";  // and the note's name
inline constexpr std::string_view kOptunaTrial = "wattgrind trial";
inline constexpr std::string_view kOptunaState = "wattgrind state";

// Writes a new file. Throws Error(kUsage) where one is there.
void write_optuna_file(const std::filesystem::path& path, std::string_view name,
                       const StudyContents& contents, const Space& space);

}  // namespace wattgrind
