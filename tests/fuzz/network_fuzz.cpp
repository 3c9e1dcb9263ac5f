// Any text is either refused with an Error of one line or read into a network that, written and
// read again, is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/network/network_file.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::Network;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Network network = wattgrind::read_network(text, "fuzz");
    uint64_t macs = 0;
    for (const wattgrind::Layer& layer : network.layers) {
      CHECK(layer.output_shape.elements() > 0, "{} has no output", layer.name);
      CHECK(!__builtin_add_overflow(macs, layer.macs, &macs), "{} overflows", layer.name);
    }
    const std::string written = wattgrind::write_network(network);
    CHECK(wattgrind::write_network(wattgrind::read_network(written, "written")) == written, "{}",
          written);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
  return 0;
}
