// What both engines promise (search/study/trial_store.h).
#include "search/study/trial_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <thread>

#include "search/candidates/study_summary.h"
#include "search/study/open_store.h"
#include "search/study/postgres_store.h"
#include "search/study/study_file.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/postgres_server.h"
#include "tests/search/study/store_actions.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

// An engine, and the clock by which its leases run out.
class StoreEngine {
 public:
  virtual ~StoreEngine() = default;
  virtual std::string place(const std::string& name) = 0;
  virtual std::unique_ptr<TrialStore> open(const std::string& name,
                                           const StudyDefinition& definition, IfThere if_there,
                                           double lease_s) = 0;
  virtual void advance(double seconds) = 0;
};

class FileEngine : public StoreEngine {
 public:
  std::string place(const std::string& name) override { return folder_.path() / name; }
  std::unique_ptr<TrialStore> open(const std::string& name, const StudyDefinition& definition,
                                   IfThere if_there, double lease_s) override {
    return std::make_unique<StudyFile>(place(name), definition, if_there,
                                       StudyFile::Options{&clock_, lease_s});
  }
  void advance(double seconds) override { clock_.advance(seconds); }

 private:
  TemporaryFolder folder_;
  FakeClock clock_;
};

class PostgresEngine : public StoreEngine {
 public:
  PostgresEngine() : database_(fmt::format("contract{}", ++engines)) {
    shared_postgres().run("CREATE DATABASE " + database_);
  }
  std::string place(const std::string& name) override {
    return shared_postgres().url(name, "watt", database_);
  }
  std::unique_ptr<TrialStore> open(const std::string& name, const StudyDefinition& definition,
                                   IfThere if_there, double lease_s) override {
    return std::make_unique<PostgresStore>(parse_postgres_url(place(name)), definition, if_there,
                                           PostgresStore::Options{.lease_s = lease_s});
  }
  // The database's clock cannot be set, so everything becomes older.
  void advance(double seconds) override {
    shared_postgres().run(
        fmt::format("UPDATE wattgrind.trials SET renewed_unix_s = renewed_unix_s - {0}, "
                    "started_unix_s = started_unix_s - {0}, ended_unix_s = ended_unix_s - {0}",
                    seconds),
        database_);
  }

 private:
  static inline int engines = 0;
  std::string database_;
};

class TrialStoreContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("file")) {
      engine_ = std::make_unique<FileEngine>();
    } else if (postgres_programs()) {
      engine_ = std::make_unique<PostgresEngine>();
    } else {
      GTEST_SKIP() << kNoPostgres;
    }
  }

  std::unique_ptr<TrialStore> open(const StudyDefinition& definition = closed_form_definition(),
                                   IfThere if_there = IfThere::kResume, double lease_s = 60) {
    return engine_->open("bowl", definition, if_there, lease_s);
  }
  std::unique_ptr<TrialStore> read() { return open_store(engine_->place("bowl")); }

  std::unique_ptr<StoreEngine> engine_;
};

TEST_P(TrialStoreContract, KeepsEveryKindOfOutcome) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Outcome> outcomes = {
      {TrialState::kComplete, {0.1, -1e300}, std::nullopt, {{"score", 0.5}}},
      {TrialState::kComplete, {nan}, std::nullopt, {}},
      {TrialState::kFailed, {}, std::nullopt, {{"why", "\xff no UTF-8"}}},
      {TrialState::kInfeasible, {}, 2.5, {}},
      {TrialState::kPruned, {1.0 / 3}, std::nullopt, {}},
      {TrialState::kComplete, {1, 2}, std::nullopt, {}, {0.25, 1.0 / 3}},
      {TrialState::kPaused, {1}, std::nullopt, {}, {}, {3, 1}}};
  {
    const auto store = open();
    for (const Outcome& outcome : outcomes) {
      ASSERT_TRUE(store->finish(claim_one(*store).lease, outcome));
      engine_->advance(10);
    }
  }
  const auto store = read();
  const std::vector<TrialRecord> records = store->records();
  ASSERT_EQ(records.size(), outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(records[i].trial.number, i);
    EXPECT_EQ(records[i].trial.state, outcomes[i].state);
    EXPECT_EQ(records[i].trial.violation, outcomes[i].violation);
    EXPECT_EQ(store->trials()[i].configuration, records[i].trial.configuration);
    if (i != 1) {
      EXPECT_EQ(records[i].trial.values, outcomes[i].values);
    }
    EXPECT_EQ(records[i].trial.variances, outcomes[i].variances);
    EXPECT_EQ(store->trials()[i].variances, outcomes[i].variances);
    EXPECT_EQ(store->trials()[i].curve, outcomes[i].curve);
    EXPECT_NEAR(records[i].ended_unix_s.value(),
                records[0].started_unix_s + 10 * static_cast<double>(i), 5);
  }
  EXPECT_FALSE(has_value(records[1].trial));
  EXPECT_EQ(records[0].result, outcomes[0].result);
}

TEST_P(TrialStoreContract, KnowsTrialsInFlight) {
  const auto store = open();
  claim_one(*store);
  const auto reader = read();
  ASSERT_EQ(reader->trials().size(), 1u);
  EXPECT_EQ(reader->trials()[0].state, TrialState::kRunning);
  EXPECT_FALSE(reader->records()[0].ended_unix_s);
}

TEST_P(TrialStoreContract, TellsWhatWaitsFromWhatIsWorkedOn) {
  const auto store = open();
  const auto words = [&store] {
    std::vector<std::string> found;
    for (const TrialRecord& record : store->records()) {
      found.emplace_back(trial_state_word(record));
    }
    return found;
  };
  fill(*store, 1);
  const ClaimedTrial kept = claim_one(*store), dropped = claim_one(*store);
  EXPECT_EQ(in_child([this] { claim_one(*open()); }), "done");
  using Words = std::vector<std::string>;
  EXPECT_EQ(words(), (Words{"complete", "running", "running", "waiting"})) << "its process ended";
  store->give_up(dropped.lease);
  EXPECT_EQ(words(), (Words{"complete", "running", "waiting", "waiting"})) << "given up";
  engine_->advance(61);
  EXPECT_EQ(words(), (Words{"complete", "waiting", "waiting", "waiting"})) << "no sign of life";
  store->renew(std::span(&kept.lease, 1));
  EXPECT_EQ(words()[1], "running");
  EXPECT_EQ(count_states(store->records()), "1 complete, 1 running, 2 waiting");
}

TEST_P(TrialStoreContract, ReadsOnWhatOthersDid) {
  const auto first = open(), second = open();
  fill(*first, 3);
  EXPECT_EQ(second->trials().size(), 3u);
  const ClaimedTrial claimed = claim_one(*first);
  fill(*second, 2);
  EXPECT_EQ(second->trials()[3].state, TrialState::kRunning);
  ASSERT_TRUE(first->finish(claimed.lease, bowl_outcome(claimed.configuration)));
  ASSERT_EQ(second->trials().size(), 6u);
  EXPECT_EQ(second->trials()[3].state, TrialState::kComplete);
  EXPECT_EQ(second->trials()[3].values, std::vector{bowl(claimed.configuration)});
}

TEST_P(TrialStoreContract, GivesUpWithoutLosingTheNumber) {
  const auto store = open();
  fill(*store, 2);
  const ClaimedTrial given_up = claim_one(*store);
  store->give_up(given_up.lease);
  const ClaimedTrial again = claim_one(*store);
  EXPECT_EQ(again.lease.trial, 2u);
  EXPECT_EQ(again.configuration, given_up.configuration);
  EXPECT_EQ(again.history.size(), 2u);
  EXPECT_EQ(again.workers_lost, 0u);
  EXPECT_NE(again.lease, given_up.lease);
}

TEST_P(TrialStoreContract, TakesOverALeaseThatRanOut) {
  const auto slow = open(), other = open();
  const ClaimedTrial lost = claim_one(*slow);
  engine_->advance(50);
  slow->renew(std::vector{lost.lease});
  engine_->advance(50);
  EXPECT_EQ(claim_one(*other).lease.trial, 1u) << "50 s since the last sign of life";
  engine_->advance(11);
  const ClaimedTrial taken = claim_one(*other);
  EXPECT_EQ(taken.lease.trial, 0u);
  EXPECT_EQ(taken.configuration, lost.configuration);
  EXPECT_EQ(taken.workers_lost, 1u);
  EXPECT_FALSE(slow->finish(lost.lease, {TrialState::kFailed, {}, std::nullopt, {}}));
  slow->give_up(lost.lease);
  slow->renew(std::vector{lost.lease});
  EXPECT_EQ(claim_one(*other).lease.trial, 2u) << "trial 0 is with another still";
  EXPECT_TRUE(other->finish(taken.lease, bowl_outcome(taken.configuration)));
  EXPECT_FALSE(other->finish(taken.lease, bowl_outcome(taken.configuration))) << "counted twice";
  EXPECT_EQ(slow->trials()[0].state, TrialState::kComplete);
}

TEST_P(TrialStoreContract, FinishesATrialAndClaimsTheNext) {
  const auto store = open(), other = open();
  const auto sampler = closed_form_sampler(*store, SamplerKind::kRandom);
  const ClaimedTrial first = claim_one(*store), dropped = claim_one(*store);
  const Outcome outcome = bowl_outcome(first.configuration);
  FinishedAndClaimed done = store->finish_and_claim(first.lease, outcome, 4, *sampler);
  EXPECT_TRUE(done.stored);
  const auto third = std::get<ClaimedTrial>(std::move(done.next));
  EXPECT_EQ(third.lease.trial, 2u);
  ASSERT_EQ(third.history.size(), 2u);
  EXPECT_EQ(third.history.begin()->state, TrialState::kComplete) << "it knows the one before it";
  EXPECT_EQ(third.history.begin()->values, outcome.values);
  EXPECT_EQ(store->known_trials()[0].values, outcome.values);
  EXPECT_EQ(other->trials()[0].values, outcome.values);

  other->give_up(dropped.lease);
  done = store->finish_and_claim(third.lease, bowl_outcome(third.configuration), 4, *sampler);
  const auto second = std::get<ClaimedTrial>(std::move(done.next));
  EXPECT_EQ(second.lease.trial, 1u) << "what waits comes first";
  EXPECT_EQ(third.history.begin()[1].state, TrialState::kRunning) << "as it was then";
  EXPECT_EQ(second.configuration, dropped.configuration);

  engine_->advance(61);
  const ClaimedTrial taken = claim_one(*other);
  EXPECT_EQ(taken.lease.trial, 1u);
  done = store->finish_and_claim(second.lease, bowl_outcome(second.configuration), 4, *sampler);
  EXPECT_FALSE(done.stored) << "its lease is another's";
  const auto fourth = std::get<ClaimedTrial>(std::move(done.next));
  EXPECT_EQ(fourth.lease.trial, 3u);
  EXPECT_EQ(other->trials()[1].state, TrialState::kRunning);
  done = store->finish_and_claim(fourth.lease, bowl_outcome(fourth.configuration), 4, *sampler);
  EXPECT_TRUE(done.stored) << "though nothing is left to claim";
  EXPECT_EQ(std::get<NothingToClaim>(done.next).in_flight, 1u);
  EXPECT_EQ(read()->trials()[3].values, std::vector{bowl(fourth.configuration)});
}

TEST_P(TrialStoreContract, KeepsTheResultOfALateWorkerNobodyReplaced) {
  const auto store = open();
  const ClaimedTrial late = claim_one(*store);
  engine_->advance(1000);
  EXPECT_TRUE(store->finish(late.lease, bowl_outcome(late.configuration)));
}

TEST_P(TrialStoreContract, TakesOverFromADeadProcessAtOnce) {
  EXPECT_EQ(in_child([this] {
              const auto store = open();
              claim_one(*store);
              raise(SIGKILL);
            }),
            "");
  const auto store = open();
  const ClaimedTrial taken = claim_one(*store);
  EXPECT_EQ(taken.lease.trial, 0u);
  EXPECT_EQ(taken.workers_lost, 1u);
}

TEST_P(TrialStoreContract, SaysWhatIsLeftToWaitFor) {
  const auto store = open();
  claim_one(*store, 2);
  fill(*store, 1);
  const auto sampler = closed_form_sampler(*store);
  const auto nothing = std::get<NothingToClaim>(store->claim(2, *sampler));
  EXPECT_EQ(nothing.in_flight, 1u);
  EXPECT_FALSE(nothing.exhausted);
}

TEST_P(TrialStoreContract, SaysWhenTheSamplerIsAtItsEnd) {
  StudyDefinition definition = closed_form_definition();
  definition.config["space"] = nlohmann::ordered_json::parse(R"({"x": {"int": [0, 1]}})");
  const auto store = open(definition);
  const auto sampler = closed_form_sampler(*store);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(std::holds_alternative<ClaimedTrial>(store->claim(5, *sampler)));
  }
  const auto nothing = std::get<NothingToClaim>(store->claim(5, *sampler));
  EXPECT_TRUE(nothing.exhausted);
  EXPECT_EQ(nothing.in_flight, 2u);
}

// Many workers at once: every number once, no configuration twice.
TEST_P(TrialStoreContract, ProposesNothingTwiceToWorkersSideBySide) {
  constexpr uint64_t kTrials = 60;
  open();
  std::vector<std::jthread> workers;
  for (int i = 0; i < 6; ++i) {
    workers.emplace_back([this] {
      const auto store = open();
      const auto sampler = closed_form_sampler(*store);
      while (true) {
        Claim claim = store->claim(kTrials, *sampler);
        const auto* claimed = std::get_if<ClaimedTrial>(&claim);
        if (claimed == nullptr) return;
        store->finish(claimed->lease, bowl_outcome(claimed->configuration));
      }
    });
  }
  workers.clear();
  const auto store = read();
  const std::vector<std::string> all = configurations(*store);
  EXPECT_EQ(all.size(), kTrials);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), kTrials);
  for (const TrialRecord& record : store->records()) {
    EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
  }
}

TEST_P(TrialStoreContract, RefusesAStudyThatIsThere) {
  fill(*open(), 3);
  const auto refused = [this] { open(closed_form_definition(), IfThere::kRefuse); };
  EXPECT_THAT(error_text(refused, ErrorKind::kUsage),
              HasSubstr("bowl: holds a study with 3 trials, wanted leave to go on with it or "
                        "another study"));
  try {
    refused();
  } catch (const StudyConflict& conflict) {
    EXPECT_EQ(conflict.reason(), StudyConflict::Reason::kMayNotResume);
    EXPECT_EQ(conflict.found(), engine_->place("bowl") + ": holds a study with 3 trials");
  }
}

TEST_P(TrialStoreContract, RefusesAnotherDefinition) {
  open();
  EXPECT_THAT(error_text([this] { open(closed_form_definition(2)); }),
              HasSubstr("bowl: holds a study with seed 1, found 2 now, wanted the same or "
                        "another study"));
  StudyDefinition changed = closed_form_definition();
  changed.config["objective"]["alpha"] = 0.6;
  EXPECT_THAT(error_text([&] { open(changed); }),
              HasSubstr("holds a study with objective.alpha 0.5, found 0.6 now"));
  changed = closed_form_definition();
  changed.config["objective"]["beta"] = 0.1;
  EXPECT_THAT(error_text([&] { open(changed); }),
              HasSubstr("with objective.beta nothing, found 0.1 now"));
  changed = closed_form_definition();
  changed.config["space"] =
      nlohmann::ordered_json::parse(R"({"y": {"float": [-1, 1]}, "x": {"int": [0, 999]}})");
  EXPECT_THAT(error_text([&] { open(changed); }), HasSubstr("with space {\"x\":"));
  changed.config = nlohmann::ordered_json::parse(
      R"({"objective": {"alpha": 0.5},
          "space": {"x": {"int": [0, 999]}, "y": {"float": [-1, 1]}}})");
  open(changed);
}

TEST_P(TrialStoreContract, KeepsNotes) {
  const auto store = open();
  EXPECT_FALSE(store->note("winner"));
  store->set_note("winner", {{"trial", 3}});
  store->set_note("winner", {{"trial", 4}});
  EXPECT_EQ(read()->note("winner"), nlohmann::ordered_json({{"trial", 4}}));
  EXPECT_EQ(read()->note_names(), (std::vector<std::string>{"definition", "winner"}));
}

TEST_P(TrialStoreContract, MakesAStudyOfAnothersContents) {
  const auto store = open();
  fill(*store, 3);
  claim_one(*store);
  ASSERT_TRUE(
      store->finish(claim_one(*store).lease, {TrialState::kFailed, {7}, 2.5, {{"a", 1}}, {0.5}}));
  store->set_note("winner", {{"trial", 1}});
  const StudyContents contents = read_contents(*store);
  const std::string place = engine_->place("copy");
  make_store(place, contents);
  const auto copy = open_store(place);
  EXPECT_EQ(copy->definition().config, store->definition().config);
  EXPECT_EQ(copy->note("winner"), nlohmann::ordered_json({{"trial", 1}}));
  const auto copied = copy->records(), records = store->records();
  ASSERT_EQ(copied.size(), 5u);
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(copied[i].trial.configuration, records[i].trial.configuration);
    EXPECT_EQ(copied[i].trial.state, records[i].trial.state);
    EXPECT_EQ(copied[i].trial.values, records[i].trial.values);
    EXPECT_EQ(copied[i].trial.variances, records[i].trial.variances);
    EXPECT_EQ(copied[i].trial.violation, records[i].trial.violation);
    EXPECT_EQ(copied[i].result, records[i].result);
    EXPECT_EQ(copied[i].ended_unix_s, records[i].ended_unix_s);
  }
  EXPECT_TRUE(copied[3].waiting) << "whoever worked on it works on the original";
  EXPECT_EQ(claim_one(*copy).lease.trial, 3u);
  EXPECT_EQ(claim_one(*copy).lease.trial, 5u);
  EXPECT_THAT(error_text([&] { make_store(place, contents); }, ErrorKind::kUsage),
              HasSubstr("copy: holds a study already"));
}

TEST_P(TrialStoreContract, DeletesAStudyThatNobodyWorksOn) {
  const std::string place = engine_->place("bowl");
  auto store = open_store(place, closed_form_definition(), IfThere::kResume);  // the system's clock
  const ClaimedTrial held = claim_one(*store);
  EXPECT_THAT(error_text([&] { remove_store(place); }, ErrorKind::kFailed),
              HasSubstr("bowl: workers hold 1 of its trials"));
  store->give_up(held.lease);
  store.reset();
  remove_store(place);
  EXPECT_THAT(error_text([&] { open_store(place); }), HasSubstr("bowl"));
  EXPECT_EQ(open()->trials().size(), 0u) << "a new one of the name";
}

INSTANTIATE_TEST_SUITE_P(Engines, TrialStoreContract, testing::Values("file", "postgres"),
                         [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace wattgrind
