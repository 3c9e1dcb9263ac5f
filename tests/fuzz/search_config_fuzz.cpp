// Any text (whose machine is taken to be Zen 3) is either refused with an Error of one line or read
// into a search whose smallest and largest candidates can be built, and for which its sampler
// proposes a candidate.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "search/candidates/search_config.h"
#include "search/space/enumerate.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::SearchConfig;

namespace {

void build(const SearchConfig& config, const wattgrind::Configuration& configuration) {
  const auto candidate = wattgrind::make_candidate(
      config.form, wattgrind::to_json(config.space, configuration), "candidate");
  CHECK(!candidate.network.layers.empty(), "{}", config.name);
}

void use(const SearchConfig& config) {
  CHECK(config.trials > 0 && config.epochs > 0, "{} and {}", config.trials, config.epochs);
  for (const double share : {0.0, 1.0}) {
    build(config, wattgrind::configuration_at_share(config.space, share));
  }
  const auto sampler = wattgrind::make_sampler(config.sampler, config.space, config.seed);
  if (const auto asked = sampler->ask(0, {})) build(config, *asked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    use(wattgrind::read_search_config(text, "fuzz"));
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
  return 0;
}
