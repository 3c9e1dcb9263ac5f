#include "cli/pages/html_page.h"

#include <fmt/format.h>

#include "cli/pages/page_hash.h"
#include "estimator/base/error.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {
namespace {

struct EmbeddedFile {
  std::string_view folder, name, text;
};

// cli/pages/style.css and script.js, as cmake/embed_files.cmake writes them.
constexpr EmbeddedFile kEmbedded[] = {
#include "page_files.inc"
};

std::string_view embedded(std::string_view name) {
  for (const EmbeddedFile& file : kEmbedded) {
    if (file.name == name) return file.text;
  }
  check_failed(__FILE__, __LINE__, "embedded", std::string(name));
}

// Which step of which measure is shown, where another than the first is chosen.
std::string measure_style() {
  std::string css;
  for (size_t m = 0; m < kMostMeasures; ++m) {
    for (size_t other = 0; other < kMostMeasures; ++other) {
      css += fmt::format("#by{}:checked~* .m{}{{display:{}}}\n", m, other,
                         m == other ? "revert" : "none");
    }
  }
  return css;
}

std::string page_style() {
  std::string css(embedded("style"));
  css += chart_style();
  css += measure_style();
  for (size_t m = 1; m < kMostMeasures; ++m) {
    css += heat_style(fmt::format("#by{}:checked~* .chart .m{}-", m, m));
  }
  return css;
}

const std::string& style() {
  static const std::string text = page_style();
  return text;
}

}  // namespace

std::string page_policy() {
  return fmt::format(
      "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
      policy_hash(style()), policy_hash(embedded("script")));
}

HtmlPage::HtmlPage(std::string title, std::string lead, PageOrigin origin)
    : title_(std::move(title)), lead_(std::move(lead)), origin_(std::move(origin)) {}

void HtmlPage::add_fact(std::string_view name, std::string_view text) {
  std::string markup;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) markup += (markup.empty() ? "" : "<br>") + escaped_markup(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!markup.empty()) facts_.emplace_back(name, markup);
}

void HtmlPage::add_figures(const std::vector<Figure>& figures) {
  body_ += "<ul class=\"figures\">\n";
  for (const Figure& figure : figures) {
    body_ += fmt::format("<li><span class=\"name\">{}</span> <b>{}</b> <span>{}</span></li>\n",
                         escaped_markup(figure.name), escaped_markup(figure.value),
                         escaped_markup(figure.remark));
  }
  body_ += "</ul>\n";
}

void HtmlPage::add_measures(const std::vector<std::string>& names) {
  CHECK(names.size() <= kMostMeasures, "{} measures", names.size());
  if (names.size() < 2) return;
  body_ += "<p class=\"measures\">The drawings below show</p>\n";
  for (size_t i = 0; i < names.size(); ++i) {
    body_ += fmt::format(
        "<input type=\"radio\" name=\"measure\" class=\"measure\" id=\"by{0}\"{1}>"
        "<label for=\"by{0}\">{2}</label>\n",
        i, i == 0 ? " checked" : "", escaped_markup(names[i]));
  }
}

void HtmlPage::add_section(std::string_view heading, std::string_view markup) {
  body_ += fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", escaped_markup(heading), markup);
}

std::string HtmlPage::text() const {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta name=\"generator\" content=\"wattgrind {}\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      page_policy(), escaped_markup(origin_.version), escaped_markup(title_), style());
  html += fmt::format("<header>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<dl>\n",
                      escaped_markup(title_), escaped_markup(lead_));
  for (const auto& [name, markup] : facts_) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped_markup(name), markup);
  }
  html += fmt::format(
      "<dt>Command</dt><dd><code>{}</code></dd>\n<dt>Version</dt><dd>wattgrind "
      "{}</dd>\n</dl>\n</header>\n<main>\n",
      escaped_markup(origin_.command), escaped_markup(origin_.version));
  html += body_;
  html += fmt::format("</main>\n<script>{}</script>\n</body>\n</html>\n", embedded("script"));
  return html;
}

std::string paragraph_html(std::string_view text) {
  return "<p>" + escaped_markup(text) + "</p>\n";
}

std::string drawing_html(std::string_view svg, std::string_view caption) {
  return fmt::format(
      "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">\n{1}"
      "</div>\n<figcaption>{0}</figcaption>\n</figure>\n",
      escaped_markup(caption), svg);
}

std::string for_measure(size_t measure, std::string_view markup) {
  return fmt::format("<div class=\"m{}\">\n{}</div>\n", measure, markup);
}

std::string details_html(std::string_view summary, std::string_view markup) {
  return fmt::format("<details>\n<summary>{}</summary>\n{}</details>\n", escaped_markup(summary),
                     markup);
}

}  // namespace wattgrind
