// Any bytes are either refused with an Error of one line or read into a model, which is refused so
// or becomes a network that, written and read again, is the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "estimator/base/error.h"
#include "estimator/network/network_file.h"
#include "estimator/onnx/import.h"
#include "estimator/onnx/model_file.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::ImportedModel;
using wattgrind::OnnxModel;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const OnnxModel model =
        wattgrind::parse_onnx_model(std::as_bytes(std::span(data, size)), "/nonexistent", "fuzz");
    const ImportedModel imported = wattgrind::import_onnx(model, {}, "fuzz", "fuzz");
    const std::string written = wattgrind::write_network(imported.network);
    const auto again = wattgrind::read_network(written, "written");
    CHECK(again.macs() == imported.network.macs(), "{}", written);
    CHECK(wattgrind::write_network(again) == written, "{}", written);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput || error.kind() == ErrorKind::kUsage, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
  return 0;
}
