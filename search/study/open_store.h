// Studies by the one word that names them: a file, or postgresql://USER@HOST/DATABASE?study=NAME.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "search/study/trial_store.h"

namespace wattgrind {

// Told in a line what befalls a store meanwhile: that its server is away, and that it is back.
using StoreNotice = std::function<void(const std::string&)>;

// Opens the study that `definition` tells, making it where there is none. Throws StudyConflict
// where `place` holds a study that may not be resumed, or another one, and Error where the place
// cannot be opened.
std::unique_ptr<TrialStore> open_store(const std::string& place, const StudyDefinition& definition,
                                       IfThere if_there, StoreNotice notice = {});
// Opens a study that is there. Throws Error(kInput) where there is none.
std::unique_ptr<TrialStore> open_store(const std::string& place, StoreNotice notice = {});

// Makes a study with these contents. Throws StudyConflict where there is one.
void make_store(const std::string& place, const StudyContents& contents);

// Deletes a study. Throws Error(kFailed) while workers hold trials of it.
void remove_store(const std::string& place);

// Whether the place is a database as a whole, which may hold many studies.
bool is_database(const std::string& place);
// The places of all studies of a database.
std::vector<std::string> stores_of_database(const std::string& place);

}  // namespace wattgrind
