// Any lines told to a session are either taken or refused with an Error that changes nothing: the
// trials in flight stay, and the answer to a refusal is one line of JSON.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "search/study/ask_tell.h"

using wattgrind::AskTell;
using wattgrind::AskTellConfig;
using wattgrind::Error;
using wattgrind::ErrorKind;

namespace {

constexpr std::string_view kConfig = R"({"space": {"x": {"int": [0, 9]}, "y": {"float": [0, 1]}},
                                         "sampler": {"kind": "random"}})";

AskTellConfig config_of(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text);
  return wattgrind::parse_ask_tell_config(json, "config");
}

void tell(AskTell& session, std::string_view line) {
  const std::string before = session.refusal("");
  try {
    session.tell(line, "line");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInput, "{}", error.what());
    CHECK(session.refusal("") == before, "{} changed {}", line, before);
    const std::string answer = session.refusal(error.what());
    CHECK(std::none_of(answer.begin(), answer.end(), [](char c) { return c == '\n'; }), "{}",
          answer);
    CHECK(nlohmann::json::parse(answer).at("error").is_string(), "{}", answer);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  AskTellConfig config = config_of(kConfig);
  auto sampler = wattgrind::make_sampler(config.sampler, config.space, config.seed);
  AskTell session(std::move(config.space), std::move(sampler), 3);
  constexpr int kMostLines = 20;
  for (int i = 0; i < kMostLines && !text.empty() && !session.ended(); ++i) {
    session.ask();
    const size_t end = std::min(text.find('\n'), text.size());
    tell(session, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 0;
}
