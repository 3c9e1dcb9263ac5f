// A study on disk: one SQLite file (search/study/database.h) that several processes may work on at
// once.
//
// A trial waits, is held by one worker, or has ended. A worker is a thread of a process that opened
// the file; it holds a trial by a lease, the right to say how the trial ended.
//
//              claim()               finish()
//   waiting ------------> held ---------------> ended
//      ^                   |  renew() keeps it held
//      +-------------------+
//      give_up(), or the worker is lost: its process has ended, or no renew() came for lease_s
//
// A worker calls claim(), then renew() every so often (well within lease_s) while it evaluates,
// then finish() or give_up(), each with the lease that claim() returned.
//
// 1. A trial is on the disk from the moment it is proposed. Its number and configuration never
//    change, and no number is left out.
// 2. claim() takes the waiting trial with the lowest number before it proposes a new one. Whoever
//    takes a trial again gets the same number and configuration.
// 3. Every claim() gives the trial a new lease, and only the latest lease can end it. A worker that
//    was taken for lost cannot write over another's result, and no trial is counted twice.
// 4. What has ended never changes again.
// 5. Each call is one transaction: it is on the disk as a whole when it returns, or not at all. The
//    file is locked for the call alone, never while a trial is evaluated.
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
#include <variant>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "search/samplers/sampler.h"
#include "search/space/space.h"
#include "search/study/database.h"
#include "search/study/evaluation.h"
#include "search/study/trial_row.h"

namespace wattgrind {

// What decides which trials a study proposes and what comes out of them. Trials of different
// definitions do not mix in one file.
struct StudyDefinition {
  std::string name;
  uint64_t seed = 0;
  nlohmann::ordered_json config;  // with "space", as parse_space() reads it
};

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
  // How many workers held it before and were lost.
  uint64_t workers_lost = 0;
};

// There is nothing to take: every trial has ended or is held.
struct NothingToClaim {
  uint64_t in_flight = 0;
  bool exhausted = false;  // the sampler has nothing new to propose, though fewer trials are there
};

using Claim = std::variant<ClaimedTrial, NothingToClaim>;

// A trial with all that is kept of it.
struct TrialRecord {
  Trial trial;
  nlohmann::ordered_json result;  // the outcome's; null while there is none
  std::string worker;             // "HOST:PROCESS" of its last worker; empty where that gave it up
  bool waiting = false;           // nobody holds it, and it has not ended
  double started_unix_s = 0;      // when it was last taken
  std::optional<double> ended_unix_s;
};

// Its state's word, or "waiting".
std::string_view trial_state_word(const TrialRecord& record);

// One thread at a time. Every function may throw Error(kInput) that names the table, the row and
// the column of what is damaged. Every function but the readers throws Error when the file cannot
// be written (a full disk, a read-only file); what was stored before stays as it was.
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

  // Takes the first trial below number `trials` that waits, or proposes the next one. The sampler
  // is shown all trials with smaller numbers, those that are held as running. With one worker at a
  // time, however often it is stopped and started, proposals are a function of the definition
  // alone.
  Claim claim(uint64_t trials, Sampler& sampler);
  // Keeps the trials held. Leases that are no longer the latest are passed over.
  void renew(std::span<const Lease> leases);
  // Stores how the trial ended and returns true. Returns false and stores nothing when the lease is
  // no longer the latest.
  bool finish(const Lease& lease, const Outcome& outcome);
  // Puts the trial back, so that anyone may claim it; that counts as no lost worker.
  void give_up(const Lease& lease);

  // All trials by number. Only what changed since the last call is read. The span is valid until
  // the next call of a member.
  std::span<const Trial> trials();
  // All that is kept of each trial, by number.
  std::vector<TrialRecord> records();

  // Notes hold what is known of the study as a whole, as JSON under a name. A note replaces an
  // earlier one of its name.
  std::optional<nlohmann::ordered_json> note(std::string_view name);
  // "a.study: is damaged: notes, row NAME": how errors begin that tell of a note's value.
  std::string note_place(std::string_view name) const;
  void set_note(std::string_view name, const nlohmann::ordered_json& value);

 private:
  StudyFile(const std::filesystem::path& path, bool create, Options options);

  bool holds_study();
  void make_tables(const StudyDefinition& definition);
  void check_tables();
  void read_definition();
  void check_definition(const StudyDefinition& wanted) const;
  void read_changes();
  TrialRow read_next_row(const Query& query, uint64_t trials_before) const;
  std::optional<uint64_t> first_waiting(uint64_t trials);
  bool is_held(const std::string& process, double renewed_unix_s) const;
  ClaimedTrial take(uint64_t number, Configuration configuration);
  void insert(uint64_t number, const Configuration& configuration);

  Database database_;
  Options options_;
  std::string process_;
  StudyDefinition definition_;
  std::optional<Space> space_;  // there from construction on
  std::vector<Trial> trials_;   // by number, as of the last reading
  uint64_t ends_read_ = 0;      // the latest `end_rank` in trials_
};

}  // namespace wattgrind
