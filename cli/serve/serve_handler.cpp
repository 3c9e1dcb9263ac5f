#include "cli/serve/serve_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "cli/serve/pages.h"
#include "cli/terminal/failure.h"
#include "estimator/base/error.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/csv.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostCases = 4;
constexpr double kLongestWait = 60;  // seconds
constexpr double kStudyWait = 30;

bool is_api(const HttpRequest& request) { return request.path.starts_with("/api/"); }

// A failure in the form of whoever asked: a program or a person.
HttpResponse failure_answer(const HttpRequest& request, int status, std::string_view message) {
  if (is_api(request)) return json_error(status, message);
  return {status, "text/html; charset=utf-8",
          message_page(fmt::format("{} {}", status, reason_phrase(status)), message)};
}

HttpResponse html_answer(std::string html) {
  return {200, "text/html; charset=utf-8", std::move(html)};
}

HttpResponse json_answer(const ordered_json& json, int status = 200) {
  return {status, "application/json", layout_json(json)};
}

bool reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// Who asks with another method than those is told which there are.
HttpResponse wrong_method(const HttpRequest& request, std::string_view methods) {
  HttpResponse response = failure_answer(
      request, 405, fmt::format("{} {}: wanted {}", request.method, request.path, methods));
  response.headers.emplace_back("Allow", methods);
  return response;
}

ordered_json job_json(const JobView& job) {
  ordered_json json = {{"id", job.id}, {"title", job.title}, {"state", job_state_name(job.state)}};
  if (!job.progress.empty()) json["progress"] = job.progress;
  if (job.state == JobState::kFailed) {
    json["error"] = {{"status", job.error_status}, {"message", job.error}};
  }
  json["self"] = "/api/v1/jobs/" + job.id;
  for (const auto& [name, text] : job.results) {
    json["results"][name] = fmt::format("/api/v1/jobs/{}/result?format={}", job.id, name);
  }
  return json;
}

struct ResultType {
  std::string_view name, type, ending;
};
constexpr std::array<ResultType, 6> kResultTypes = {
    {{"json", "application/json", "json"},
     {"csv", "text/csv; charset=utf-8", "csv"},
     {"markdown", "text/markdown; charset=utf-8", "md"},
     {"trace", "application/json", "trace.json"},
     {"text", "text/plain; charset=utf-8", "txt"},
     {"report", "text/html; charset=utf-8", "html"}}};

// What a job left in a format, or why there is none.
HttpResponse result_answer(const JobView& job, const std::string& format) {
  if (job.state == JobState::kFailed) return json_error(job.error_status, job.error);
  if (job.state == JobState::kCancelled) return json_error(409, "the job was cancelled");
  if (!job.has_ended()) return json_answer(job_json(job), 202);
  const auto found = job.results.find(format);
  if (found == job.results.end()) {
    std::string known;
    for (const auto& [name, text] : job.results) known += (known.empty() ? "" : ", ") + name;
    return json_error(
        404, fmt::format("format: found {}, wanted one of {}", quote_ordered_json(format), known));
  }
  const auto* type = std::find_if(kResultTypes.begin(), kResultTypes.end(),
                                  [&](const auto& known) { return known.name == format; });
  CHECK(type != kResultTypes.end(), "no type of {}", format);
  HttpResponse response{200, std::string(type->type), *found->second};
  if (format == "report") {
    response.policy = ContentPolicy::kReport;
  } else {
    response.headers = {{"Content-Disposition", fmt::format("inline; filename=\"wattgrind-{}.{}\"",
                                                            job.id.substr(0, 8), type->ending)}};
  }
  return response;
}

std::string query_value(const HttpRequest& request, const std::string& name,
                        const std::string& otherwise) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? otherwise : found->second;
}

double wait_of(const HttpRequest& request) {
  const std::string text = query_value(request, "wait", "0");
  const std::optional<double> seconds = parse_number(text);
  if (!seconds || *seconds < 0 || *seconds > kLongestWait) {
    fail(ErrorKind::kInput, "wait: found {}, wanted 0 to {} seconds", quote_ordered_json(text),
         kLongestWait);
  }
  return *seconds;
}

ordered_json names_json(std::string_view folder) {
  ordered_json names = ordered_json::array();
  for (const std::string_view name : builtin_names(folder)) names.push_back(name);
  return names;
}

// The jobs that a page of results is of, as its query.
std::string results_query(const std::vector<std::string>& ids) {
  std::string query;
  for (const std::string& id : ids) query += (query.empty() ? "job=" : "&job=") + id;
  return query;
}

bool is_results_query(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '=' || c == '&';
  });
}

HttpResponse go_to(const std::string& place) {
  HttpResponse response{303, "text/plain", ""};
  response.headers = {{"Location", place}};
  return response;
}

const char* const kTooMany = "too many jobs are waiting; ask again when some have ended";

}  // namespace

ServeHandler::ServeHandler(AccessRules rules, ServedThings things, JobBoard& board)
    : rules_(std::move(rules)), things_(std::move(things)), board_(board) {}

std::optional<HttpResponse> ServeHandler::refuse(const HttpRequest& head) {
  return refuse_access(head, rules_);
}

HttpAnswer ServeHandler::answer(const HttpRequest& request) {
  try {
    return route(request);
  } catch (const Error& error) {
    return failure_answer(request, error.kind() == ErrorKind::kInput ? 400 : 500, error.what());
  } catch (...) {
    return failure_answer(request, 500, describe_failure(std::current_exception()).message);
  }
}

HttpAnswer ServeHandler::when_ended(const std::string& id, double seconds,
                                    std::function<HttpResponse(const JobView&)> make) {
  const auto ready = [this, id,
                      make = std::move(make)](bool at_the_end) -> std::optional<HttpResponse> {
    const std::optional<JobView> job = board_.find(id);
    if (!job) return json_error(404, "the job is forgotten");
    if (!job->has_ended() && !at_the_end) return std::nullopt;
    return make(*job);
  };
  if (std::optional<HttpResponse> response = ready(seconds <= 0)) return std::move(*response);
  return LaterAnswer{ready, std::chrono::steady_clock::now() +
                                std::chrono::milliseconds(static_cast<int64_t>(1000 * seconds))};
}

HttpAnswer ServeHandler::route(const HttpRequest& request) {
  const std::string& path = request.path;
  constexpr std::string_view kApi = "/api/v1/", kStudies = "/studies/";
  if (path.starts_with(kApi)) return route_api(request, std::string_view(path).substr(kApi.size()));
  if (path == "/compare" || path == "/cancel") {
    if (request.method != "POST") return wrong_method(request, "POST");
    return path == "/compare" ? compare(request) : cancel(request);
  }
  const bool is_page = path == "/" || path == "/results" || path.starts_with(kStudies) ||
                       path == "/page.css" || path == "/page.js" || path == "/openapi.json";
  if (!is_page) return failure_answer(request, 404, fmt::format("there is no {}", path));
  if (!reads(request)) return wrong_method(request, "GET, HEAD");
  if (path == "/") {
    constexpr size_t kShown = 20;
    return html_answer(start_page(board_.recent(kShown), list_studies(things_.studies)));
  }
  if (path == "/results") return results(request);
  if (path.starts_with(kStudies)) {
    return one_study(request, std::string_view(path).substr(kStudies.size()), true);
  }
  if (path == "/page.css") return HttpResponse{200, "text/css", std::string(page_file("page.css"))};
  if (path == "/page.js") {
    return HttpResponse{200, "text/javascript", std::string(page_file("page.js"))};
  }
  return HttpResponse{200, "application/json", std::string(page_file("openapi.json"))};
}

HttpAnswer ServeHandler::route_api(const HttpRequest& request, std::string_view path) {
  constexpr std::string_view kJobs = "jobs/", kStudies = "studies/";
  if (path == "estimate") {
    return request.method == "POST" ? estimate(request) : wrong_method(request, "POST");
  }
  if (path == "networks" && request.method == "POST") return upload(request);
  if (path.starts_with(kJobs)) return one_job(request, path.substr(kJobs.size()));
  if (!reads(request)) {
    return wrong_method(request, path == "networks" ? "GET, HEAD, POST" : "GET, HEAD");
  }
  if (path == "networks") return json_answer({{"networks", names_json("networks")}});
  if (path == "machines") {
    ordered_json machines = names_json("machines");
    machines.push_back("host");
    return json_answer({{"machines", std::move(machines)}});
  }
  if (path == "version") return json_answer({{"version", things_.version}});
  if (path == "jobs") {
    constexpr size_t kMost = 100;
    ordered_json jobs = ordered_json::array();
    for (const JobView& job : board_.recent(kMost)) jobs.push_back(job_json(job));
    return json_answer({{"jobs", std::move(jobs)}});
  }
  if (path == "studies") {
    ordered_json studies = ordered_json::array();
    for (const ListedStudy& study : list_studies(things_.studies)) {
      studies.push_back({{"id", study.id}, {"name", study.name}});
    }
    return json_answer({{"studies", std::move(studies)}});
  }
  if (path.starts_with(kStudies)) return one_study(request, path.substr(kStudies.size()), false);
  return json_error(404,
                    fmt::format("there is no {}; /openapi.json tells what there is", request.path));
}

HttpAnswer ServeHandler::estimate(const HttpRequest& request) {
  if (!request.header("content-type").starts_with("application/json")) {
    return json_error(415, "wanted Content-Type: application/json");
  }
  const double seconds = wait_of(request);
  const CaseRequest wanted = read_case(parse_ordered_json(request.body, "request"), shelf_);
  const std::optional<JobView> job = board_.submit(estimate_job(wanted));
  if (!job) return json_error(503, kTooMany);
  const std::string format = query_value(request, "format", "json");
  return when_ended(job->id, seconds,
                    [format](const JobView& view) { return result_answer(view, format); });
}

// Read by a worker before it is taken: what is no network is refused with what the command line
// says.
HttpAnswer ServeHandler::upload(const HttpRequest& request) {
  if (request.body.empty()) return json_error(422, "the content is empty, wanted a network");
  const UploadedNetwork network = uploaded_network(request.body);
  const std::optional<JobView> job = board_.submit(network_job(network));
  if (!job) return json_error(503, kTooMany);
  return when_ended(job->id, kLongestWait, [this, network](const JobView& view) {
    if (view.state == JobState::kFailed) return json_error(view.error_status, view.error);
    if (view.state != JobState::kDone) return json_error(503, "it was not read in time");
    const size_t layers = parse_csv(*view.results.at("csv"), "network.csv").rows.size();
    shelf_.put(network);
    return json_answer({{"upload", network.id}, {"file", network.file}, {"layers", layers}}, 201);
  });
}

HttpAnswer ServeHandler::one_job(const HttpRequest& request, std::string_view path) {
  const size_t slash = path.find('/');
  const std::string id(path.substr(0, slash));
  const std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash);
  const std::optional<JobView> job = board_.find(id);
  if (!job || (!rest.empty() && rest != "/result")) {
    return json_error(404, "there is no such job, or no longer");
  }
  if (request.method == "DELETE" && rest.empty()) {
    board_.cancel(id);
    return json_answer(job_json(board_.find(id).value_or(*job)));
  }
  if (!reads(request))
    return wrong_method(request, rest.empty() ? "GET, HEAD, DELETE" : "GET, HEAD");
  const std::string format = query_value(request, "format", "json");
  return when_ended(id, wait_of(request), [format, whole = rest.empty()](const JobView& view) {
    return whole ? json_answer(job_json(view)) : result_answer(view, format);
  });
}

HttpAnswer ServeHandler::one_study(const HttpRequest& request, std::string_view id, bool as_page) {
  const std::optional<ListedStudy> study = find_study(things_.studies, std::string(id));
  if (!study) return failure_answer(request, 404, "there is no such study");
  const std::optional<JobView> job = board_.submit(study_job(*study));
  if (!job) return failure_answer(request, 503, kTooMany);
  const std::string format = query_value(request, "format", "json");
  return when_ended(job->id, kStudyWait, [=, study = *study](const JobView& view) {
    if (!as_page) return result_answer(view, format);
    return html_answer(study_page(study, view));
  });
}

HttpAnswer ServeHandler::compare(const HttpRequest& request) {
  const std::optional<FormFields> fields = read_form(request);
  if (!fields) return failure_answer(request, 400, "the form could not be read");
  std::vector<std::string> ids;
  for (size_t number = 1; number <= kMostCases; ++number) {
    const std::optional<CaseRequest> wanted = read_form_case(*fields, static_cast<int>(number));
    if (!wanted) continue;
    const std::optional<JobView> job = board_.submit(estimate_job(*wanted));
    if (!job) return failure_answer(request, 503, kTooMany);
    ids.push_back(job->id);
  }
  if (ids.empty()) return failure_answer(request, 400, "no network was chosen");
  return go_to("/results?" + results_query(ids));
}

HttpAnswer ServeHandler::cancel(const HttpRequest& request) {
  const std::optional<FormFields> fields = read_form(request);
  if (!fields || !fields->contains("cancelled")) {
    return failure_answer(request, 400, "the form could not be read");
  }
  if (!board_.cancel(fields->at("cancelled"))) {
    return failure_answer(request, 404, "there is no such job, or no longer");
  }
  const auto back = fields->find("back");
  const bool known = back != fields->end() && is_results_query(back->second);
  return go_to(known ? "/results?" + back->second : "/");
}

HttpAnswer ServeHandler::results(const HttpRequest& request) {
  std::vector<JobView> jobs;
  std::vector<std::string> ids;
  for (const std::string& id : request.repeated) {
    if (jobs.size() == kMostCases) break;
    if (std::optional<JobView> job = board_.find(id)) {
      ids.push_back(id);
      jobs.push_back(std::move(*job));
    }
  }
  if (jobs.empty()) return failure_answer(request, 404, "there is no such job, or no longer");
  return html_answer(results_page(jobs, results_query(ids)));
}

}  // namespace wattgrind
