// Where a study's trials are kept, so that any number of workers may work on it at once: one file
// (search/study/study_file.h) or a database server (search/study/postgres_store.h).
//
// A trial waits, is held by one worker, or has ended. A worker is a thread of a process that opened
// the store; it holds a trial by a lease, the right to say how the trial ended.
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
// 1. A trial is on the disk from the moment claim() returns it. Its number and configuration never
//    change, and no number is left out.
// 2. claim() takes the waiting trial with the lowest number before it proposes a new one. Whoever
//    takes a trial again gets the same number and configuration.
// 3. Every claim() gives the trial a new lease, and only the latest lease can end it. A worker that
//    was taken for lost cannot write over another's result, and no trial is counted twice.
// 4. What has ended never changes again.
// 5. Each call is on the disk as a whole when it returns, or not at all. Nothing is locked while a
//    trial is evaluated.
// 6. Proposals are made one at a time, each knowing all before it, so that no sampler that avoids
//    what was tried proposes a configuration twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "search/samplers/sampler.h"
#include "search/space/space.h"
#include "search/study/evaluation.h"
#include "search/study/known_trials.h"
#include "search/study/study_definition.h"
#include "search/study/trial_row.h"

namespace wattgrind {

enum class IfThere { kRefuse, kResume };

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
  TrialSnapshot history;
  // How many workers held it before and were lost.
  uint64_t workers_lost = 0;
};

// There is nothing to take: every trial has ended or is held.
struct NothingToClaim {
  uint64_t in_flight = 0;
  bool exhausted = false;  // the sampler has nothing new to propose, though fewer trials are there
};

using Claim = std::variant<ClaimedTrial, NothingToClaim>;

struct FinishedAndClaimed {
  bool stored = false;  // what finish() returns
  Claim next = NothingToClaim();
};

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

// All that a study is, to be made again in another store.
struct StudyContents {
  StudyDefinition definition;
  std::vector<TrialRecord> records;  // by number; who has not ended, waits in the copy
  std::map<std::string, nlohmann::ordered_json> notes;
};

// One thread at a time. Every function may throw Error(kInput) that names the table, the row and
// the column of what is damaged. Every function but the readers throws Error when the store cannot
// be written (a full disk, missing rights); what was stored before stays as it was.
class TrialStore {
 public:
  virtual ~TrialStore() = default;

  // Names the store in messages: a path, or a URL without a password.
  virtual std::string place() const = 0;
  // Names the study in a title: a file's name, or the study's.
  virtual std::string title() const = 0;
  virtual const StudyDefinition& definition() const = 0;
  virtual const Space& space() const = 0;

  // Takes the first trial below number `trials` that waits, or proposes the next one. The sampler
  // is shown all trials with smaller numbers, those that are held as running. With one worker at a
  // time, however often it is stopped and started, proposals are a function of the definition
  // alone.
  virtual Claim claim(uint64_t trials, Sampler& sampler) = 0;
  // Keeps the trials held. Leases that are no longer the latest are passed over.
  virtual void renew(std::span<const Lease> leases) = 0;
  // Stores how the trial ended and returns true. Returns false and stores nothing when the lease is
  // no longer the latest.
  virtual bool finish(const Lease& lease, const Outcome& outcome) = 0;
  // finish() and then claim(), as one call: the disk is waited for once rather than twice. Where it
  // throws, the trial has ended or is held as before.
  virtual FinishedAndClaimed finish_and_claim(const Lease& lease, const Outcome& outcome,
                                              uint64_t trials, Sampler& sampler) = 0;
  // Puts the trial back, so that anyone may claim it; that counts as no lost worker.
  virtual void give_up(const Lease& lease) = 0;

  // All trials by number. Only what changed since the last call is read. The span is valid until
  // the next call of a member.
  virtual std::span<const Trial> trials() = 0;
  // The same as the last call of trials() or of a claim found them. Nothing is read.
  virtual std::span<const Trial> known_trials() const = 0;
  // All that is kept of each trial, by number.
  virtual std::vector<TrialRecord> records() = 0;

  // Notes hold what is known of the study as a whole, as JSON under a name. A note replaces an
  // earlier one of its name.
  virtual std::optional<nlohmann::ordered_json> note(std::string_view name) = 0;
  virtual void set_note(std::string_view name, const nlohmann::ordered_json& value) = 0;
  virtual std::vector<std::string> note_names() = 0;
  // "a.study: is damaged: notes, row NAME": how errors begin that tell of a note's value.
  std::string note_place(std::string_view name) const;
};

// The study as it is now.
StudyContents read_contents(TrialStore& store);

}  // namespace wattgrind
