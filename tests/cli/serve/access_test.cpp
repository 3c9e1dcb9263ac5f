#include "cli/serve/access.h"

#include <gmock/gmock.h>

namespace wattgrind {
namespace {

HttpRequest request_of(const std::string& method,
                       std::vector<std::pair<std::string, std::string>> headers) {
  HttpRequest request;
  request.method = method;
  request.path = "/";
  request.headers = std::move(headers);
  return request;
}

int status(const HttpRequest& request, const AccessRules& rules) {
  const auto response = refuse_access(request, rules);
  return response ? response->status : 200;
}

const AccessRules kLocal = {8737, true, {}, std::nullopt};

// A page of evil.example whose name was bound anew to 127.0.0.1 has its own name in Host.
TEST(Access, OnlyNamesOfOursAreServed) {
  for (const std::string host :
       {"localhost:8737", "LocalHost:8737", "127.0.0.1:8737", "[::1]:8737"}) {
    EXPECT_EQ(status(request_of("GET", {{"host", host}}), kLocal), 200) << host;
  }
  for (const std::string host :
       {"", "evil.example:8737", "localhost", "localhost:80", "127.0.0.1.evil.example:8737",
        "localhost.evil.example:8737", "192.168.0.1:8737", "127.0.0.1:8737:8737", "[::1]",
        "a@localhost:8737"}) {
    EXPECT_EQ(status(request_of("GET", {{"host", host}}), kLocal), 421) << host;
  }
}

TEST(Access, NamesMayBeAdded) {
  AccessRules rules = kLocal;
  rules.hosts = {"lab.example"};
  EXPECT_EQ(status(request_of("GET", {{"host", "lab.example:8737"}}), rules), 200);
}

TEST(Access, AnotherSitesFormsChangeNothing) {
  const auto post = [](const std::string& name, const std::string& value) {
    return status(request_of("POST", {{"host", "localhost:8737"}, {name, value}}), kLocal);
  };
  EXPECT_EQ(post("origin", "http://localhost:8737"), 200);
  EXPECT_EQ(post("x", "curl sends neither"), 200);
  for (const std::string origin : {"http://evil.example", "null", "https://localhost:8737",
                                   "http://localhost:8738", "http://127.0.0.1:8737"}) {
    EXPECT_EQ(post("origin", origin), 403) << origin;
  }
  EXPECT_EQ(post("sec-fetch-site", "cross-site"), 403);
  EXPECT_EQ(post("sec-fetch-site", "same-site"), 403);
  EXPECT_EQ(post("sec-fetch-site", "same-origin"), 200);
  EXPECT_EQ(
      status(request_of("DELETE", {{"host", "localhost:8737"}, {"origin", "http://e"}}), kLocal),
      403);
}

class AccessFromOutside : public testing::Test {
 protected:
  AccessRules rules_{8737, false, {}, "0123456789abcdef"};

  HttpRequest with(const std::string& name, const std::string& value) const {
    return request_of("GET", {{"host", "192.168.0.7:8737"}, {name, value}});
  }
};

TEST_F(AccessFromOutside, WantsTheToken) {
  EXPECT_EQ(status(with("x", ""), rules_), 401);
  EXPECT_EQ(status(with("authorization", "Bearer 0123456789abcdef"), rules_), 200);
  EXPECT_EQ(status(with("authorization", "Bearer 0123456789abcdeg"), rules_), 401);
  EXPECT_EQ(status(with("authorization", "Bearer "), rules_), 401);
  EXPECT_EQ(status(with("authorization", "0123456789abcdef"), rules_), 401);
  EXPECT_EQ(status(with("cookie", "a=b; wattgrind_8737=0123456789abcdef"), rules_), 200);
  EXPECT_EQ(status(with("cookie", "a=wattgrind_8737=0123456789abcdef"), rules_), 401);
}

TEST_F(AccessFromOutside, TheTokenInTheUrlBecomesACookie) {
  HttpRequest request = with("x", "");
  request.query["token"] = "0123456789abcdef";
  const auto response = refuse_access(request, rules_);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 303);
  EXPECT_THAT(response->headers,
              testing::Contains(testing::Pair("Set-Cookie",
                                              "wattgrind_8737=0123456789abcdef; HttpOnly; "
                                              "SameSite=Strict; Path=/")));
  request.query["token"] = "0123456789abcdeg";
  EXPECT_EQ(status(request, rules_), 401);
}

TEST(EqualInConstantTime, IsEqual) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (const std::string given : {"", "ab", "abd", "abcabc", "xbc"}) {
    EXPECT_FALSE(equal_in_constant_time(given, "abc")) << given;
  }
  EXPECT_FALSE(equal_in_constant_time("", ""));
}

TEST(RandomToken, IsAnotherEachTime) {
  EXPECT_EQ(random_token().size(), 32u);
  EXPECT_NE(random_token(), random_token());
}

}  // namespace
}  // namespace wattgrind
