// A study on disk: one SQLite file (search/study/database.h) that several processes may work on at
// once.
//
// A trial is durable from the moment it is proposed: its number and configuration never change and
// no number is left out. Who works on it holds a lease and gives signs of life (`renew`). A trial
// goes back into the queue when its worker gives it up, when its worker's process has ended, or
// when no sign of life came for the lease's time; who takes it next gets the same number and
// configuration. Every taking counts the trial's lease up, and only the holder of the latest lease
// can end the trial: a worker that was taken for dead cannot write over another's result, and no
// trial is counted twice.
//
// Time-outs compare clocks of the calendar: those of all hosts that work on one study should agree
// to within seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "search/samplers/sampler.h"
#include "search/space/space.h"
#include "search/study/database.h"
#include "search/study/evaluation.h"

namespace wattgrind {

// What makes a study the study it is. Trials of different definitions do not mix.
struct StudyDefinition {
  std::string name;
  uint64_t seed = 0;
  nlohmann::ordered_json config;  // with "space", as parse_space() reads it
};

// "complete", "failed", ...
std::string_view trial_state_word(TrialState state);

enum class IfThere { kRefuse, kResume };

// The file holds a study that must not be worked on: it may not be resumed (Error(kUsage)), or it
// is of another definition (Error(kInput)). The message says what the file holds and what was
// wanted; whoever knows how a user asks for that may say it in its own words after `found()`.
class StudyConflict : public Error {
 public:
  enum class Reason { kMayNotResume, kOtherDefinition };

  StudyConflict(Reason reason, std::string found);

  Reason reason() const { return reason_; }
  // "a.study: holds a study with 7 trials"
  const std::string& found() const { return found_; }

 private:
  Reason reason_;
  std::string found_;
};

// The right to end a trial, until somebody else takes it over.
struct Lease {
  uint64_t trial = 0;
  int64_t token = 0;

  bool operator==(const Lease&) const = default;
};

struct ClaimedTrial {
  Lease lease;
  Configuration configuration;
  // The trials with smaller numbers, as they were when this one was taken.
  std::vector<Trial> history;
  // Workers that had it before and ended or fell silent without giving it up.
  uint64_t workers_lost = 0;
};

// Nothing to take: all trials have ended or are being worked on.
struct NothingToClaim {
  uint64_t in_flight = 0;
  bool exhausted = false;  // fewer trials than wanted: the sampler has nothing more to propose
};

using Claim = std::variant<ClaimedTrial, NothingToClaim>;

// A trial with all that is kept of it.
struct TrialRecord {
  Trial trial;
  nlohmann::ordered_json result;  // the outcome's; null while there is none
  std::string worker;             // who had it last: "HOST:PROCESS"; empty where it was given up
  bool waiting = false;           // to be taken: nobody works on it
  double started_unix_s = 0;      // when it was last taken
  std::optional<double> ended_unix_s;
};

// Its state's word, or "waiting".
std::string_view trial_state_word(const TrialRecord& record);

// One thread at a time. Every function but the readers throws Error when the file cannot be
// written (a full disk, a read-only file); what was stored before stays as it was.
class StudyFile {
 public:
  struct Options {
    Clock* clock = &system_clock();
    double lease_s = 60;  // without a sign of life
  };

  // Opens the file to work on the study that `definition` tells, making both where there is none.
  // Throws StudyConflict where the file holds a study that may not be resumed, or another one.
  StudyFile(const std::filesystem::path& path, const StudyDefinition& definition, IfThere if_there,
            Options options);
  // Opens a study to read. Throws Error(kInput) where there is none.
  explicit StudyFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return database_.path(); }
  const StudyDefinition& definition() const { return definition_; }
  const Space& space() const { return *space_; }

  // Takes the first trial below number `trials` that waits, or proposes the next. The sampler knows
  // all trials with smaller numbers, those in flight as running: with one worker at a time, however
  // often that is stopped and started, what is proposed is a function of the definition alone.
  Claim claim(uint64_t trials, Sampler& sampler);
  // A sign of life.
  void renew(std::span<const Lease> leases);
  // Stores how the trial ended. False, and nothing stored, when the lease is no longer ours.
  bool finish(const Lease& lease, const Outcome& outcome);
  // Puts the trial back, to be taken by anyone.
  void give_up(const Lease& lease);

  // All trials by number, read from the file as far as they changed. Valid until the next call of
  // a member.
  std::span<const Trial> trials();
  // All that is kept of each trial, by number.
  std::vector<TrialRecord> records();

  // What is known of the study as a whole: JSON by name.
  std::optional<nlohmann::ordered_json> note(std::string_view name);
  void set_note(std::string_view name, const nlohmann::ordered_json& value);

 private:
  StudyFile(const std::filesystem::path& path, bool create, Options options);

  bool holds_study();
  void make_tables(const StudyDefinition& definition);
  void read_definition();
  void check_definition(const StudyDefinition& wanted) const;
  void read_changes();
  std::optional<uint64_t> first_waiting(uint64_t trials);
  bool is_held(const std::string& process, double renewed_unix_s) const;
  ClaimedTrial take(uint64_t number, Configuration configuration);
  void insert(uint64_t number, const Configuration& configuration);
  Configuration read_configuration(uint64_t number, const std::string& text) const;

  Database database_;
  Options options_;
  std::string process_;
  StudyDefinition definition_;
  std::optional<Space> space_;  // there from construction on
  std::vector<Trial> trials_;   // by number, as of the last reading
  int64_t ends_read_ = 0;       // the latest `end_rank` in trials_
};

}  // namespace wattgrind
