#include "estimator/calibration/term.h"

#include <gtest/gtest.h>

#include <set>

namespace wattgrind {
namespace {

Machine machine_of(const std::vector<std::string>& levels) {
  Machine machine;
  for (const std::string& level : levels) machine.levels.emplace_back().name = level;
  return machine;
}

TEST(Term, LevelsGoByTheirNames) {
  const Machine machine = machine_of({"L1", "LLC"});
  EXPECT_EQ(name(level_term(machine, 0)), "L1");
  EXPECT_EQ(name(level_term(machine, 1)), "LLC");
}

TEST(Term, NoTwoTermsGoByOneWord) {
  const Machine machine = machine_of(
      {"operations", "DRAM", "time", "MACs", "latency cost", "level:time", "level:", "L1"});
  std::vector<Term> terms = {{TermKind::kOperations},
                             {TermKind::kDram},
                             {TermKind::kTime},
                             {TermKind::kMacs},
                             {TermKind::kLatencyCost}};
  for (size_t i = 0; i < machine.levels.size(); ++i) terms.push_back(level_term(machine, i));
  std::set<std::string> words;
  for (const Term& term : terms) words.insert(name(term));
  EXPECT_EQ(words.size(), terms.size());
  EXPECT_EQ(name(terms[2]), "time");
  EXPECT_EQ(name(level_term(machine, 2)), "level:time");
  EXPECT_EQ(name(level_term(machine, 5)), "level:level:time");
}

TEST(Term, ItsPlaceIsAmongTheFeaturesOfAModel) {
  const std::vector<Term> terms = {
      {TermKind::kOperations}, level_term(machine_of({"L1", "time"}), 1), {TermKind::kTime}};
  const std::vector<size_t> features = {1, 2};
  EXPECT_EQ(place_of({TermKind::kTime}, terms, features), 1u);
  EXPECT_EQ(place_of(terms[1], terms, features), 0u);
  EXPECT_FALSE(place_of({TermKind::kOperations}, terms, features));
  EXPECT_FALSE(place_of({TermKind::kLevel, 0, "L1"}, terms, features));
}

TEST(Term, TimeAloneHasNoPriceToMultiply) {
  EXPECT_TRUE(is_multiple({TermKind::kOperations}));
  EXPECT_TRUE(is_multiple({TermKind::kDram}));
  EXPECT_TRUE(is_multiple({TermKind::kLevel}));
  EXPECT_FALSE(is_multiple({TermKind::kTime}));
  EXPECT_FALSE(is_multiple({TermKind::kMacs}));
}

}  // namespace
}  // namespace wattgrind
