#include "estimator/formats/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;

std::string error_of(const std::string& text) {
  return error_text([&] { parse_csv(text, "f.csv"); });
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheHeader) {
  const CsvTable table = parse_csv("\xef\xbb\xbfworkload,energy_j\nlenet5,1\n", "t.csv");
  EXPECT_EQ(table.columns[0], "workload");
  EXPECT_EQ(table.rows[0].line, 2u);
}

TEST(Csv, SkipsCommentsBlankLinesAndSpaces) {
  const CsvTable table = parse_csv("# source\r\n\na, b ,c\r\n1,  2 , 3 # said by eye\n\n4,,6", "f");
  EXPECT_THAT(table.columns, ElementsAre("a", "b", "c"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].line, 4u);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("1", "2", "3"));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("4", "", "6"));
}

TEST(Csv, ReadsQuotedFields) {
  const CsvTable table = parse_csv("a,b\n\"x, #1 \" , \"say \"\"so\"\"\"\n", "f");
  EXPECT_THAT(table.rows[0].fields, ElementsAre("x, #1 ", "say \"so\""));
}

TEST(Csv, FieldsSurviveWritingAndReading) {
  for (const std::string value : {"plain", "a,b", "say \"so\"", "#1", " led", ""}) {
    const CsvTable table = parse_csv("a,b\n" + csv_field(value) + ",1\n", "f");
    EXPECT_EQ(table.rows[0].fields[0], value);
  }
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("two\nlines\r\x1b[2J"), "two\\nlines\\r\\x1b[2J");
}

TEST(Csv, SaysWhereItIsWrong) {
  EXPECT_EQ(error_of("# nothing\n"), "f.csv: empty: expected a line with the names of the columns");
  EXPECT_EQ(error_of("a,a\n"), "f.csv:1: column 'a' is there twice: rename or remove one");
  EXPECT_EQ(error_of("a,\n"), "f.csv:1: column 2 has no name");
  EXPECT_EQ(error_of("a,b\n1\n"),
            "f.csv:2: 1 fields, but the header has 2 (a field with commas must be quoted)");
  EXPECT_EQ(error_of("a\n\"1\n"), "f.csv:2: a quoted field is not closed: add the missing \"");
  EXPECT_EQ(error_of("a\n\"1\"2\n"), "f.csv:2: found '2' after a closing quote, expected a comma");
}

TEST(Csv, NumbersAreFiniteAndWhole) {
  EXPECT_EQ(parse_number("-2.5e-3"), -2.5e-3);
  for (const char* text : {"", "nan", "inf", "1e999", "1 ", "1x", "0x10", "1,5"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
  const CsvTable table = parse_csv("a,b\n1,two\n", "f.csv");
  EXPECT_EQ(error_text([&] { table.number(table.rows[0], 1); }),
            "f.csv:2: column 'b': 'two' is not a finite number");
}

}  // namespace
}  // namespace wattgrind
