// The pieces that all charts are drawn with: text that fits, escaped; marks; the document around.
//
// Charts are styled by classes (chart_style.h), so that one drawing serves light, dark and print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wattgrind {

// Whether a drawing is a file of its own, which brings its style, or part of a page that has it.
enum class SvgUse { kAlone, kInPage };

enum class TextAnchor { kStart, kMiddle, kEnd };

// Foreign text for HTML and SVG, in content and in quoted attributes alike: what would end a text
// there is escaped, and what no document may hold (printable.h) is told instead.
std::string escaped_markup(std::string_view text);

// A coordinate in pixels, with as many as two decimals: "12.5".
std::string pixels(double value);

// About how wide the text is in a sans-serif font of that size. Any font differs a little.
double text_width(std::string_view text, double font_size);

// The text or, where it is wider, its beginning and its end with an ellipsis between them, or only
// its end with one before it.
enum class TextCut { kMiddle, kStart };
std::string fitted_text(std::string_view text, double width, double font_size,
                        TextCut cut = TextCut::kMiddle);

inline constexpr double kChartFont = 12;

// A text with its baseline at (x, y). `classes` are added to its style; `more` are attributes.
std::string svg_text(double x, double y, TextAnchor anchor, std::string_view content,
                     std::string_view classes = "", std::string_view more = "");
std::string svg_line(double x0, double y0, double x1, double y1, std::string_view classes);
// `inside` is markup: a <title>, say.
std::string svg_rect(double x, double y, double width, double height, std::string_view classes,
                     std::string_view inside = "");
// What is shown when the pointer rests on an element; nothing for an empty text.
std::string svg_title(std::string_view text);

// The drawing of so many pixels with `label` as what readers are told who do not see it.
std::string svg_document(double width, double height, std::string_view label, std::string_view body,
                         SvgUse use);

}  // namespace wattgrind
