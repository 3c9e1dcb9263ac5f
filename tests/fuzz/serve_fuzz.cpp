// Any bytes on a connection are waited for, refused or answered, in pieces as in one; and any
// answer is one answer, in which nothing of the request became a header or an element.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/serve/http_parse.h"
#include "cli/serve/serve_handler.h"
#include "estimator/base/error.h"

namespace {

using wattgrind::HttpAnswer;
using wattgrind::HttpReading;
using wattgrind::HttpRequest;
using wattgrind::HttpResponse;
using State = HttpReading::State;

// Runs nothing: there are no workers.
class NoRunner final : public wattgrind::ProcessRunner {
 public:
  wattgrind::ProcessResult run(const wattgrind::ProcessSpec&) override {
    return {wattgrind::ProgramNotFound{}, {}, {}};
  }
};

void check_answer(const HttpRequest& request, const HttpResponse& response) {
  CHECK(response.status >= 200 && response.status < 600, "{}", response.status);
  const std::string bytes = wattgrind::response_bytes(response, true, request.keep_alive);
  const size_t head = bytes.find("\r\n\r\n");
  CHECK(bytes.size() - head - 4 == response.body.size(), "a header broke out");
  const std::string_view headers = std::string_view(bytes).substr(0, head);
  CHECK(headers.find("\r\nX-Evil") == std::string_view::npos, "{}", headers);
  if (response.type.starts_with("text/html")) {
    CHECK(response.body.find("<evil") == std::string::npos, "{}", response.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static NoRunner runner;
  static wattgrind::JobLimits limits = [] {
    wattgrind::JobLimits none;
    none.workers = 0;
    return none;
  }();
  static wattgrind::JobBoard board("none", runner, limits, [] {});
  static wattgrind::ServeHandler handler({8737, true, {}, std::nullopt}, {"/nonexistent", "1"},
                                         board);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const wattgrind::HttpLimits small = {200, 1000, 16, 4000};
  const HttpReading reading = wattgrind::read_http(bytes, small);
  // What is a request, or none, stays so whatever comes behind it.
  if (reading.state == State::kWhole) {
    CHECK(reading.bytes <= size, "{} of {} bytes", reading.bytes, size);
    const HttpReading exactly = wattgrind::read_http(bytes.substr(0, reading.bytes), small);
    CHECK(exactly.state == State::kWhole && exactly.bytes == reading.bytes,
          "depends on what follows");
    const HttpReading less = wattgrind::read_http(bytes.substr(0, reading.bytes - 1), small);
    CHECK(less.state == State::kHead || less.state == State::kBody, "whole before its end");
  }
  if (reading.state == State::kRefused) check_answer(reading.request, reading.refusal);
  if (reading.state != State::kWhole) return 0;
  if (const auto refusal = handler.refuse(reading.request)) check_answer(reading.request, *refusal);
  HttpAnswer answer = handler.answer(reading.request);
  if (const auto* later = std::get_if<wattgrind::LaterAnswer>(&answer)) {
    answer = later->ready(true).value();
  }
  check_answer(reading.request, std::get<HttpResponse>(answer));
  return 0;
}
