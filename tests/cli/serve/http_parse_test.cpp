#include "cli/serve/http_parse.h"

#include <gmock/gmock.h>

#include <string>

namespace wattgrind {
namespace {

using State = HttpReading::State;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr HttpLimits kSmall = {100, 400, 8, 1000};

HttpReading reading(const std::string& bytes) { return read_http(bytes, kSmall); }

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(ReadHttp, TakesARequestApart) {
  const HttpReading found = reading(
      "POST /a%20b?x=1&y=a+b%26 HTTP/1.1\r\nHost: h:1\r\nX-One:  two \r\nContent-Length: "
      "3\r\n\r\nabcGET");
  ASSERT_EQ(found.state, State::kWhole);
  EXPECT_EQ(found.request.method, "POST");
  EXPECT_EQ(found.request.path, "/a b");
  EXPECT_THAT(found.request.query, UnorderedElementsAre(Pair("x", "1"), Pair("y", "a b&")));
  EXPECT_EQ(found.request.header("x-one"), "two");
  EXPECT_EQ(found.request.header("host"), "h:1");
  EXPECT_EQ(found.request.body, "abc");
  EXPECT_TRUE(found.request.keep_alive);
}

// Whatever pieces a request comes in, it is the same one.
TEST(ReadHttp, WaitsForWhatIsMissing) {
  const std::string whole = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
  const size_t head = whole.find("\r\n\r\n") + 4;
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(reading(whole.substr(0, i)).state, i < head ? State::kHead : State::kBody) << i;
  }
  EXPECT_EQ(reading(whole).bytes, whole.size());
}

TEST(ReadHttp, SaysWhetherTheConnectionGoesOn) {
  EXPECT_FALSE(reading("GET / HTTP/1.0\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(reading("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n").request.keep_alive);
  EXPECT_TRUE(reading("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                  .wants_continue);
}

struct RefusedRequest {
  std::string bytes;
  int status;
};

TEST(ReadHttp, RefusesWhatIsWrong) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const RefusedRequest& wrong : std::vector<RefusedRequest>{
           {"GET  / HTTP/1.1\r\n\r\n", 400},
           {"GET /\r\n\r\n", 400},
           {"G\x01T / HTTP/1.1\r\n\r\n", 400},
           {std::string("\x16\x03\x01\x02", 4) + "\r\n\r\n", 400},
           {"GET / HTTP/2.0\r\n\r\n", 505},
           {"GET / FTP/1.1\r\n\r\n", 400},
           {get("http://a/"), 400},
           {get("*"), 400},
           {get("/%"), 400},
           {get("/%4"), 400},
           {get("/%zz"), 400},
           {get("/%00"), 400},
           {get("/%0d%0aSet-Cookie:a=b"), 400},
           {get("/?a=%0a"), 400},
           {get("/\xff"), 400},
           {get("/" + std::string(100, 'a')), 414},
           {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nnameless\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
           {std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29), 400},
           {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
           {post + "Content-Length:\r\nContent-Length: 9\r\n\r\n", 400},
           {post + "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            400},
           {post + "Content-Length: -1\r\n\r\n", 400},
           {post + "Content-Length: +1\r\n\r\n", 400},
           {post + "Content-Length: 1, 1\r\n\r\n", 400},
           {post + "Content-Length: 1001\r\n\r\n", 413},
           {post + "Content-Length: 99999999999999999999999\r\n\r\n", 413},
           {post + "\r\n", 411},
           {post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 411},
           {post + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n", 415},
           {"GET / HTTP/1.1\r\nX: " + std::string(500, 'a'), 431},
           {std::string(500, 'a'), 414},
           {"GET / HTTP/1.1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\nA:1\r\n\r\n",
            431}}) {
    const HttpReading found = reading(wrong.bytes);
    EXPECT_EQ(found.state, State::kRefused) << wrong.bytes;
    EXPECT_EQ(found.refusal.status, wrong.status) << wrong.bytes;
  }
}

TEST(HttpResponse, NoHeadersValueBeginsAnotherHeader) {
  HttpResponse response{200, "text/plain", "body"};
  response.headers = {{"Location", "/a\r\nSet-Cookie: b=c"}};
  const std::string bytes = response_bytes(response, true, true);
  EXPECT_THAT(bytes, testing::HasSubstr("\r\nLocation: /a__Set-Cookie: b=c\r\n"));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\nbody"));
  EXPECT_TRUE(response_bytes(response, false, true).ends_with("\r\n\r\n"));
}

TEST(HttpResponse, EveryAnswerKeepsBrowsersFromDoingHarm) {
  const std::string page = response_bytes({200, "text/html", ""}, true, true);
  for (const std::string header :
       {"Content-Security-Policy: default-src 'none';", "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY", "Referrer-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin"}) {
    EXPECT_THAT(page, testing::HasSubstr("\r\n" + header));
  }
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("unsafe-inline")));
  HttpResponse report{200, "text/html", ""};
  report.policy = ContentPolicy::kReport;
  EXPECT_THAT(
      response_bytes(report, true, true),
      testing::HasSubstr("Content-Security-Policy: sandbox allow-scripts; default-src 'none'"));
}

}  // namespace
}  // namespace wattgrind
