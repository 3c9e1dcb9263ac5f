// Any text, as one of the formats that the room reads, is either refused with an Error of one line
// or read into a network that, written and read again, is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/imports/deepmeter.h"
#include "estimator/imports/ncnn.h"
#include "estimator/imports/paleo.h"
#include "estimator/network/network_file.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::Network;

namespace {

Network read(std::string_view text) {
  if (text.starts_with('{') || text.starts_with('[')) {
    const auto document = wattgrind::parse_ordered_json(text, "fuzz");
    return document.is_array() ? wattgrind::read_deepmeter(document, "net", "fuzz")
                               : wattgrind::read_paleo(document, "fuzz");
  }
  return wattgrind::read_ncnn(text, "net", "fuzz");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const Network network = read({reinterpret_cast<const char*>(data), size});
    const std::string written = wattgrind::write_network(network);
    CHECK(wattgrind::write_network(wattgrind::read_network(written, "written")) == written, "{}",
          written);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput || error.kind() == ErrorKind::kUsage, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
  return 0;
}
