// wattgrind serve, with the program itself and its workers.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/cli/serve/http_client.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// The program, serving on a free port until the test's end.
class RunningServer {
 public:
  explicit RunningServer(const std::string& options = "") {
    const std::string said = folder_.path() / "said";
    const std::string command = "exec \"$0\" serve --port 0 " + options + " >" + said;
    thread_ = std::thread([this, command] {
      ProcessSpec spec{{"/bin/sh", "-c", command, program_path()}, {"PATH=/usr/bin:/bin"}};
      spec.should_stop = [this] { return stop_.load(); };
      result_ = make_process_runner()->run(spec);
    });
    for (int i = 0; i < 1000 && url_.find('\n') == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (fs::exists(said)) url_ = read_file(said);
    }
  }
  ~RunningServer() {
    stop_ = true;
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  const std::string& url() const { return url_; }
  uint16_t port() const {
    return static_cast<uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
  }
  std::string host() const { return "127.0.0.1:" + std::to_string(port()); }

  std::string ask(const std::string& line, const std::string& body = "",
                  const std::string& more = "Content-Type: application/json\r\n") const {
    TestClient client(port());
    client.say(line + " HTTP/1.1\r\nHost: " + host() + "\r\n" + more +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.hear(std::chrono::milliseconds(60'000));
  }

 private:
  const TemporaryFolder folder_;
  std::string url_;
  std::atomic<bool> stop_ = false;
  ProcessResult result_;
  std::thread thread_;
};

TEST(Serve, AnEstimateIsWhatTheCommandLineSays) {
  const RunningServer server;
  const std::string answer =
      server.ask("POST /api/v1/estimate?wait=60", R"({"network": "lenet5", "machine": "zen3"})");
  ASSERT_EQ(status_of_answer(answer), 200) << answer;
  const Ran ran = run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--format", "json"});
  EXPECT_EQ(json::parse(body_of_answer(answer)), json::parse(ran.out));
  const std::string csv = server.ask("POST /api/v1/estimate?wait=60&format=csv",
                                     R"({"network": "lenet5", "machine": "zen3"})");
  EXPECT_EQ(body_of_answer(csv),
            run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--format", "csv"}).out);
}

TEST(Serve, WhatIsNoNetworkIsRefusedWithTheCommandLinesWords) {
  const RunningServer server;
  const TemporaryFolder folder;
  for (const std::string text : {"{\"layers\": 7}", "{", "no network at all"}) {
    const std::string answer = server.ask("POST /api/v1/networks", text);
    EXPECT_EQ(status_of_answer(answer), 422) << answer;
    const std::string message = json::parse(body_of_answer(answer)).at("error").at("message");
    const std::string name = text[0] == '{' ? "upload.json" : "upload.onnx";
    write_file(folder.path() / name, text);
    const ProcessResult said = make_process_runner()->run(
        {{program_path(), "networks", name}, {"PATH=/usr/bin:/bin"}, folder.path()});
    EXPECT_EQ("wattgrind: " + message + "\n", said.error);
  }
}

TEST(Serve, AnUploadedNetworkIsEstimated) {
  const RunningServer server;
  const std::string network = run_wattgrind({"networks", "lenet5", "--format", "json"}).out;
  const std::string uploaded = server.ask("POST /api/v1/networks", network);
  ASSERT_EQ(status_of_answer(uploaded), 201) << uploaded;
  const json request = {
      {"network", {{"upload", json::parse(body_of_answer(uploaded)).at("upload")}}},
      {"machine", "zen3"}};
  const std::string answer = server.ask("POST /api/v1/estimate?wait=60", request.dump());
  EXPECT_EQ(json::parse(body_of_answer(answer)).at("network").at("macs"), 416'520);
}

TEST(Serve, ACrashOrALimitOfAWorkerDoesNotEndIt) {
  const RunningServer server("--time-limit 1 --memory 0.25");
  // A quarter of a gibibyte holds no training of VGG-16; a second is over before it is counted.
  const std::string answer =
      server.ask("POST /api/v1/estimate?wait=60",
                 R"({"network": "vgg16", "machine": "zen3", "phase": "training", "batch": 8})");
  EXPECT_GE(status_of_answer(answer), 422) << answer;
  EXPECT_EQ(status_of_answer(server.ask("GET /api/v1/version")), 200);
}

TEST(Serve, ForeignNamesAndSitesAreRefused) {
  const RunningServer server;
  TestClient client(server.port());
  client.say("GET / HTTP/1.1\r\nHost: evil.example:" + std::to_string(server.port()) + "\r\n\r\n");
  EXPECT_EQ(status_of_answer(client.hear()), 421);
  EXPECT_EQ(status_of_answer(server.ask("POST /compare", "", "Origin: http://evil.example\r\n")),
            403);
}

TEST(Serve, BeyondThisComputerItWantsItsToken) {
  const RunningServer server("--bind 0.0.0.0");
  const size_t at = server.url().find("?token=");
  ASSERT_NE(at, std::string::npos) << server.url();
  EXPECT_EQ(status_of_answer(server.ask("GET /")), 401);
  const std::string token = server.url().substr(at + 7, 32);
  EXPECT_EQ(status_of_answer(server.ask("GET /", "", "Authorization: Bearer " + token + "\r\n")),
            200);
}

TEST(Serve, AStudyIsShownLive) {
  const TemporaryFolder folder;
  const std::string study = folder.path() / "dffr.study";
  run_wattgrind({"search", "dffr_digits", "--trials", "2", "--study", study, "--quiet"});
  const RunningServer server("--studies " + folder.path().string());
  const json studies = json::parse(body_of_answer(server.ask("GET /api/v1/studies"))).at("studies");
  ASSERT_EQ(studies.size(), 1u);
  const std::string id = studies.at(0).at("id");
  const std::string csv = body_of_answer(server.ask("GET /api/v1/studies/" + id + "?format=csv"));
  EXPECT_EQ(csv, run_wattgrind({"study", study, "--format", "csv"}).out);
  run_wattgrind(
      {"search", "dffr_digits", "--trials", "3", "--study", study, "--quiet", "--resume"});
  EXPECT_NE(body_of_answer(server.ask("GET /api/v1/studies/" + id + "?format=csv")), csv);
}

TEST(Serve, BadOptionsAreSaid) {
  const RunningServer server;
  Ran ran = run_wattgrind({"serve", "--port", std::to_string(server.port())});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.error, HasSubstr("Address already in use; --port takes another"));
  EXPECT_EQ(run_wattgrind({"serve", "--port", "65536"}).status, 2);
  EXPECT_EQ(run_wattgrind({"serve", "--bind", "here"}).status, 2);
  const TemporaryFolder folder;
  write_file(folder.path() / "token", "short\n");
  ran = run_wattgrind({"serve", "--port", "0", "--token-file", folder.path() / "token"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("wanted a token of at least 16 characters"));
}

}  // namespace
}  // namespace wattgrind
