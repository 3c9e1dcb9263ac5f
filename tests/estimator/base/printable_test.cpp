#include "estimator/base/printable.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  for (const char* text :
       {"", "lenet5 (batch 1), 50 % \\ \"x\"", "Grüße, 日本語, 🔋", "é", "\u200b\ufeff"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable_json(text), text);
  }
}

TEST(Printable, EscapesControlsOfAscii) {
  EXPECT_EQ(printable("a\x1b[31mred\x1b[0m"), "a\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(printable("one\r\ntwo\tthree\x7f"), "one\\r\\ntwo\\tthree\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("a\nb\r\n", LineFeeds::kKeep), "a\nb\\r\n");
}

TEST(Printable, EscapesC1AsBytesAndAsUtf8) {
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m")
      << "CSI of an eight-bit terminal";
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m")
      << "the same as UTF-8";
  EXPECT_EQ(printable("\xc2\x85"), "\\u0085");
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0") << "beyond C1";
}

TEST(Printable, EscapesWhatReordersTheLine) {
  EXPECT_EQ(printable("ten\u202eabc\u2066x\u2069"), "ten\\u202eabc\\u2066x\\u2069");
  EXPECT_EQ(printable("\u200f\u061c\u2028\u2029"), "\\u200f\\u061c\\u2028\\u2029");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff\xc0\x8a"), "\\xff\\xc0\\x8a") << "an overlong line feed";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("a\xe2\x80"), "a\\xe2\\x80") << "cut off";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
}

TEST(Printable, JsonKeepsItsLayoutAndItsMeaning) {
  EXPECT_EQ(printable_json("{\n  \"a\": \"\xc2\x9b\x7f\u202e\"\n}\n"),
            "{\n  \"a\": \"\\u009b\\u007f\\u202e\"\n}\n");
}

TEST(CutInTheMiddle, KeepsBothEnds) {
  EXPECT_EQ(cut_in_the_middle("0123456789", 10), "0123456789");
  EXPECT_EQ(cut_in_the_middle("0123456789a", 10), "0123...89a");
  const std::string cut =
      cut_in_the_middle(std::string(50'000, 'a') + std::string(50'000, 'b'), 500);
  EXPECT_EQ(cut.size(), 500u);
  EXPECT_EQ(cut, std::string(249, 'a') + "..." + std::string(248, 'b'));
}

TEST(CutInTheMiddle, CutsNoCharacterInTwo) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "ü";
  for (size_t most = 3; most < 60; ++most) {
    const std::string cut = cut_in_the_middle(text, most);
    EXPECT_LE(cut.size(), most);
    EXPECT_EQ(printable(cut), cut) << most;
  }
}

}  // namespace
}  // namespace wattgrind
