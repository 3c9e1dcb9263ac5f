#include "search/study/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <memory>
#include <thread>

#include "search/study/open_store.h"
#include "tests/error_text.h"
#include "tests/search/study/closed_form_study.h"
#include "tests/search/study/cutting_proxy.h"
#include "tests/search/study/postgres_server.h"
#include "tests/search/study/store_actions.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::Not;

class PostgresStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!postgres_programs()) GTEST_SKIP() << kNoPostgres;
    server_ = std::make_unique<PostgresServer>();
  }

  std::unique_ptr<PostgresStore> open_at(const std::string& url, double lease_s = 60) {
    return std::make_unique<PostgresStore>(
        parse_postgres_url(url), closed_form_definition(), IfThere::kResume,
        PostgresStore::Options{lease_s, [this](const std::string& line) { notices_ += line; }});
  }
  std::unique_ptr<PostgresStore> open() { return open_at(server_->url("bowl")); }
  // The error of opening the study of that URL.
  std::string refusal(const std::string& url, ErrorKind kind) {
    return error_text([&] { open_at(url); }, kind);
  }

  std::unique_ptr<PostgresServer> server_;
  std::string notices_;
};

TEST_F(PostgresStoreTest, GoesOnAfterTheServerCameBack) {
  const auto store = open();
  fill(*store, 3);
  const ClaimedTrial held = claim_one(*store);
  for (const int signal : {SIGINT, SIGQUIT}) {
    server_->stop(signal);
    const std::jthread worker([&] { store->renew(std::vector{held.lease}); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server_->start();
  }
  EXPECT_TRUE(store->finish(held.lease, bowl_outcome(held.configuration)));
  fill(*store, 2);
  EXPECT_EQ(store->trials().size(), 6u);
  for (const TrialRecord& record : store->records()) {
    EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
  }
  EXPECT_THAT(notices_, HasSubstr("; trying again for up to 10 min"));
  EXPECT_THAT(notices_, HasSubstr("/postgres?study=bowl: connected again"));
}

// A server that crashes loses what it had not written yet, and no call has returned by then.
TEST_F(PostgresStoreTest, LosesNothingInACrashThatItToldAsStored) {
  const auto store = open();
  const auto sampler = closed_form_sampler(*store, SamplerKind::kRandom);
  ClaimedTrial claimed = claim_one(*store);
  for (int crash = 0; crash < 3; ++crash) {
    const Outcome outcome = bowl_outcome(claimed.configuration);
    FinishedAndClaimed done = store->finish_and_claim(claimed.lease, outcome, 100, *sampler);
    server_->stop(SIGQUIT);
    server_->start();
    const std::vector<TrialRecord> records = store->records();
    ASSERT_TRUE(done.stored);
    EXPECT_EQ(records.at(claimed.lease.trial).trial.values, outcome.values);
    claimed = std::get<ClaimedTrial>(std::move(done.next));
    EXPECT_EQ(records.at(claimed.lease.trial).trial.configuration, claimed.configuration);
  }
}

// An answer that is lost at any byte: what was asked is done once, and whoever asked knows.
TEST_F(PostgresStoreTest, DoesOnceWhatIsAskedTwice) {
  CuttingProxy proxy(server_->port());
  const auto store =
      open_at(fmt::format("postgresql://watt@127.0.0.1:{}/postgres?study=bowl", proxy.port()));
  fill(*store, 1);
  uint64_t trials = 1;
  for (int64_t bytes = 0; bytes < 400; bytes += 40) {
    proxy.drop_answers_after(bytes);
    const ClaimedTrial claimed = claim_one(*store, 1000);
    proxy.drop_answers_after(-1);
    EXPECT_EQ(claimed.lease.trial, trials++) << "cut after " << bytes << " bytes";
    proxy.drop_answers_after(bytes / 10);
    EXPECT_TRUE(store->finish(claimed.lease, bowl_outcome(claimed.configuration)));
    proxy.drop_answers_after(-1);
    EXPECT_FALSE(store->finish(claimed.lease, bowl_outcome(claimed.configuration)));
  }
  const auto sampler = closed_form_sampler(*store, SamplerKind::kRandom);
  ClaimedTrial claimed = claim_one(*store, 1000);
  for (int64_t bytes = 0; bytes < 800; bytes += 40) {
    proxy.drop_answers_after(bytes);
    FinishedAndClaimed done =
        store->finish_and_claim(claimed.lease, bowl_outcome(claimed.configuration), 1000, *sampler);
    proxy.drop_answers_after(-1);
    EXPECT_TRUE(done.stored) << "cut after " << bytes << " bytes";
    claimed = std::get<ClaimedTrial>(std::move(done.next));
    EXPECT_EQ(claimed.lease.trial, ++trials) << "cut after " << bytes << " bytes";
  }
  EXPECT_TRUE(store->finish(claimed.lease, bowl_outcome(claimed.configuration)));
  ++trials;
  EXPECT_GT(proxy.cuts(), 25u);
  const std::vector<TrialRecord> records = store->records();
  ASSERT_EQ(records.size(), trials);
  for (const TrialRecord& record : records) {
    EXPECT_EQ(record.trial.state, TrialState::kComplete);
    EXPECT_EQ(record.trial.values, std::vector{bowl(record.trial.configuration)});
  }
}

// Leases run by the database's clock, so that a host's may be off: here the database's is, by an
// hour, and trials are held by it all the same.
TEST_F(PostgresStoreTest, KeepsTheTimeOfTheDatabase) {
  const auto store = open();
  fill(*store, 1);
  const TrialRecord record = store->records()[0];
  const double now = std::stod(server_->run("SELECT extract(epoch FROM clock_timestamp())"));
  EXPECT_NEAR(record.started_unix_s, now, 10);
  server_->run(
      "CREATE SCHEMA fast; CREATE FUNCTION fast.clock_timestamp() RETURNS timestamptz "
      "LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$; "
      "ALTER ROLE watt SET search_path = fast, pg_catalog, public");
  const auto hour_later = open();
  const ClaimedTrial claimed = claim_one(*hour_later);
  EXPECT_NEAR(hour_later->records()[1].started_unix_s, now + 3600, 10);
  EXPECT_FALSE(hour_later->records()[1].waiting);
}

TEST_F(PostgresStoreTest, TellsWhyItCannotConnect) {
  const std::string url = server_->url("bowl");
  EXPECT_THAT(refusal("postgresql://watt@127.0.0.1:1/postgres?study=bowl", ErrorKind::kMissing),
              HasSubstr("no PostgreSQL server answers there: start it, or mend HOST and PORT"));
  EXPECT_THAT(refusal(server_->url("bowl", "watt", "none"), ErrorKind::kInput),
              HasSubstr("database \"none\" does not exist: make it with createdb"));
  EXPECT_THAT(refusal(server_->url("bowl", "nobody"), ErrorKind::kInput),
              HasSubstr("role \"nobody\" does not exist: make it with createuser"));
  EXPECT_THAT(refusal(url + "&sslmode=require", ErrorKind::kMissing),
              HasSubstr("TLS is not set up as the URL's sslmode wants it"));
  EXPECT_THAT(refusal(url + "&sslmode=nonsense", ErrorKind::kInput),
              HasSubstr("invalid sslmode value: \"nonsense\": wanted another in the URL"));
  server_->let_in_by("hostssl all all 127.0.0.1/32 trust");
  EXPECT_THAT(refusal(url, ErrorKind::kMissing),
              HasSubstr("the server wants TLS, or does not let this host in: add sslmode=require"));
}

TEST_F(PostgresStoreTest, NeverShowsAPassword) {
  server_->run("CREATE ROLE ada LOGIN PASSWORD 'right'; GRANT CREATE ON DATABASE postgres TO ada");
  server_->let_in_by("host all all 127.0.0.1/32 scram-sha-256");
  const std::string url = server_->url("bowl", "ada");
  setenv("PGPASSFILE", "/nonexistent", 1);
  const std::string none = refusal(url, ErrorKind::kMissing);
  EXPECT_THAT(none, HasSubstr("wanted the user's password in the environment variable PGPASSWORD"));
  setenv("PGPASSWORD", "wr0ng!", 1);
  const std::string wrong = refusal(url, ErrorKind::kMissing);
  EXPECT_THAT(wrong, HasSubstr("password authentication failed for user \"ada\""));
  EXPECT_THAT(wrong, Not(HasSubstr("wr0ng!")));
  setenv("PGPASSWORD", "right", 1);
  fill(*open_at(url), 1);
  unsetenv("PGPASSWORD");
  unsetenv("PGPASSFILE");
  for (const std::string given :
       {"postgresql://ada:s3cret@127.0.0.1/db?study=a", "postgresql://ada:s3@cret@h/db?study=a",
        "postgresql://ada:s3/cret@h/db", "postgresql://h/db?study=a&password=s3cret",
        "postgres://ada:s3?cret@h/db", "postgresql://h/db?study=&password=s3cret",
        "postgresql://h/db?study=a&password=s3cret&nonsense=1"}) {
    const std::string error = refusal(given, ErrorKind::kUsage);
    EXPECT_THAT(error, HasSubstr("found a password in it"));
    EXPECT_THAT(error, Not(HasSubstr("s3"))) << given;
    EXPECT_THAT(error, Not(HasSubstr("cret"))) << given;
  }
}

TEST_F(PostgresStoreTest, TellsMissingRights) {
  server_->run("CREATE ROLE ada LOGIN; CREATE ROLE eve LOGIN");
  EXPECT_THAT(refusal(server_->url("bowl", "ada"), ErrorKind::kMissing),
              HasSubstr("GRANT CREATE ON DATABASE postgres TO ada"));
  server_->run("GRANT CREATE ON DATABASE postgres TO ada");
  fill(*open_at(server_->url("bowl", "ada")), 1);
  EXPECT_THAT(refusal(server_->url("bowl", "eve"), ErrorKind::kMissing),
              HasSubstr("permission denied for schema wattgrind: wanted a user who may change the "
                        "schema wattgrind, which another made: work as that one, or have them "
                        "GRANT their role TO eve"));
  server_->run("GRANT ada TO eve");
  EXPECT_EQ(open_at(server_->url("bowl", "eve"))->trials().size(), 1u);
  server_->run("ALTER ROLE ada SET default_transaction_read_only = on");
  const auto reader = open_at(server_->url("bowl", "ada"));
  EXPECT_EQ(reader->trials().size(), 1u);
  EXPECT_THAT(error_text([&] { claim_one(*reader); }, ErrorKind::kMissing),
              HasSubstr("wanted a server that may be written, no standby"));
}

TEST_F(PostgresStoreTest, TellsTablesOfAnotherVersion) {
  open();
  server_->run("UPDATE wattgrind.version SET version = 2");
  EXPECT_THAT(refusal(server_->url("bowl"), ErrorKind::kInput),
              HasSubstr("found studies of version 2 in the schema wattgrind, wanted 1"));
  server_->run("DELETE FROM wattgrind.version");
  EXPECT_THAT(refusal(server_->url("bowl"), ErrorKind::kInput),
              HasSubstr("found studies of version 0 in the schema wattgrind, wanted 1"));
  server_->run("DROP TABLE wattgrind.version");
  EXPECT_THAT(refusal(server_->url("bowl"), ErrorKind::kInput),
              HasSubstr("is damaged (relation \"wattgrind.version\" does not exist)"));
}

TEST_F(PostgresStoreTest, TellsRowsThatAreDamaged) {
  fill(*open(), 3);
  const auto error_after = [this](const std::string& sql) {
    server_->run(sql);
    return error_text([this] { open()->trials(); });
  };
  EXPECT_THAT(error_after("UPDATE wattgrind.trials SET violation = 'NaN' WHERE number = 1"),
              HasSubstr("bowl: is damaged: trials, row 1: violation: found nan, wanted a number"));
  EXPECT_THAT(error_after("UPDATE wattgrind.trials SET violation = NULL, configuration = '{' "
                          "WHERE number = 1"),
              HasSubstr("trials, row 1: configuration:1:2: syntax error"));
  EXPECT_THAT(error_after("UPDATE wattgrind.trials SET state = 'odd' WHERE number = 1"),
              HasSubstr("trials, row 1: state: found \"odd\""));
  EXPECT_THAT(error_after("DELETE FROM wattgrind.trials WHERE number = 1"),
              HasSubstr("trials, row 2: found behind 1 trials, wanted row 1 there"));
}

TEST_F(PostgresStoreTest, KeepsManyStudiesInOneDatabase) {
  const std::string database = server_->url("");
  EXPECT_TRUE(is_database(database));
  EXPECT_TRUE(stores_of_database(database).empty());
  for (const std::string name : {"b", "a%20%26%3F", "c'"}) open_at(server_->url(name));
  const std::vector<std::string> stores = stores_of_database(database);
  EXPECT_THAT(stores, testing::ElementsAre(HasSubstr("?study=a%20%26%3F"), HasSubstr("?study=b"),
                                           HasSubstr("?study=c%27")));
  EXPECT_EQ(open_store(stores[0])->title(), "a &?");
  EXPECT_THAT(error_text([&] { open_store(server_->url("d")); }),
              HasSubstr("the database has no study of that name"));
}

TEST_F(PostgresStoreTest, LearnsThatTheStudyWasDeleted) {
  const auto store = open();
  const ClaimedTrial held = claim_one(*store);
  PostgresStore::remove(parse_postgres_url(server_->url("bowl")));
  EXPECT_FALSE(store->finish(held.lease, bowl_outcome(held.configuration)));
  EXPECT_THAT(error_text([&] { claim_one(*store); }), HasSubstr("the study was deleted meanwhile"));
}

TEST(PostgresUrlTest, SplitsOffTheStudy) {
  const PostgresUrl url = parse_postgres_url("postgresql://u@h:7/d?sslmode=require&study=a%2Fb");
  EXPECT_EQ(url.study, "a/b");
  EXPECT_EQ(url.database, "postgresql://u@h:7/d?sslmode=require");
  EXPECT_EQ(url.of_study("x y"), "postgresql://u@h:7/d?sslmode=require&study=x%20y");
  using Parameter = std::pair<std::string, std::string>;
  EXPECT_THAT(
      url.parameters,
      testing::IsSupersetOf({Parameter("user", "u"), Parameter("host", "h"), Parameter("port", "7"),
                             Parameter("dbname", "d"), Parameter("sslmode", "require")}));
  for (const char* wrong :
       {"postgresql://h/d?study=", "postgresql://h/d?study=%zz", "postgresql://h/d?study=a&study=b",
        "postgresql://h/d?stdy=a", "postgresql://[h/d", "postgresql://h/d?study=%00"}) {
    EXPECT_THAT(error_text([&] { parse_postgres_url(wrong); }, ErrorKind::kUsage),
                HasSubstr("wanted"))
        << wrong;
  }
}

}  // namespace
}  // namespace wattgrind
