// Studies in a PostgreSQL database: the tables of the schema `wattgrind`, which hold any number of
// studies, each by its name.
//
// Leases run by the database's clock alone: hosts' clocks need not agree. Workers take waiting
// trials past each other (SKIP LOCKED). Proposals are made one at a time, under a lock of the study
// that is let go before the disk is waited for.
//
// A call commits what it does at once, so that others see it, and before it returns waits for the
// disk, beside all others. As the server writes its log in order, whatever it built on is on the
// disk by then too. What a crash of the server takes back was nobody told of as stored.
//
// A connection that is lost comes back (search/study/postgres.h). Whoever did not hear whether a
// call was done asks for it again and learns so: a result is stored under its trial and lease once,
// and a trial that was claimed without an answer is claimed again.
//
// A trial whose worker has died on this host is taken over within seconds, on another one once its
// lease has run out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/study/postgres.h"
#include "search/study/trial_store.h"

namespace wattgrind {

class PostgresStore : public TrialStore {
 public:
  struct Options {
    double lease_s = 60;  // without a sign of life
    PostgresConnection::Notice notice;
  };

  // As the constructors of StudyFile. The URL names a study.
  PostgresStore(PostgresUrl url, const StudyDefinition& definition, IfThere if_there,
                Options options);
  PostgresStore(PostgresUrl url, Options options);

  // Makes a study with these contents, in one transaction. Throws StudyConflict where the database
  // has one of that name.
  static void make(PostgresUrl url, const StudyContents& contents);
  // Deletes the study with all its trials.
  static void remove(PostgresUrl url);
  // The names of all studies in the database.
  static std::vector<std::string> studies(PostgresUrl url);

  std::string place() const override { return connection_.url().text; }
  std::string title() const override { return connection_.url().study; }
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
  // The first of the two numbers of our advisory locks: "WgSt". The second is the study's number,
  // or 0 for the tables as a whole.
  static constexpr int64_t kLock = 0x57675374;

  PostgresStore(PostgresUrl url, Options options, std::string process);

  bool has_tables();
  void make_tables();
  bool find_study();
  bool make_study(const StudyDefinition& definition);
  void insert(const TrialRecord& record);
  void open_study();
  void open_definition();
  FinishedAndClaimed claim_next(int attempts, const PostgresStatement* end, uint64_t trials,
                                Sampler& sampler);
  PostgresStatement end_statement(const Lease& lease, const Outcome& outcome) const;
  bool was_stored(const Lease& lease);
  PostgresStatement take_statement(uint64_t trials) const;
  std::optional<ClaimedTrial> take_orphan();
  std::optional<ClaimedTrial> propose(uint64_t trials, Sampler& sampler, bool& exhausted);
  PostgresStatement changes_statement();
  void learn(PostgresRows& changes);
  void read_changes();
  void look_for_the_dead();
  void let_go(const Lease& lease);
  ClaimedTrial claimed(uint64_t number, int64_t token, uint64_t workers_lost);
  std::optional<ClaimedTrial> claimed_row(PostgresRows& row);
  PostgresValue study() const { return postgres_value(study_); }

  PostgresConnection connection_;
  Options options_;
  std::string process_;
  uint64_t study_ = 0;  // its number in the database
  StudyDefinition definition_;
  std::optional<Space> space_;        // there from construction on
  KnownTrials trials_;                // by number, as of the last reading
  std::vector<uint64_t> unfinished_;  // numbers of those of them that had not ended
  uint64_t read_over_ = 0;            // the connection that trials_ were read over
  std::map<uint64_t, int64_t> held_;  // tokens of leases by trial
  std::string dead_ = "{}";           // identities of processes of this host that ended, an array
  double looked_s_ = 0;               // when they were looked for
};

}  // namespace wattgrind
