// What a study file holds after a power cut: a disk that keeps of each file what was synced last,
// and nothing of what was written since.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "estimator/system/file_text.h"
#include "search/study/study_file.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/store_actions.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

// By path: what would be found there.
std::map<std::string, std::string>& synced_files() {
  static std::map<std::string, std::string> files;
  return files;
}

// A file of SQLite's that notes what is synced. The system's file stands behind it in memory.
struct NotingFile {
  sqlite3_file base;
  std::string* path;
};

sqlite3_file* system_file(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<NotingFile*>(file) + 1);
}

int note_sync(sqlite3_file* file, int flags) {
  const std::string& path = *reinterpret_cast<NotingFile*>(file)->path;
  const int code = system_file(file)->pMethods->xSync(system_file(file), flags);
  synced_files()[path] = read_file(path);
  return code;
}

int close_noting(sqlite3_file* file) {
  delete reinterpret_cast<NotingFile*>(file)->path;
  return system_file(file)->pMethods->xClose(system_file(file));
}

template <auto Method>
struct Passing;
template <typename... Arguments, int (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
struct Passing<Method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    return (system_file(file)->pMethods->*Method)(system_file(file), arguments...);
  }
};

void pass_barrier(sqlite3_file* file) {
  system_file(file)->pMethods->xShmBarrier(system_file(file));
}

const sqlite3_io_methods& noting_methods() {
  using M = sqlite3_io_methods;
  static const M methods = {2,
                            close_noting,
                            Passing<&M::xRead>::call,
                            Passing<&M::xWrite>::call,
                            Passing<&M::xTruncate>::call,
                            note_sync,
                            Passing<&M::xFileSize>::call,
                            Passing<&M::xLock>::call,
                            Passing<&M::xUnlock>::call,
                            Passing<&M::xCheckReservedLock>::call,
                            Passing<&M::xFileControl>::call,
                            Passing<&M::xSectorSize>::call,
                            Passing<&M::xDeviceCharacteristics>::call,
                            Passing<&M::xShmMap>::call,
                            Passing<&M::xShmLock>::call,
                            pass_barrier,
                            Passing<&M::xShmUnmap>::call,
                            nullptr,
                            nullptr};
  return methods;
}

int open_noting(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* const system = static_cast<sqlite3_vfs*>(vfs->pAppData);
  file->pMethods = nullptr;
  const int code = system->xOpen(system, name, system_file(file), flags, out);
  if (system_file(file)->pMethods == nullptr) return code;
  file->pMethods = &noting_methods();
  reinterpret_cast<NotingFile*>(file)->path = new std::string(name == nullptr ? "" : name);
  return code;
}

int delete_noting(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto* const system = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = system->xDelete(system, name, sync_folder);
  if (code == SQLITE_OK && sync_folder != 0) synced_files().erase(name);
  return code;
}

// While it lives, every database that is opened is on such a disk.
class NotingDisk {
 public:
  NotingDisk() : system_(sqlite3_vfs_find(nullptr)), vfs_(*system_) {
    vfs_.zName = "noting";
    vfs_.szOsFile = static_cast<int>(sizeof(NotingFile)) + system_->szOsFile;
    vfs_.pAppData = system_;
    vfs_.xOpen = open_noting;
    vfs_.xDelete = delete_noting;
    vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* found) {
      auto* const system = static_cast<sqlite3_vfs*>(vfs->pAppData);
      return system->xAccess(system, name, flags, found);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* path) {
      auto* const system = static_cast<sqlite3_vfs*>(vfs->pAppData);
      return system->xFullPathname(system, name, size, path);
    };
    synced_files().clear();
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~NotingDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(system_, 1);
  }
  NotingDisk(const NotingDisk&) = delete;
  NotingDisk& operator=(const NotingDisk&) = delete;

  // The database as it would be found after a power cut now, in a folder of its own.
  std::vector<Trial> after_power_cut(const std::filesystem::path& path) const {
    const TemporaryFolder folder;
    const std::filesystem::path found = folder.path() / path.filename();
    for (const std::string ending : {"", "-wal", "-journal"}) {
      const auto synced = synced_files().find(path.string() + ending);
      if (synced == synced_files().end()) continue;
      std::ofstream(found.string() + ending, std::ios::binary) << synced->second;
    }
    StudyFile file(found);
    const std::span<const Trial> trials = file.trials();
    return {trials.begin(), trials.end()};
  }

 private:
  sqlite3_vfs* system_;
  sqlite3_vfs vfs_;
};

void expect_stored(const std::vector<Trial>& trials, const Lease& ended, const Outcome& outcome) {
  ASSERT_GT(trials.size(), ended.trial);
  EXPECT_EQ(trials[ended.trial].state, TrialState::kComplete) << ended.trial;
  EXPECT_EQ(trials[ended.trial].values, outcome.values) << ended.trial;
}

TEST(PowerCut, TakesBackNothingThatWasToldAsStored) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "bowl.study";
  const NotingDisk disk;
  StudyFile file(path, closed_form_definition(), IfThere::kResume, StudyFile::Options());
  EXPECT_TRUE(disk.after_power_cut(path).empty());
  const auto sampler = closed_form_sampler(file, SamplerKind::kRandom);
  ClaimedTrial claimed = claim_one(file, 1000);
  // Beyond the 1000 pages after which the log is begun anew.
  for (uint64_t i = 0; i < 500; ++i) {
    const Outcome outcome = bowl_outcome(claimed.configuration);
    FinishedAndClaimed done = file.finish_and_claim(claimed.lease, outcome, 1000, *sampler);
    ASSERT_TRUE(done.stored);
    const Lease ended = claimed.lease;
    claimed = std::get<ClaimedTrial>(std::move(done.next));
    if (i % 7 != 0) continue;
    const std::vector<Trial> trials = disk.after_power_cut(path);
    expect_stored(trials, ended, outcome);
    ASSERT_GT(trials.size(), claimed.lease.trial) << "what was claimed";
    EXPECT_EQ(trials[claimed.lease.trial].configuration, claimed.configuration);
  }
  const Outcome outcome = bowl_outcome(claimed.configuration);
  ASSERT_TRUE(file.finish(claimed.lease, outcome));
  expect_stored(disk.after_power_cut(path), claimed.lease, outcome);
  file.set_note("winner", 3);
  claimed = claim_one(file, 1000);
  EXPECT_EQ(disk.after_power_cut(path).size(), claimed.lease.trial + 1);
}

}  // namespace
}  // namespace wattgrind
