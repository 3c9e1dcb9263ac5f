// A page of its own: one HTML document with its style, its script and its drawings within, which
// asks nobody for anything and holds itself to that by a content policy.
//
// Without its script a page shows everything; the script lets readers sort tables, enlarge drawings
// and see a layer in all of them at once. Foreign text is escaped by whoever adds it to markup;
// what these functions call text they escape themselves.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/pages/page_origin.h"
#include "cli/terminal/table.h"

namespace wattgrind {

// What the page's <meta> says. A server that sends pages may send the same, and no stricter.
std::string page_policy();

class HtmlPage {
 public:
  // `lead` is a sentence that says what was asked.
  HtmlPage(std::string title, std::string lead, PageOrigin origin);

  // A line of the list at the top: what, and in words. Feeds of `text` become lines.
  void add_fact(std::string_view name, std::string_view text);
  // Figures at a glance, each with its name and a remark.
  struct Figure {
    std::string name, value, remark;
  };
  void add_figures(const std::vector<Figure>& figures);
  // Lets readers choose which measure the page shows, by radio buttons that need no script. What is
  // of measure i has class "m" and its number (estimator/charts/graph_chart.h); the first is shown
  // at the start.
  void add_measures(const std::vector<std::string>& names);
  // A part with its heading; `markup` is what follows.
  void add_section(std::string_view heading, std::string_view markup);

  std::string text() const;

 private:
  std::string title_, lead_;
  PageOrigin origin_;
  std::vector<std::pair<std::string, std::string>> facts_;
  std::string body_;
};

// A paragraph of text.
std::string paragraph_html(std::string_view text);
// A drawing in a frame that can be scrolled, with a sentence below.
std::string drawing_html(std::string_view svg, std::string_view caption);
// The markup, shown for the measure alone.
std::string for_measure(size_t measure, std::string_view markup);
// What readers may open.
std::string details_html(std::string_view summary, std::string_view markup);

struct TableLook {
  bool numbered = false;    // rows belong to marks of drawings
  bool six_digits = false;  // of every measure; otherwise as many decimals as its column says
};

// A table as it is shown to people, under the columns' keys (`data-key`). Counts stand in full, and
// measures hold their exact values in `data` elements.
std::string table_html(const Table& table, std::string_view caption, TableLook look = {});

}  // namespace wattgrind
