// Any text is either refused with an Error of one line or read into a machine that, written and
// read again, is the same. Profiles as `calibrate` writes them are among the seeds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/machine/machine_file.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::Machine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Machine machine = wattgrind::read_machine(text, "fuzz");
    CHECK(!machine.levels.empty(), "{} has no cache", machine.name);
    const std::string written = wattgrind::write_machine(machine);
    CHECK(wattgrind::write_machine(wattgrind::read_machine(written, "written")) == written, "{}",
          written);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
  return 0;
}
