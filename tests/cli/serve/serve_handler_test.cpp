#include "cli/serve/serve_handler.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/serve/pages.h"
#include "tests/cli/serve/scripted_worker.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr std::string_view kEstimate =
    R"({"total": {"macs": 7, "cost_cycles": 8, "time_s": {"value": 9e-6}, "energy_pj": {"total": 1e7}}})";

class ServeHandlerTest : public testing::Test {
 protected:
  ServeHandlerTest()
      : worker_([this](const ProcessSpec& spec) { return work(spec); }),
        board_("program", worker_, JobLimits{}, [] {}),
        handler_({8737, true, {}, std::nullopt}, {folder_.path(), "1.2"}, board_) {}

  ProcessResult work(const ProcessSpec& spec) const {
    if (hangs_) return worker_that_hangs(spec);
    if (!failure_.empty()) return {ProcessExited{3}, "", "wattgrind: " + failure_ + "\n"};
    const std::string what = spec.argv.at(1);
    for (const std::string file : {"result.md", "trace.json", "study.txt", "report.html"}) {
      worker_that_writes(spec, file, "text of " + file);
    }
    worker_that_writes(spec, "study.json", "{}");
    worker_that_writes(spec, "study.csv", study_csv_);
    worker_that_writes(spec, "network.csv", "name,kind\nconv1,conv2d\nfc2,dense\n");
    worker_that_writes(spec, "result.csv", "layer,macs\n" + layer_ + ",7\n");
    return worker_that_writes(spec, "result.json", std::string(kEstimate));
  }

  HttpRequest request(const std::string& method, const std::string& target,
                      const std::string& body = "",
                      const std::string& type = "application/json") const {
    HttpRequest made;
    made.method = method;
    const size_t question = target.find('?');
    made.path = target.substr(0, question);
    if (question != std::string::npos) parse_query(target.substr(question + 1), made);
    made.headers = {{"host", "localhost:8737"}, {"content-type", type}};
    made.body = body;
    return made;
  }

  // The answer, waited for as the server would.
  HttpResponse answer(const HttpRequest& asked) {
    HttpAnswer given = handler_.answer(asked);
    if (auto* now = std::get_if<HttpResponse>(&given)) return *now;
    const auto& later = std::get<LaterAnswer>(given);
    while (true) {
      const bool over = std::chrono::steady_clock::now() >= later.end;
      if (auto response = later.ready(over)) return *response;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  HttpResponse get(const std::string& target) { return answer(request("GET", target)); }
  HttpResponse post(const std::string& target, const std::string& body) {
    return answer(request("POST", target, body));
  }

  std::string failure_;
  std::string layer_ = "conv1";
  std::string study_csv_ = "trial,state\n0,complete\n";
  std::atomic<bool> hangs_ = false;
  const TemporaryFolder folder_;
  ScriptedWorker worker_;
  JobBoard board_;
  ServeHandler handler_;
};

TEST_F(ServeHandlerTest, AnEstimateIsAJobAndThenItsResult) {
  const std::string body = R"({"network": "lenet5", "machine": "zen3"})";
  const HttpResponse whole = post("/api/v1/estimate?wait=20", body);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, kEstimate);
  const HttpResponse csv = post("/api/v1/estimate?format=csv", body);
  EXPECT_EQ(csv.status, 200) << "counted once, and answered at once";
  EXPECT_EQ(csv.body, "layer,macs\nconv1,7\n");
  EXPECT_EQ(worker_.seen().size(), 1u);
}

TEST_F(ServeHandlerTest, WithoutWaitingTheJobIsFollowed) {
  hangs_ = true;
  const HttpResponse begun = post("/api/v1/estimate", R"({"network": "lenet5"})");
  EXPECT_EQ(begun.status, 202);
  const std::string self = json::parse(begun.body).at("self");
  EXPECT_EQ(get(self + "/result").status, 202);
  EXPECT_EQ(answer(request("DELETE", self)).status, 200);
  EXPECT_EQ(json::parse(get(self + "?wait=20").body).at("state"), "cancelled");
  EXPECT_EQ(get(self + "/result").status, 409);
}

TEST_F(ServeHandlerTest, WhatTheCommandLineRefusesIsRefusedInItsWords) {
  failure_ = "upload.json:1:1: found nothing, wanted a network";
  const HttpResponse estimate =
      post("/api/v1/estimate?wait=20", R"({"network": {"layers": []}, "machine": "zen3"})");
  EXPECT_EQ(estimate.status, 422);
  EXPECT_EQ(json::parse(estimate.body),
            json({{"error", {{"status", 422}, {"message", failure_}}}}));
  EXPECT_EQ(post("/api/v1/networks", "no network").status, 422);
}

TEST_F(ServeHandlerTest, WrongRequestsAreSaidToBeWrong) {
  EXPECT_EQ(post("/api/v1/estimate", "{").status, 400);
  EXPECT_EQ(post("/api/v1/estimate", std::string(5000, '[')).status, 400);
  EXPECT_EQ(post("/api/v1/estimate", "{}").status, 400);
  EXPECT_EQ(post("/api/v1/estimate?wait=1e9", R"({"network": "lenet5"})").status, 400);
  EXPECT_EQ(post("/api/v1/estimate?wait=20&format=xml", R"({"network": "lenet5"})").status, 404);
  EXPECT_EQ(post("/api/v1/networks", "").status, 422);
  // A form of another site has no JSON for its type.
  EXPECT_EQ(
      answer(request("POST", "/api/v1/estimate", R"({"network": "lenet5"})", "text/plain")).status,
      415);
  for (const std::string target : {"/x", "/api/v1/x", "/api/v1/jobs/x", "/api/v1/studies/x",
                                   "/studies/x", "/results", "/results?job=x", "/../etc/passwd"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
}

TEST_F(ServeHandlerTest, OtherMethodsAreToldWhichThereAre) {
  EXPECT_EQ(get("/api/v1/estimate").status, 405);
  EXPECT_EQ(get("/compare").status, 405);
  EXPECT_EQ(post("/", "").status, 405);
  EXPECT_THAT(answer(request("PUT", "/api/v1/networks")).headers,
              Contains(Pair("Allow", "GET, HEAD, POST")));
}

TEST_F(ServeHandlerTest, AnUploadIsReadAndThenEstimated) {
  const HttpResponse uploaded = post("/api/v1/networks", "\x08\x07model");
  ASSERT_EQ(uploaded.status, 201) << uploaded.body;
  const json said = json::parse(uploaded.body);
  EXPECT_EQ(said.at("layers"), 2);
  const json body = {{"network", {{"upload", said.at("upload")}}}};
  EXPECT_EQ(post("/api/v1/estimate?wait=20", body.dump()).status, 200);
  EXPECT_THAT(worker_.seen().back().argv, Contains("upload.onnx"));
}

TEST_F(ServeHandlerTest, EveryPathOfTheDescriptionIsThere) {
  const json described = json::parse(page_file("openapi.json"));
  std::ofstream(folder_.path() / "a.study") << "x";
  const std::string study = json::parse(get("/api/v1/studies").body).at("studies").at(0).at("id");
  const std::string job =
      json::parse(post("/api/v1/estimate", R"({"network": "lenet5"})").body).value("id", "");
  const std::string known = board_.recent(1).at(0).id;
  EXPECT_TRUE(job.empty() || job == known);
  for (const auto& [path, methods] : described.at("paths").items()) {
    std::string target = path;
    if (const size_t at = target.find("{id}"); at != std::string::npos) {
      target.replace(at, 4, path.find("studies") != std::string::npos ? study : known);
    }
    for (const auto& [method, operation] : methods.items()) {
      std::string name = method;
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      if (name == "DELETE") continue;
      const HttpResponse response =
          answer(request(name, target, name == "POST" ? R"({"network": "lenet5"})" : ""));
      EXPECT_LT(response.status, 300) << name << " " << target << response.body;
    }
  }
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body +=
        "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  }
  return body + "--XX--\r\n";
}

constexpr const char* kFormType = "multipart/form-data; boundary=XX";

TEST_F(ServeHandlerTest, AFormComparesUpToFour) {
  const HttpResponse sent = answer(request(
      "POST", "/compare",
      form(
          {{"network1", "lenet5"}, {"network2", "lenet5"}, {"machine2", "zen3"}, {"network3", ""}}),
      kFormType));
  ASSERT_EQ(sent.status, 303);
  const std::string place = sent.headers.at(0).second;
  EXPECT_THAT(place, StartsWith("/results?job="));
  for (const JobView& job : board_.recent(10)) ended_job(board_, job.id);
  const HttpResponse page = get(place);
  EXPECT_THAT(page.body, HasSubstr("<td>10.000</td><td>uJ</td>"));
  EXPECT_THAT(page.body, HasSubstr("lenet5 on zen3, batch 1, inference</th>"));
  EXPECT_THAT(page.body, HasSubstr("<th scope=\"row\">conv1</th><td>7</td>"));
  EXPECT_THAT(page.body, Not(HasSubstr("data-live")));
}

// A report has scripts and styles of its own: it gets an origin of its own, too.
TEST_F(ServeHandlerTest, ReportsAreShutOffFromThePage) {
  const HttpResponse report =
      post("/api/v1/estimate?wait=20&format=report", R"({"network": "lenet5"})");
  EXPECT_EQ(report.body, "text of report.html");
  EXPECT_EQ(report.policy, ContentPolicy::kReport);
  const std::string id = board_.recent(1).at(0).id;
  const std::string page = get("/results?job=" + id).body;
  EXPECT_THAT(page, HasSubstr("<iframe src=\"/api/v1/jobs/" + id +
                              "/result?format=report\" sandbox=\"allow-scripts\""));
}

TEST_F(ServeHandlerTest, APageFollowsWhatRunsAndCancelsIt) {
  hangs_ = true;
  const HttpResponse sent =
      answer(request("POST", "/compare", form({{"network1", "lenet5"}}), kFormType));
  const std::string place = sent.headers.at(0).second;
  const HttpResponse page = get(place);
  EXPECT_THAT(page.body, HasSubstr("<main data-live="));
  EXPECT_THAT(page.body, HasSubstr("<noscript><meta http-equiv=\"refresh\""));
  const std::string query = place.substr(place.find('?') + 1);
  const HttpResponse cancelled = answer(request(
      "POST", "/cancel", "cancelled=" + query.substr(4) + "&back=" + "job%3D" + query.substr(4),
      "application/x-www-form-urlencoded"));
  EXPECT_EQ(cancelled.status, 303);
  EXPECT_EQ(cancelled.headers.at(0).second, place);
  EXPECT_EQ(ended_job(board_, query.substr(4)).state, JobState::kCancelled);
}

// A redirection leads nowhere but to our own results.
TEST_F(ServeHandlerTest, NobodyIsSentElsewhere) {
  hangs_ = true;
  post("/api/v1/estimate", R"({"network": "lenet5"})");
  const std::string id = board_.recent(1).at(0).id;
  const HttpResponse sent =
      answer(request("POST", "/cancel", "cancelled=" + id + "&back=//evil.example/",
                     "application/x-www-form-urlencoded"));
  EXPECT_EQ(sent.headers.at(0).second, "/");
}

TEST_F(ServeHandlerTest, WhatOthersNamedIsEscaped) {
  layer_ = "\"<script>alert(1)</script>\"";
  const HttpResponse sent = answer(
      request("POST", "/compare", form({{"network1", "lenet5"}, {"machine1", "zen3"}}), kFormType));
  for (const JobView& job : board_.recent(10)) ended_job(board_, job.id);
  const std::string page = get(sent.headers.at(0).second).body;
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(get("/<script>alert(1)</script>").body, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(get("/api/v1/<script>").type, "application/json");
  std::ofstream(folder_.path() / "<b>&.study") << "x";
  const std::string start = get("/").body;
  EXPECT_THAT(start, HasSubstr("&lt;b&gt;&amp;.study"));
}

TEST_F(ServeHandlerTest, StudiesAreThoseOfTheFolder) {
  std::ofstream(folder_.path() / "b.study") << "x";
  std::ofstream(folder_.path() / "other.json") << "x";
  std::filesystem::create_directory(folder_.path() / "c.study");
  const json studies = json::parse(get("/api/v1/studies").body).at("studies");
  ASSERT_EQ(studies.size(), 1u);
  const std::string id = studies.at(0).at("id");
  EXPECT_EQ(get("/api/v1/studies/" + id).body, "{}");
  EXPECT_EQ(get("/api/v1/studies/" + id + "?format=csv").body, study_csv_);
  const std::string page = get("/studies/" + id).body;
  EXPECT_THAT(page, HasSubstr("no trial is running"));
  EXPECT_THAT(page, HasSubstr("text of study.txt"));
}

// The page asks for the study again whenever its file has changed.
TEST_F(ServeHandlerTest, ALivePageFollowsTheFile) {
  const std::filesystem::path path = folder_.path() / "b.study";
  std::ofstream(path) << "x";
  study_csv_ = "trial,state,width\n0,running,3\n";
  const std::string id = json::parse(get("/api/v1/studies").body).at("studies").at(0).at("id");
  EXPECT_THAT(get("/studies/" + id).body, HasSubstr("trials are running"));
  study_csv_ = "trial,state,width\n0,complete,3\n";
  EXPECT_THAT(get("/studies/" + id).body, HasSubstr("trials are running")) << "from memory";
  std::ofstream(path) << "longer";
  EXPECT_THAT(get("/studies/" + id).body, HasSubstr("no trial is running"));
}

// The page itself keeps the policy that it is served with.
TEST_F(ServeHandlerTest, ThePageHasNoScriptOrStyleOfItsOwn) {
  const std::string page = get("/").body;
  EXPECT_THAT(page, Not(HasSubstr("style=")));
  EXPECT_THAT(page, Not(HasSubstr("onclick")));
  EXPECT_THAT(page, Not(HasSubstr("<style")));
  EXPECT_THAT(page, Not(HasSubstr("//cdn")));
  EXPECT_EQ(get("/page.css").type, "text/css");
  EXPECT_EQ(get("/page.js").type, "text/javascript");
}

}  // namespace
}  // namespace wattgrind
