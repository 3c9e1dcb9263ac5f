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

TEST(Csv, NamesOtherDialects) {
  const std::string semicolons =
      ":1: fields stand between semicolons, wanted commas: separate them by commas and write "
      "numbers with decimal points: sed 's/,/./g; s/;/,/g'";
  EXPECT_EQ(error_of("unix_s;power_w\n1736856000,5;50,25\n"), "f.csv" + semicolons);
  EXPECT_EQ(error_of("unix_s;power_w\n1736856000;50\n"), "f.csv" + semicolons);
  EXPECT_EQ(error_of("# made by a spreadsheet\n\na;b\n"), "f.csv:3" + semicolons.substr(2));
  EXPECT_EQ(error_of("a\tb\n1\t2\n"),
            "f.csv:1: fields stand between tabs, wanted commas: separate them with tr '\\t' ','");
  EXPECT_EQ(
      error_of("a,b\n1,5,2,25\n"),
      "f.csv:2: 4 fields, but the header has 2 (are there decimal commas? write 1.5 for 1,5)");
  const CsvTable table = parse_csv("a,b\n\"50,25\",\"1,2,3\"\n", "f.csv");
  EXPECT_EQ(error_text([&] { table.number(table.rows[0], 0); }),
            "f.csv:2: column 'a': '50,25' has a decimal comma: write 50.25");
  EXPECT_EQ(error_text([&] { table.number(table.rows[0], 1); }),
            "f.csv:2: column 'b': '1,2,3' is not a finite number");
  // A semicolon in one of several columns is nothing to wonder at.
  EXPECT_EQ(parse_csv("a;b,c\n1,2\n", "f.csv").columns.size(), 2u);
}

TEST(Csv, NamesWideCharactersAndNulBytes) {
  const std::string little_endian("a\0,\0b\0\n\0", 8), big_endian("\0a\0,\0b\0\n", 8);
  for (const std::string& text :
       {little_endian, big_endian, "\xff\xfe" + little_endian, "\xfe\xff" + big_endian}) {
    EXPECT_EQ(error_of(text),
              "f.csv: text in UTF-16: turn it into UTF-8, with 'iconv -f UTF-16 -t UTF-8'");
  }
  EXPECT_EQ(error_of(std::string("a,b\n1,2\n\0\0\0\0", 12)),
            "f.csv:3: a NUL byte, as a file has whose writing was cut off: take it out, with tr -d "
            "'\\000'");
  EXPECT_EQ(error_of(std::string(4, '\0')),
            "f.csv:1: a NUL byte, as a file has whose writing was cut off: take it out, with tr -d "
            "'\\000'");
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
