#include "cli/terminal/table_markup.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

Table table() {
  Table table;
  table.columns = {{"layer", "layer"}, {"share", "% of A&B"}, {"energy_pj", "energy (pJ)", 2}};
  table.rows = {{std::string("conv_1|<b>"), uint64_t{105'415'200}, 1234.567},
                {std::string("a\\b^{2}\n"), uint64_t{0}, std::monostate()},
                {std::string("total"), uint64_t{105'415'200}, 0.5}};
  table.footer_rows = 1;
  return table;
}

TEST(TableMarkup, MarkdownEscapesWhatItWouldTakeForMarkup) {
  EXPECT_EQ(markdown_text(table()),
            "| layer | % of A\\&B | energy (pJ) |\n"
            "| --- | ---: | ---: |\n"
            "| conv\\_1\\|\\<b\\> | 105,415,200 | 1,234.57 |\n"
            "| a\\\\b^{2}\\\\n | 0 | - |\n"
            "| **total** | **105,415,200** | **0.50** |\n");
}

TEST(TableMarkup, LatexEscapesWhatItWouldTakeForCommands) {
  EXPECT_EQ(latex_text(table()),
            "% wants \\usepackage{booktabs}\n"
            "\\begin{tabular}{lrr}\n"
            "\\toprule\n"
            "layer & \\% of A\\&B & energy (pJ) \\\\\n"
            "\\midrule\n"
            "conv\\_1\\textbar{}\\textless{}b\\textgreater{} & 105,415,200 & 1,234.57 \\\\\n"
            "a\\textbackslash{}b\\textasciicircum{}\\{2\\}\\textbackslash{}n & 0 & - \\\\\n"
            "\\midrule\n"
            "total & 105,415,200 & 0.50 \\\\\n"
            "\\bottomrule\n"
            "\\end{tabular}\n");
}

}  // namespace
}  // namespace wattgrind
