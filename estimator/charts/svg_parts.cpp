#include "estimator/charts/svg_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "estimator/base/printable.h"
#include "estimator/charts/chart_style.h"

namespace wattgrind {
namespace {

// How wide a character is, in parts of the font's size, in DejaVu Sans, than which few are wider.
double character_width(unsigned char c) {
  constexpr std::string_view kNarrow = "fijlrtI.,:;!'|()[]/\\ -";
  constexpr std::string_view kWide = "mwMW%@+=<>";
  if (kNarrow.find(static_cast<char>(c)) != std::string_view::npos) return 0.38;
  if (kWide.find(static_cast<char>(c)) != std::string_view::npos) return 0.9;
  if (c >= 'A' && c <= 'Z') return 0.72;
  return 0.625;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string_view anchor_word(TextAnchor anchor) {
  switch (anchor) {
    case TextAnchor::kMiddle:
      return " text-anchor=\"middle\"";
    case TextAnchor::kEnd:
      return " text-anchor=\"end\"";
    case TextAnchor::kStart:
      break;
  }
  return "";
}

}  // namespace

std::string escaped_markup(std::string_view text) {
  std::string result;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string pixels(double value) {
  std::string text = fmt::format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

double text_width(std::string_view text, double font_size) {
  double width = 0;
  for (const char c : text) {
    if (begins_character(c)) width += character_width(static_cast<unsigned char>(c));
  }
  return width * font_size;
}

std::string fitted_text(std::string_view text, double width, double font_size, TextCut cut) {
  if (text_width(text, font_size) <= width) return std::string(text);
  std::vector<size_t> starts;  // of characters
  for (size_t i = 0; i < text.size(); ++i) {
    if (begins_character(text[i])) starts.push_back(i);
  }
  starts.push_back(text.size());
  // Names of a network tell apart by their ends more than by their beginnings.
  for (size_t kept = starts.size() - 2; kept > 1; --kept) {
    const size_t first = cut == TextCut::kStart ? 0 : kept * 2 / 5;
    std::string shorter(text.substr(0, starts[first]));
    shorter += "\u2026";
    shorter += text.substr(starts[starts.size() - 1 - (kept - first)]);
    if (text_width(shorter, font_size) <= width) return shorter;
  }
  return "\u2026";
}

std::string svg_text(double x, double y, TextAnchor anchor, std::string_view content,
                     std::string_view classes, std::string_view more) {
  const std::string style = classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
  return fmt::format("<text x=\"{}\" y=\"{}\"{}{}{}>{}</text>\n", pixels(x), pixels(y),
                     anchor_word(anchor), style, more, escaped_markup(content));
}

std::string svg_line(double x0, double y0, double x1, double y1, std::string_view classes) {
  return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", pixels(x0),
                     pixels(y0), pixels(x1), pixels(y1), classes);
}

std::string svg_rect(double x, double y, double width, double height, std::string_view classes,
                     std::string_view inside) {
  const std::string start =
      fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", pixels(x),
                  pixels(y), pixels(width), pixels(height), classes);
  return inside.empty() ? start + "/>\n" : fmt::format("{}>{}</rect>\n", start, inside);
}

std::string svg_title(std::string_view text) {
  return text.empty() ? "" : "<title>" + escaped_markup(text) + "</title>";
}

std::string svg_document(double width, double height, std::string_view label, std::string_view body,
                         SvgUse use) {
  const bool alone = use == SvgUse::kAlone;
  std::string svg = fmt::format(
      "<svg{} class=\"chart\" role=\"img\" aria-label=\"{}\" width=\"{}\" height=\"{}\" "
      "viewBox=\"0 0 {} {}\">\n",
      alone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", escaped_markup(label), pixels(width),
      pixels(height), pixels(width), pixels(height));
  if (alone) svg += fmt::format("<style>{}</style>\n", chart_style());
  svg += svg_rect(0, 0, width, height, "paper");
  svg += body;
  return svg + "</svg>\n";
}

}  // namespace wattgrind
