#include "cli/terminal/table.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

Table table() {
  Table table;
  table.columns = {{"layer", "layer"}, {"macs", "MACs"}, {"energy_pj", "energy (pJ)", 2}};
  table.rows = {{std::string("conv1"), uint64_t{105'415'200}, 1234.567},
                {std::string("größe"), uint64_t{0}, std::monostate()},
                {std::string("total"), uint64_t{105'415'200}, 0.5}};
  table.footer_rows = 1;
  return table;
}

TEST(Table, AlignsNumbersToTheRightAndSeparatesThousands) {
  EXPECT_EQ(aligned_text(table(), Emphasis::kNone),
            "layer         MACs  energy (pJ)\n"
            "conv1  105,415,200     1,234.57\n"
            "größe            0            -\n"
            "-------------------------------\n"
            "total  105,415,200         0.50\n");
}

TEST(Table, BoldIsOfTheHeaderAlone) {
  const std::string text = aligned_text(table(), Emphasis::kBold);
  EXPECT_EQ(text.substr(0, text.find('\n')), "\x1b[1mlayer         MACs  energy (pJ)\x1b[0m");
  EXPECT_EQ(text.find('\x1b', text.find('\n')), std::string::npos);
}

TEST(Table, EscapesControlsOfCells) {
  Table foreign;
  foreign.columns = {{"a", "a"}, {"b", "b"}};
  foreign.rows = {{std::string("\x1b[2Jx\n"), std::string("y")}};
  EXPECT_EQ(aligned_text(foreign, Emphasis::kNone), "a           b\n\\x1b[2Jx\\n  y\n");
  EXPECT_EQ(csv_text(foreign), "a,b\n\\x1b[2Jx\\n,y\n");
}

TEST(Table, LinesDoNotEndInSpaces) {
  Table texts;
  texts.columns = {{"a", "a"}, {"b", "b"}};
  texts.rows = {{std::string("x"), std::string()}, {std::string("x"), std::string("long")}};
  EXPECT_EQ(aligned_text(texts, Emphasis::kNone), "a  b\nx\nx  long\n");
}

// The full table is 31 columns wide.
TEST(Table, ColumnsGiveWayByRankOnANarrowPage) {
  Table ranked = table();
  ranked.columns[1].rank = 1;
  ranked.columns[2].rank = 2;
  const std::string full = aligned_text(table(), Emphasis::kNone);
  EXPECT_EQ(aligned_text(ranked, TextPage(Emphasis::kNone, 31)), full);
  EXPECT_EQ(aligned_text(ranked, TextPage(Emphasis::kNone, 30)),
            "layer         MACs\n"
            "conv1  105,415,200\n"
            "größe            0\n"
            "------------------\n"
            "total  105,415,200\n"
            "not shown in 30 columns: energy (pJ) (--format csv has all)\n");
  EXPECT_EQ(aligned_text(ranked, TextPage(Emphasis::kNone, 3)),
            "layer\nconv1\ngröße\n-----\ntotal\n"
            "not shown in 3 columns: energy (pJ), MACs (--format csv has all)\n")
      << "a column of no rank stays, however narrow the page";
}

TEST(Table, CsvHasSixDigitsOfMeasuresAllOfCountsAndQuotes) {
  Table csv = table();
  csv.rows[2] = {std::string("total"), uint64_t{18'446'744'073'709'551'615U}, 1.0 / 3};
  csv.rows[1][2] = 123456789.0;
  csv.rows[0][0] = std::string("a,\"b\"");
  EXPECT_EQ(csv_text(csv),
            "layer,macs,energy_pj\n\"a,\"\"b\"\"\",105415200,1234.57\ngröße,0,1.23457e+08\n"
            "total,18446744073709551615,0.333333\n");
}

TEST(Table, Separators) {
  EXPECT_EQ(with_separators(uint64_t{999}), "999");
  EXPECT_EQ(with_separators(uint64_t{1000}), "1,000");
  EXPECT_EQ(with_separators(UINT64_MAX), "18,446,744,073,709,551,615");
  EXPECT_EQ(with_separators(-1234.5, 1), "-1,234.5");
  EXPECT_EQ(with_separators(-123.0, 0), "-123");
  EXPECT_EQ(with_separators(-0.004, 2), "0.00");
  EXPECT_EQ(with_separators(-0.005001, 2), "-0.01");
  EXPECT_EQ(with_separators(-0.0, 0), "0");
}

}  // namespace
}  // namespace wattgrind
