#include "search/study/trial_store.h"

#include "search/study/stored_row.h"

namespace wattgrind {

std::string_view trial_state_word(const TrialRecord& record) {
  return record.waiting ? "waiting" : trial_state_word(record.trial.state);
}

std::string TrialStore::note_place(std::string_view name) const {
  return damaged_row(place(), "notes", name);
}

StudyContents read_contents(TrialStore& store) {
  StudyContents contents{store.definition(), store.records(), {}};
  for (const std::string& name : store.note_names()) {
    if (name == kDefinitionNote) continue;
    if (std::optional<nlohmann::ordered_json> note = store.note(name)) {
      contents.notes[name] = std::move(*note);
    }
  }
  return contents;
}

}  // namespace wattgrind
