#include "cli/serve/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/serve/html_table.h"
#include "cli/terminal/table.h"
#include "estimator/base/error.h"
#include "estimator/charts/svg_parts.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/csv.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

struct EmbeddedPage {
  std::string_view folder;
  std::string_view name;
  std::string_view text;
};

// What cmake/embed_files.cmake writes of the files beside this one.
constexpr EmbeddedPage kPages[] = {
#include "serve_files.inc"
};

constexpr int kCases = 4;

enum class Reload { kNever, kSoon };

// A script replaces <main> by that of the page as it is then; without one the page loads itself
// again.
std::string whole_page(std::string_view title, std::string_view content, Reload reload) {
  const bool live = reload == Reload::kSoon;
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0} - Wattgrind</title>\n<link rel=\"icon\" href=\"data:,\">\n"
      "<link rel=\"stylesheet\" href=\"/page.css\">\n<script src=\"/page.js\" defer></script>\n{1}"
      "</head>\n<body>\n<header><a href=\"/\">Wattgrind</a> <a href=\"/openapi.json\">API</a>"
      "</header>\n<main{2}>\n<h1>{0}</h1>\n{3}</main>\n</body>\n</html>\n",
      escaped_markup(title),
      live ? "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>\n" : "",
      live ? " data-live=\"1000\"" : "", content);
}

// Each line escaped by itself: what ends one stays.
std::string lines_html(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    result += escaped_markup(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// The report of a job, shut off from the page that it stands in.
std::string report_frame(std::string_view place) {
  return fmt::format("<iframe src=\"{}\" sandbox=\"allow-scripts\" title=\"report\"></iframe>\n",
                     place);
}

std::string options_of(const std::vector<std::string_view>& words, std::string_view first_value,
                       std::string_view first_text) {
  std::string text = fmt::format("<option value=\"{}\">{}</option>", first_value, first_text);
  for (const std::string_view word : words)
    text += fmt::format("<option>{}</option>", escaped_markup(word));
  return text;
}

std::string select_field(std::string_view name, int number, std::string_view label,
                         const std::string& options) {
  return fmt::format("<label>{2} <select name=\"{0}{1}\">{3}</select></label>\n", name, number,
                     label, options);
}

std::string case_fields(int number) {
  std::string text =
      fmt::format("<fieldset>\n<legend>{}</legend>\n",
                  number == 1 ? std::string("Estimate") : fmt::format("Compare with ({})", number));
  const std::string none = number == 1 ? "choose one" : "none";
  text +=
      select_field("network", number, "Network", options_of(builtin_names("networks"), "", none));
  text += fmt::format(
      "<label>or in short <input name=\"short{0}\" placeholder=\"dffr:layers=3,width=12\" "
      "maxlength=\"500\"></label>\n"
      "<label>or a file (ONNX, ncnn, JSON) <input type=\"file\" name=\"file{0}\"></label>\n"
      "<label>or as text <textarea name=\"text{0}\" rows=\"2\" placeholder=\"a network as JSON: "
      "ours, Paleo's or DeepMeter's\"></textarea></label>\n",
      number);
  text += select_field("machine", number, "Machine",
                       options_of(builtin_names("machines"), "host", "host (this computer)"));
  text += fmt::format(
      "<label>Batch <input type=\"number\" name=\"batch{}\" value=\"1\" min=\"1\" "
      "max=\"1000000\"></label>\n",
      number);
  text +=
      select_field("phase", number, "Phase", options_of({"training"}, "inference", "inference"));
  text += select_field("plan", number, "Plan", options_of({"fused", "layers"}, "", "as usual"));
  text +=
      select_field("prices", number, "Prices", options_of({"eyeriss"}, "default", "the machine's"));
  text += fmt::format(
      "<label><input type=\"checkbox\" name=\"steady{}\"> steady: caches are warm</label>\n"
      "</fieldset>\n",
      number);
  return text;
}

std::string job_line(const JobView& job) {
  return fmt::format("<li><a href=\"/results?job={}\">{}</a>: {}</li>\n", job.id,
                     escaped_markup(job.title), job_state_name(job.state));
}

// What the comparison shows of an estimate.
struct CaseTotals {
  std::optional<double> macs, cycles, time_us, energy;
  std::string unit;
};

CaseTotals totals_of(const JobView& job) {
  CaseTotals totals;
  const auto found = job.results.find("json");
  if (found == job.results.end()) return totals;
  const nlohmann::json total =
      parse_json(*found->second, "result.json").value("total", nlohmann::json());
  const auto number = [&](const char* pointer) -> std::optional<double> {
    const nlohmann::json::json_pointer at(pointer);
    if (!total.contains(at) || !total.at(at).is_number()) return std::nullopt;
    return total.at(at).get<double>();
  };
  constexpr double kMicros = 1e6;
  totals.macs = number("/macs");
  totals.cycles = number("/cost_cycles");
  if (const auto seconds = number("/time_s/value")) totals.time_us = kMicros * *seconds;
  totals.energy = number("/energy_pj/total");
  totals.unit = "uJ";
  if (totals.energy) {
    totals.energy = *totals.energy / kMicros;
  } else {
    totals.energy = number("/energy_mac/total");
    totals.unit = "MACs";
  }
  return totals;
}

std::string figure_cell(const std::optional<double>& value, int decimals) {
  return fmt::format("<td>{}</td>", value ? with_separators(*value, decimals) : "-");
}

// "+12.3 %" of the first case's.
std::string difference(const std::optional<double>& value, const std::optional<double>& base) {
  if (!value || !base || *base == 0) return "<td>-</td>";
  return fmt::format("<td>{:+.1f} %</td>", 100 * (*value / *base - 1));
}

std::string comparison(const std::vector<JobView>& jobs) {
  std::string text =
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"In all\">"
      "<table class=\"sortable\"><caption>In all</caption><thead><tr>"
      "<th>case</th><th>MACs</th><th>latency cycles</th><th>time (us)</th><th>energy</th>"
      "<th>unit</th><th>time, to the first</th><th>energy, to the first</th></tr></thead><tbody>\n";
  const CaseTotals first = totals_of(jobs.front());
  for (const JobView& job : jobs) {
    const CaseTotals totals = totals_of(job);
    text += fmt::format("<tr><th scope=\"row\">{}</th>", escaped_markup(job.title));
    text += figure_cell(totals.macs, 0) + figure_cell(totals.cycles, 0) +
            figure_cell(totals.time_us, 2) + figure_cell(totals.energy, 3);
    text += fmt::format("<td>{}</td>", totals.unit) + difference(totals.time_us, first.time_us);
    text += totals.unit == first.unit ? difference(totals.energy, first.energy) : "<td>-</td>";
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string download_links(const JobView& job) {
  struct Named {
    std::string_view key, text;
  };
  constexpr Named kNames[] = {{"report", "report"},
                              {"json", "JSON"},
                              {"csv", "CSV"},
                              {"markdown", "Markdown"},
                              {"trace", "trace for speedscope and Perfetto"}};
  std::string text = "<p>";
  for (const Named& name : kNames) {
    if (!job.results.contains(std::string(name.key))) continue;
    text += fmt::format("<a href=\"/api/v1/jobs/{}/result?format={}\">{}</a> ", job.id, name.key,
                        name.text);
  }
  return text + "</p>\n";
}

std::string cancel_form(const JobView& job, const std::string& query) {
  return fmt::format(
      "<form method=\"post\" action=\"/cancel\"><input type=\"hidden\" name=\"cancelled\" "
      "value=\"{}\"><input type=\"hidden\" name=\"back\" "
      "value=\"{}\"><button>cancel</button></form>\n",
      job.id, escaped_markup(query));
}

std::string case_section(const JobView& job, const std::string& query) {
  std::string text = fmt::format("<section>\n<h2>{}</h2>\n", escaped_markup(job.title));
  if (!job.has_ended()) {
    text += fmt::format("<p role=\"status\">{}{}</p>\n", job_state_name(job.state),
                        job.progress.empty() ? "" : ": " + escaped_markup(job.progress));
    return text + cancel_form(job, query) + "</section>\n";
  }
  if (job.state == JobState::kFailed) {
    return text + fmt::format("<p class=\"error\" role=\"alert\">{}</p>\n</section>\n",
                              escaped_markup(job.error));
  }
  if (job.state == JobState::kCancelled) return text + "<p>cancelled</p>\n</section>\n";
  text += download_links(job);
  text += report_frame(fmt::format("/api/v1/jobs/{}/result?format=report", job.id));
  text += html_table(
      *job.results.at("csv"), "Layers",
      {"layer", "kind", "output", "macs", "l1_misses", "l2_misses", "l3_misses", "dram_accesses",
       "cost_cycles", "time_us", "energy_uj", "energy_mac", "energy_percent"});
  return text + "</section>\n";
}

}  // namespace

std::string_view page_file(std::string_view name) {
  for (const EmbeddedPage& page : kPages) {
    if (page.name == name) return page.text;
  }
  CHECK(false, "no page {}", name);
}

std::string start_page(const std::vector<JobView>& jobs, const std::vector<ListedStudy>& studies) {
  std::string text =
      "<p>What a neural network costs on a CPU, layer by layer: choose a network and a machine, "
      "and "
      "up to three others to compare with.</p>\n"
      "<form method=\"post\" action=\"/compare\" enctype=\"multipart/form-data\">\n"
      "<div class=\"cases\">\n";
  for (int number = 1; number <= kCases; ++number) text += case_fields(number);
  text += "</div>\n<p><button>Estimate</button></p>\n</form>\n";
  if (!studies.empty()) {
    text += "<h2>Studies</h2>\n<ul>\n";
    for (const ListedStudy& study : studies) {
      text += fmt::format("<li><a href=\"/studies/{}\">{}</a></li>\n", study.id,
                          escaped_markup(study.name));
    }
    text += "</ul>\n";
  }
  std::string lines;
  for (const JobView& job : jobs) {
    if (job.results.contains("trace") || !job.has_ended()) lines += job_line(job);
  }
  if (!lines.empty()) text += "<h2>Estimates</h2>\n<ul>\n" + lines + "</ul>\n";
  return whole_page("Estimate", text, Reload::kNever);
}

std::string results_page(const std::vector<JobView>& jobs, const std::string& query) {
  const bool all =
      std::all_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.has_ended(); });
  std::string text;
  if (all && jobs.size() > 1) text += comparison(jobs);
  for (const JobView& job : jobs) text += case_section(job, query);
  return whole_page(jobs.size() > 1 ? "Comparison" : "Estimate", text,
                    all ? Reload::kNever : Reload::kSoon);
}

std::string study_page(const ListedStudy& study, const JobView& job) {
  if (job.state != JobState::kDone) return message_page(study.name, job.error);
  const std::string& csv = *job.results.at("csv");
  // A trial that runs has the word in its row.
  const bool runs = csv.find(",running,") != std::string::npos;
  const std::string place = "/api/v1/studies/" + study.id;
  std::string text = fmt::format(
      "<p role=\"status\">{0}</p>\n<p><a href=\"{1}?format=report\">report</a> "
      "<a href=\"{1}?format=json\">JSON</a> <a href=\"{1}?format=csv\">CSV</a></p>\n"
      "<pre class=\"wide\" tabindex=\"0\">{2}</pre>\n",
      runs ? "trials are running: this page follows them" : "no trial is running", place,
      lines_html(*job.results.at("text")));
  text += report_frame(place + "?format=report");
  text += html_table(csv, "Trials", {});
  return whole_page(study.name, text, Reload::kSoon);
}

std::string message_page(std::string_view title, std::string_view message) {
  return whole_page(
      title,
      fmt::format("<p class=\"error\" role=\"alert\">{}</p>\n<p><a href=\"/\">back</a></p>\n",
                  escaped_markup(message)),
      Reload::kNever);
}

}  // namespace wattgrind
