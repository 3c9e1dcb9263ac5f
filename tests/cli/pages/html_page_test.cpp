#include "cli/pages/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "cli/pages/page_hash.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::Not;

// FIPS 180-2's examples, in base64.
TEST(PolicyHash, IsSha256) {
  EXPECT_EQ(policy_hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(policy_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

std::string between(const std::string& text, const std::string& start, const std::string& end) {
  const size_t from = text.find(start) + start.size();
  return text.substr(from, text.find(end, from) - from);
}

TEST(HtmlPage, ItsPolicyAllowsItsOwnStyleAndScriptAlone) {
  const std::string page = HtmlPage("t", "l", {"c", "1"}).text();
  const std::string policy = between(page, "Security-Policy\" content=\"", "\"");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy,
              HasSubstr("style-src '" + policy_hash(between(page, "<style>", "</style>")) + "'"));
  EXPECT_THAT(policy, HasSubstr("script-src '" +
                                policy_hash(between(page, "<script>", "</script>")) + "'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST(HtmlPage, WhatIsCalledTextIsEscaped) {
  HtmlPage page("<b>", "<i>", {"<u>", "<s>"});
  page.add_fact("<fact>", "<a>\n<e>");
  page.add_figures({{"<n>", "<v>", "<r>"}});
  page.add_measures({"<m>", "<k>"});
  page.add_section("<h>",
                   paragraph_html("<p2>") + drawing_html("", "<cap>") + details_html("<sum>", ""));
  const std::string text = page.text();
  for (const char* tag : {"<b><", "<i>", "<u>", "<s>", "<fact>", "<a>", "<e>", "<n>", "<v>", "<r>",
                          "<m>", "<k>", "<h>", "<p2>", "<cap>", "<sum>"}) {
    EXPECT_THAT(text, Not(HasSubstr(tag)));
  }
  EXPECT_THAT(text, HasSubstr("&lt;a&gt;<br>&lt;e&gt;"));
}

// Every element that is opened is closed, in order.
TEST(HtmlPage, IsWellFormed) {
  HtmlPage page("t", "l", {"c", "1"});
  page.add_fact("f", "g");
  page.add_figures({{"n", "v", "r"}});
  page.add_measures({"m", "k"});
  Table table;
  table.columns = {{"k", "Key"}, {"n", "Number", 2}};
  table.rows = {{std::string("a<b"), 1.25}, {std::string("total"), 1.25}};
  table.footer_rows = 1;
  page.add_section("h", for_measure(1, paragraph_html("p")) + table_html(table, "c"));
  const std::string text = page.text();
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)[^>]*?>");
  const std::string body =
      text.substr(text.find("<body>"), text.find("<script>") - text.find("<body>"));
  for (std::sregex_iterator i(body.begin(), body.end(), tag), end; i != end; ++i) {
    const std::string name = (*i)[2];
    if (name == "br" || name == "input") continue;
    if ((*i)[1].length() == 0) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_EQ(open, std::vector<std::string>{"body"});
}

TEST(HtmlTable, HoldsExactValuesUnderTheirKeys) {
  Table table;
  table.columns = {{"layer", "layer"}, {"reads", "reads"}, {"time_us", "time (us)", 2}};
  table.rows = {{std::string("a<b"), uint64_t{1234567}, 0.123456789},
                {std::string("c"), Cell(), 2.0}};
  const std::string html = table_html(table, "costs", {.numbered = true});
  for (const char* part :
       {"<caption>costs</caption>", "data-key=\"time_us\" class=n>time (us)</th>",
        "<tr data-row=\"1\">", "<th scope=row>a&lt;b</th>", "<td>1,234,567</td>",
        "<td><data value=0.123456789>0.12</data></td>"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
}

}  // namespace
}  // namespace wattgrind
