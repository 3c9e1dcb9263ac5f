#include "cachesim/cachegrind/cachegrind_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "estimator/base/error.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string read_data(const std::string& name) {
  std::ifstream file(source_path("tests/data/cachegrind/") + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

CachegrindOutput parse(std::string_view text) { return parse_cachegrind_output(text, "cg.out"); }

std::string error_of(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    return error.what();
  }
  return "no error";
}

const CachegrindFunction& function(const CachegrindOutput& output, const std::string& name) {
  for (const CachegrindFunction& candidate : output.functions) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error(name + " is not there");
}

const std::string kEvents = "events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw\n";

TEST(CachegrindOutput, ReadsWhatValgrind319Writes) {
  const CachegrindOutput output = parse(read_data("two_layers.out"));
  EXPECT_THAT(output.descriptions,
              ElementsAre("I1 cache:         32768 B, 64 B, 8-way associative",
                          "D1 cache:         32768 B, 64 B, 8-way associative",
                          "LL cache:         262144 B, 64 B, 8-way associative"));
  EXPECT_EQ(output.command, "./workload");
  ASSERT_EQ(output.functions.size(), 4U);
  EXPECT_EQ(output.functions[0].name, "(below main)");
  EXPECT_THAT(function(output, "layer_strided").counts.values,
              ElementsAre(36868, 0, 0, 4097, 4097, 4097, 4096, 256, 256));
  EXPECT_EQ(output.summary[CachegrindEvent::kIr], 57367U);
  EXPECT_EQ(output.summary[CachegrindEvent::kDLmw], 257U);
}

TEST(CachegrindOutput, AddsUpTheLinesAndFilesOfAFunction) {
  const CachegrindOutput plain = parse(read_data("two_layers.out"));
  const CachegrindOutput by_line = parse(read_data("debug_information.out"));
  ASSERT_EQ(by_line.functions.size(), plain.functions.size());
  for (const CachegrindFunction& expected : plain.functions) {
    EXPECT_EQ(function(by_line, expected.name).counts, expected.counts) << expected.name;
  }
}

// Valgrind 3.21 and later describe the run in other words, and its documentation allows comments,
// empty lines and spaces at the end; the records are the same.
TEST(CachegrindOutput, ReadsWhatLaterValgrindsMayWrite) {
  const CachegrindOutput output = parse(
      "# a comment\n"
      "desc: I1 cache:         32768 B, 64 B, 8-way associative\n"
      "desc: Option: --cache-sim=yes\n"
      "cmd: ./x --y\n" +
      kEvents +
      "\nfl=a.c\nfi=b.c\nfe=a.c\nfn=operator()(int, fl=3)\n"
      "12   1 2 3   4 5 6  7 8 9  \n\n"
      "fn=other\n13 1\n14 . . . 5\n15\n"
      "summary: 2 2 3 9 5 6 7 8 9 \n");
  EXPECT_EQ(output.command, "./x --y");
  EXPECT_THAT(function(output, "operator()(int, fl=3)").counts.values,
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(function(output, "other").counts.values, ElementsAre(1, 0, 0, 5, 0, 0, 0, 0, 0));
}

TEST(CachegrindOutput, ReadsTheOrderOfEvents) {
  const CachegrindOutput output = parse(
      "events: DLmw D1mw Dw Bc DLmr D1mr Dr ILmr I1mr Ir\n"
      "fn=f\n1 1 2 3 99 4 5 6 7 8 9\n"
      "summary: 1 2 3 99 4 5 6 7 8 9\n");
  EXPECT_THAT(output.functions.at(0).counts.values, ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
}

TEST(CachegrindOutput, SaysThatCacheSimulationWasOff) {
  EXPECT_EQ(error_of("events: Ir\nfn=f\n1 1\nsummary: 1\n"),
            "cg.out:1: event I1mr is missing: run cachegrind with --cache-sim=yes");
}

TEST(CachegrindOutput, RefusesEveryTruncation) {
  for (const char* const name : {"two_layers.out", "debug_information.out"}) {
    const std::string text = read_data(name);
    for (size_t length = 0; length < text.size(); ++length) {
      EXPECT_THAT(error_of(std::string_view(text).substr(0, length)), HasSubstr("is the disk full"))
          << name << " " << length;
    }
  }
}

TEST(CachegrindOutput, RefusesWhatDoesNotAddUp) {
  EXPECT_EQ(error_of(kEvents + "fn=f\n1 1 0 0 5\nsummary: 1 0 0 6\n"),
            "cg.out: the functions add up to 5 Dr, the summary says 6: the file is damaged");
}

TEST(CachegrindOutput, RefusesOverflow) {
  EXPECT_EQ(error_of(kEvents + "fn=f\n1 18446744073709551616\nsummary: 1\n"),
            "cg.out:3: found \"1 18446744073709551616\" in cachegrind's output, wanted numbers of "
            "at most 64 bits");
  const std::string largest = "1 18446744073709551615\n";
  EXPECT_EQ(error_of(kEvents + "fn=f\n" + largest + "2 1\nsummary: 1\n"),
            "cg.out:4: the sum of the counts exceeds 64 bits");
  EXPECT_THAT(error_of(kEvents + "fn=f\n" + largest + "fn=g\n" + largest + "summary: 1\n"),
              HasSubstr("exceeds 64 bits"));
}

TEST(CachegrindOutput, NamesTheLineThatIsMalformed) {
  const auto expect = [](const std::string& text, const std::string& line,
                         const std::string& wanted) {
    EXPECT_THAT(error_of(text), testing::StartsWith(line)) << text;
    EXPECT_THAT(error_of(text), HasSubstr(wanted)) << text;
  };
  expect("garbage\n", "cg.out:1:", "a record of counts");
  expect(std::string("\0\xff\n", 3), "cg.out:1: found \"??\"", "a record of counts");
  expect("fn=f\n1 2\n", "cg.out:2:", "\"events:\" before");
  expect("summary: 1\n", "cg.out:1:", "\"events:\" before");
  expect(kEvents + "1 2\n", "cg.out:2:", "\"fn=\" before");
  expect(kEvents + "fn=f\n1 -2\n", "cg.out:3:", "a record of counts");
  expect(kEvents + "fn=f\n1 2x\n", "cg.out:3:", "a record of counts");
  expect(kEvents + "fn=f\n1 1 2 3 4 5 6 7 8 9 10\n", "cg.out:3:", "no more counts than events");
  expect(kEvents + kEvents, "cg.out:2:", "one line of events");
  expect("events: Ir Ir\n", "cg.out:1:", "each event once");
  expect(kEvents + "fn=f\nsummary: 0\nfn=g\n", "cg.out:4:", "nothing after the summary");
}

}  // namespace
}  // namespace wattgrind
