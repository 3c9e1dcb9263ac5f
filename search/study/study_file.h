// A study on disk: one SQLite file (search/study/database.h) that several processes may work on at
// once. The file is locked for each call alone.
//
// A file of an earlier version is brought forward when it is opened, in one transaction; one of a
// later version is refused.
//
// Leases run out by the clocks of the calendar: those of all hosts that work on one study should
// agree to within seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/system/clock.h"
#include "search/study/database.h"
#include "search/study/trial_store.h"

namespace wattgrind {

class StudyFile : public TrialStore {
 public:
  struct Options {
    Clock* clock = &system_clock();
    double lease_s = 60;  // without a sign of life
  };

  // Opens the file to work on the study that `definition` tells, making both where there is none.
  // Throws StudyConflict where the file holds a study that may not be resumed, or another one.
  StudyFile(const std::filesystem::path& path, const StudyDefinition& definition, IfThere if_there,
            Options options);
  // Opens a study that is there. Throws Error(kInput) where there is none.
  explicit StudyFile(const std::filesystem::path& path);

  // Makes a study with these contents, in one transaction. Throws StudyConflict where the file
  // holds one.
  static void make(const std::filesystem::path& path, const StudyContents& contents);

  const std::filesystem::path& path() const { return database_.path(); }
  std::string place() const override { return path().string(); }
  std::string title() const override { return path().filename().string(); }
  const StudyDefinition& definition() const override { return definition_; }
  const Space& space() const override { return *space_; }

  Claim claim(uint64_t trials, Sampler& sampler) override;
  void renew(std::span<const Lease> leases) override;
  bool finish(const Lease& lease, const Outcome& outcome) override;
  FinishedAndClaimed finish_and_claim(const Lease& lease, const Outcome& outcome, uint64_t trials,
                                      Sampler& sampler) override;
  void give_up(const Lease& lease) override;
  std::span<const Trial> trials() override;
  std::span<const Trial> known_trials() const override { return trials_.all(); }
  std::vector<TrialRecord> records() override;
  std::optional<nlohmann::ordered_json> note(std::string_view name) override;
  void set_note(std::string_view name, const nlohmann::ordered_json& value) override;
  std::vector<std::string> note_names() override;

 private:
  StudyFile(const std::filesystem::path& path, bool create, Options options);

  bool holds_study();
  void make_tables(const StudyDefinition& definition);
  void bring_forward();
  void check_tables();
  void open_definition();
  void insert(const TrialRecord& record, uint64_t end_rank);
  Claim claim_next(uint64_t trials, Sampler& sampler);
  bool store_end(const Lease& lease, const Outcome& outcome);
  void read_changes();
  void expect_next(uint64_t number, uint64_t trials_before) const;
  std::optional<uint64_t> first_waiting(uint64_t trials);
  bool is_held(const std::string& process, double renewed_unix_s) const;
  ClaimedTrial take(uint64_t number, Configuration configuration);
  void insert(uint64_t number, const Configuration& configuration);

  Database database_;
  Options options_;
  std::string process_;
  StudyDefinition definition_;
  std::optional<Space> space_;  // there from construction on
  KnownTrials trials_;          // by number, as of the last reading
  uint64_t ends_read_ = 0;      // the latest `end_rank` in trials_
};

}  // namespace wattgrind
