// Any text is either refused with an Error or read into functions that add up to the summary.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cachesim/cachegrind/cachegrind_output.h"
#include "estimator/base/error.h"

using wattgrind::CachegrindCounts;
using wattgrind::CachegrindFunction;
using wattgrind::CachegrindOutput;
using wattgrind::Error;
using wattgrind::ErrorKind;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const CachegrindOutput output = wattgrind::parse_cachegrind_output(text, "fuzz");
    CachegrindCounts sum;
    for (const CachegrindFunction& function : output.functions) {
      for (size_t i = 0; i < sum.values.size(); ++i) {
        sum.values[i] += function.counts.values[i];
        CHECK(sum.values[i] >= function.counts.values[i], "{} overflows", function.name);
      }
    }
    CHECK(sum == output.summary, "{} functions do not add up", output.functions.size());
    CHECK(text.ends_with('\n'), "{} bytes without an end", size);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFailed, "{}", error.what());
  }
  return 0;
}
