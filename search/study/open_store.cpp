#include "search/study/open_store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "estimator/base/error.h"
#include "search/study/postgres_store.h"
#include "search/study/study_file.h"

namespace wattgrind {

std::unique_ptr<TrialStore> open_store(const std::string& place, const StudyDefinition& definition,
                                       IfThere if_there, StoreNotice notice) {
  if (!is_postgres_url(place)) {
    return std::make_unique<StudyFile>(place, definition, if_there, StudyFile::Options());
  }
  return std::make_unique<PostgresStore>(parse_postgres_url(place), definition, if_there,
                                         PostgresStore::Options{.notice = std::move(notice)});
}

std::unique_ptr<TrialStore> open_store(const std::string& place, StoreNotice notice) {
  if (!is_postgres_url(place)) return std::make_unique<StudyFile>(place);
  return std::make_unique<PostgresStore>(parse_postgres_url(place),
                                         PostgresStore::Options{.notice = std::move(notice)});
}

void make_store(const std::string& place, const StudyContents& contents) {
  if (is_postgres_url(place)) {
    PostgresStore::make(parse_postgres_url(place), contents);
  } else {
    StudyFile::make(place, contents);
  }
}

void remove_store(const std::string& place) {
  {
    const std::unique_ptr<TrialStore> store = open_store(place);
    const std::vector<TrialRecord> records = store->records();
    const auto held = std::count_if(records.begin(), records.end(), [](const TrialRecord& record) {
      return !record.waiting && record.trial.state == TrialState::kRunning;
    });
    if (held > 0) {
      fail(ErrorKind::kFailed, "{}: workers hold {} of its trials, wanted them stopped first",
           place, held);
    }
  }
  if (is_postgres_url(place)) {
    PostgresStore::remove(parse_postgres_url(place));
    return;
  }
  // The log and its index are there while somebody has the study open.
  for (const std::string ending : {"", "-wal", "-shm"}) {
    std::error_code error;
    std::filesystem::remove(place + ending, error);
    if (error) fail(ErrorKind::kFailed, "{}: cannot be deleted ({})", place, error.message());
  }
}

bool is_database(const std::string& place) {
  return is_postgres_url(place) && parse_postgres_url(place).study.empty();
}

std::vector<std::string> stores_of_database(const std::string& place) {
  const PostgresUrl url = parse_postgres_url(place);
  std::vector<std::string> places;
  for (const std::string& name : PostgresStore::studies(url)) places.push_back(url.of_study(name));
  return places;
}

}  // namespace wattgrind
