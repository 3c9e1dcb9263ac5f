// The server with clients that behave and clients that do not, over real connections.
#include "cli/serve/http_server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "estimator/base/error.h"
#include "tests/cli/serve/http_client.h"

namespace wattgrind {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

// Says back what it was asked; "/later" when it is told to.
class EchoHandler final : public HttpHandler {
 public:
  std::optional<HttpResponse> refuse(const HttpRequest& head) override {
    if (head.path == "/refused") return json_error(403, "no");
    return std::nullopt;
  }
  HttpAnswer answer(const HttpRequest& request) override {
    ++answered_;
    if (request.path == "/later") {
      return LaterAnswer{[this](bool at_the_end) -> std::optional<HttpResponse> {
                           if (ready_) return HttpResponse{200, "text/plain", "ready"};
                           if (at_the_end) return HttpResponse{202, "text/plain", "not yet"};
                           return std::nullopt;
                         },
                         std::chrono::steady_clock::now() + later_};
    }
    if (request.path == "/large") return HttpResponse{200, "text/plain", std::string(8 << 20, 'x')};
    return HttpResponse{200, "text/plain",
                        request.method + " " + request.path + " " + request.body};
  }

  std::atomic<bool> ready_ = false;
  std::atomic<int> answered_ = 0;
  milliseconds later_{20'000};
};

class HttpServerTest : public testing::Test {
 protected:
  ~HttpServerTest() override {
    if (!server_) return;
    server_->stop();
    thread_.join();
  }

  void serve(const ServerLimits& limits = {}) {
    server_.emplace("127.0.0.1", 0, limits);
    thread_ = std::thread([this] { server_->run(handler_); });
  }

  TestClient client() const { return TestClient(server_->port()); }

  std::string answer_to(const std::string& bytes) const {
    TestClient asking = client();
    EXPECT_TRUE(asking.say(bytes));
    return asking.hear();
  }

  EchoHandler handler_;
  std::optional<HttpServer> server_;
  std::thread thread_;
};

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(HttpServerTest, AnswersOneAfterTheOtherOnAConnection) {
  serve();
  TestClient asking = client();
  asking.say(kGet);
  EXPECT_EQ(body_of_answer(asking.hear()), "GET /a ");
  asking.say("POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyz" + kGet);
  const std::string both = asking.hear() + asking.hear(milliseconds(2000));
  EXPECT_THAT(both, HasSubstr("POST /b xyz"));
  EXPECT_THAT(both, HasSubstr("GET /a "));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  serve();
  TestClient asking = client();
  asking.say("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string answer = asking.hear();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, LargeAnswersArriveWhole) {
  serve();
  EXPECT_EQ(body_of_answer(answer_to("GET /large HTTP/1.1\r\n\r\n")).size(), size_t{8} << 20);
}

TEST_F(HttpServerTest, WhatIsRefusedByItsHeadIsNotWaitedFor) {
  serve();
  EXPECT_EQ(
      status_of_answer(answer_to("POST /refused HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")),
      403);
  EXPECT_EQ(handler_.answered_, 0);
}

TEST_F(HttpServerTest, ClientsThatWaitForAWordGetIt) {
  serve();
  TestClient asking = client();
  asking.say("POST /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_THAT(asking.hear(milliseconds(500)), StartsWith("HTTP/1.1 100 Continue\r\n"));
  asking.say("x");
  EXPECT_EQ(body_of_answer(asking.hear()), "POST /b x");
}

TEST_F(HttpServerTest, AnAnswerMayComeLater) {
  serve();
  TestClient asking = client();
  asking.say("GET /later HTTP/1.1\r\n\r\n");
  EXPECT_EQ(asking.hear(milliseconds(100)), "");
  EXPECT_EQ(body_of_answer(answer_to(kGet)), "GET /a ") << "others are not held up";
  handler_.ready_ = true;
  server_->wake();
  EXPECT_EQ(body_of_answer(asking.hear()), "ready");
}

TEST_F(HttpServerTest, WhoWaitsForALateAnswerGetsOneInTime) {
  handler_.later_ = milliseconds(100);
  serve();
  EXPECT_EQ(status_of_answer(answer_to("GET /later HTTP/1.1\r\n\r\n")), 202);
}

TEST_F(HttpServerTest, MalformedRequestsAreAnsweredAndEnd) {
  ServerLimits limits;
  limits.closing_time = milliseconds(100);
  serve(limits);
  for (const std::string bytes :
       {"GARBAGE\r\n\r\n", "\x16\x03\x01 TLS\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n"}) {
    TestClient asking = client();
    asking.say(bytes);
    const int status = status_of_answer(asking.hear());
    EXPECT_GE(status, 400) << bytes;
    asking.hear(milliseconds(3000));
    EXPECT_TRUE(asking.closed()) << bytes;
  }
  EXPECT_EQ(body_of_answer(answer_to(kGet)), "GET /a ");
}

// Slowloris: a byte now and then does not make a request's time any longer.
TEST_F(HttpServerTest, SlowClientsAreEnded) {
  ServerLimits limits;
  limits.head_time = milliseconds(300);
  serve(limits);
  TestClient slow = client();
  const auto start = std::chrono::steady_clock::now();
  bool open = true;
  while (open && std::chrono::steady_clock::now() - start < std::chrono::seconds(10)) {
    open = slow.say("G") && slow.hear(milliseconds(50)).empty() && !slow.closed();
  }
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(HttpServerTest, SlowBodiesAreEnded) {
  ServerLimits limits;
  limits.body_time = milliseconds(200);
  serve(limits);
  TestClient slow = client();
  slow.say("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nx");
  EXPECT_EQ(status_of_answer(slow.hear()), 408);
}

// Who never reads an answer holds its memory no longer than a while.
TEST_F(HttpServerTest, ClientsThatDoNotReadAreEnded) {
  ServerLimits limits;
  limits.send_time = milliseconds(200);
  serve(limits);
  TestClient deaf = client();
  deaf.say("GET /large HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(600));
  EXPECT_LT(deaf.hear(milliseconds(5000)).size(), size_t{8} << 20);
  EXPECT_TRUE(deaf.closed());
}

TEST_F(HttpServerTest, HalfOpenConnectionsAreServedAndEnd) {
  serve();
  TestClient half = client();
  half.say(kGet);
  half.say_no_more();
  EXPECT_EQ(body_of_answer(half.hear()), "GET /a ");
  half.hear(milliseconds(3000));
  EXPECT_TRUE(half.closed());
}

TEST_F(HttpServerTest, AThousandConnectionsLeaveItAnswering) {
  serve();
  std::vector<TestClient> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(client());
    if (i % 2 == 0) many.back().say("GET /never HTT");
  }
  EXPECT_EQ(body_of_answer(answer_to(kGet)), "GET /a ");
  many.back().say(kGet);
  EXPECT_EQ(body_of_answer(many.back().hear()), "GET /a ") << "one of them may still ask";
}

TEST_F(HttpServerTest, WithTooManyWhoSaysNothingGivesWay) {
  ServerLimits limits;
  limits.connections = 10;
  serve(limits);
  std::vector<TestClient> many;
  for (int i = 0; i < 50; ++i) many.push_back(client());
  EXPECT_EQ(body_of_answer(answer_to(kGet)), "GET /a ");
  many.front().hear(milliseconds(2000));
  EXPECT_TRUE(many.front().closed());
}

TEST_F(HttpServerTest, UploadsTogetherHaveALimit) {
  ServerLimits limits;
  limits.buffered_bytes = 1 << 20;
  serve(limits);
  std::vector<TestClient> many;
  int refused = 0;
  for (int i = 0; i < 4; ++i) {
    many.push_back(client());
    many.back().say("POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n" +
                    std::string(600'000, 'x'));
  }
  for (TestClient& one : many)
    refused += status_of_answer(one.hear(milliseconds(1000))) == 503 ? 1 : 0;
  EXPECT_GE(refused, 1);
  EXPECT_LT(refused, 4);
}

// Each answer is of 8 MiB, far more than the system takes from the server before a client reads.
TEST_F(HttpServerTest, AnswersThatNobodyTakesHaveALimit) {
  ServerLimits limits;
  limits.buffered_bytes = 20 << 20;
  serve(limits);
  std::vector<TestClient> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(client());
    slow.back().say("GET /large HTTP/1.1\r\n\r\n");
    while (handler_.answered_ <= i) std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(body_of_answer(answer_to(kGet)), "GET /a ");
  std::vector<bool> whole;
  for (TestClient& one : slow) {
    whole.push_back(body_of_answer(one.hear()).size() == size_t{8} << 20);
  }
  EXPECT_THAT(whole, testing::ElementsAre(false, false, true, true)) << "the slowest go first";
}

TEST(HttpServer, APortInUseIsSaid) {
  const HttpServer first("127.0.0.1", 0);
  try {
    const HttpServer second("127.0.0.1", first.port());
    FAIL() << "two servers on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    EXPECT_THAT(error.what(), HasSubstr("Address already in use; --port takes another"));
  }
}

TEST(HttpServer, AnAddressThatIsNoneIsSaid) {
  EXPECT_THROW(HttpServer("localhost", 0), Error);
  EXPECT_THROW(HttpServer("256.1.1.1", 0), Error);
  EXPECT_NE(HttpServer("::1", 0).port(), 0);
}

}  // namespace
}  // namespace wattgrind
