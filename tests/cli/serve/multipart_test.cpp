#include "cli/serve/multipart.h"

#include <gmock/gmock.h>

namespace wattgrind {
namespace {

using testing::Optional;
using testing::Pair;
using testing::UnorderedElementsAre;

std::optional<FormFields> form(const std::string& type, const std::string& body) {
  HttpRequest request;
  request.headers = {{"content-type", type}};
  request.body = body;
  return read_form(request);
}

const std::string kType = "multipart/form-data; boundary=XX";

// As RFC 7578 shows one; a file may hold anything, line ends and all.
TEST(Multipart, HoldsFieldsAndFiles) {
  EXPECT_THAT(
      form(kType,
           "--XX\r\nContent-Disposition: form-data; name=\"machine1\"\r\n\r\nzen3\r\n"
           "--XX\r\ncontent-disposition: form-data; name=\"file1\"; filename=\"../x\"\r\n"
           "Content-Type: application/octet-stream\r\n\r\n\r\n--X\r\n\r\n--XX--\r\n"),
      Optional(UnorderedElementsAre(Pair("machine1", "zen3"), Pair("file1", "\r\n--X\r\n"))));
  EXPECT_THAT(form("multipart/form-data; boundary=\"XX\"", "--XX--"), Optional(testing::IsEmpty()));
}

TEST(Multipart, WhatIsNoneIsAbsent) {
  const std::string field = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb";
  for (const std::string& body :
       {std::string(), std::string("a=b"), field, field + "\r\n--XX", field + "\r\n--YY--",
        std::string("--XX\r\n\r\nb\r\n--XX--"), std::string("--XX\r\nX: y\r\n\r\nb\r\n--XX--"),
        std::string("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n--XX--")}) {
    EXPECT_FALSE(form(kType, body)) << body;
  }
  EXPECT_FALSE(form("multipart/form-data; boundary=", "--\r\n"));
  EXPECT_FALSE(form("application/json", "{}"));
  EXPECT_FALSE(form("multipart/form-data; boundary=" + std::string(71, 'a'), ""));
}

TEST(Urlencoded, IsAFormToo) {
  EXPECT_THAT(form("application/x-www-form-urlencoded", "cancelled=a1&back=job%3Da"),
              Optional(UnorderedElementsAre(Pair("cancelled", "a1"), Pair("back", "job=a"))));
  EXPECT_FALSE(form("application/x-www-form-urlencoded", "a=%"));
}

}  // namespace
}  // namespace wattgrind
