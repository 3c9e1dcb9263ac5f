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

TEST(Table, LinesDoNotEndInSpaces) {
  Table texts;
  texts.columns = {{"a", "a"}, {"b", "b"}};
  texts.rows = {{std::string("x"), std::string()}, {std::string("x"), std::string("long")}};
  EXPECT_EQ(aligned_text(texts, Emphasis::kNone), "a  b\nx\nx  long\n");
}

TEST(Table, CsvHasEveryDigitAndQuotes) {
  Table csv = table();
  csv.rows[0][0] = std::string("a,\"b\"");
  EXPECT_EQ(csv_text(csv),
            "layer,macs,energy_pj\n\"a,\"\"b\"\"\",105415200,1234.567\ngröße,0,\n"
            "total,105415200,0.5\n");
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
