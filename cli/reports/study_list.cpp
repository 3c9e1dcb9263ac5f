#include "cli/reports/study_list.h"

#include <fmt/format.h>

#include <memory>

#include "search/study/open_store.h"

namespace wattgrind {

StudyList make_study_list(const std::string& place) {
  StudyList list{place, {}};
  for (const std::string& study : stores_of_database(place)) {
    const std::unique_ptr<TrialStore> store = open_store(study);
    const std::vector<TrialRecord> records = store->records();
    StudyListEntry entry{store->title(), store->definition().name, records.size(), 0, {}};
    for (const TrialRecord& record : records) {
      if (!record.waiting && record.trial.state == TrialState::kRunning) ++entry.running;
    }
    if (const Trial* best = best_trial(store->trials())) entry.best = best->values[0];
    list.studies.push_back(std::move(entry));
  }
  return list;
}

Table study_list_csv(const StudyList& list) {
  Table table;
  table.columns = {{"study", "study"},
                   {"search", "search"},
                   {"trials", "trials"},
                   {"running", "running"},
                   {"best", "best value", 4}};
  for (const StudyListEntry& entry : list.studies) {
    table.rows.push_back(
        {entry.study, entry.search, entry.trials, entry.running, optional_cell(entry.best)});
  }
  return table;
}

std::string study_list_text(const StudyList& list, const TextPage& page) {
  if (list.studies.empty()) return fmt::format("{}: no studies\n", list.place);
  return aligned_text(study_list_csv(list), page);
}

nlohmann::ordered_json study_list_json(const StudyList& list) {
  nlohmann::ordered_json json = {{"schema", "wattgrind/studies/1"}, {"database", list.place}};
  json["studies"] = nlohmann::ordered_json::array();
  for (const StudyListEntry& entry : list.studies) {
    nlohmann::ordered_json study = {{"study", entry.study},
                                    {"search", entry.search},
                                    {"trials", entry.trials},
                                    {"running", entry.running}};
    if (entry.best) study["best"] = *entry.best;
    json["studies"].push_back(std::move(study));
  }
  return json;
}

}  // namespace wattgrind
