// Any text is either refused with an Error of one line or read: as a profile of an accelerator,
// which is written as it was read; as zeros by layer; and as 25 columns a layer, whose layers are
// written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/dataflow/mit_file.h"
#include "estimator/dataflow/sparsity_file.h"

using wattgrind::Accelerator;
using wattgrind::DataflowTasks;
using wattgrind::Error;
using wattgrind::ErrorKind;

namespace {

template <typename Read>
void try_to_read(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.kind() == ErrorKind::kInput, "{}", message);
    CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c == '\n'; }), "{}",
          message);
  }
}

void read_profile(std::string_view text) {
  const Accelerator accelerator = wattgrind::read_accelerator(text, "fuzz");
  CHECK(accelerator.elements() > 0, "{}", accelerator.name);
  const std::string written = wattgrind::write_accelerator(accelerator);
  CHECK(wattgrind::write_accelerator(wattgrind::read_accelerator(written, "again")) == written,
        "{}", written);
}

void read_columns(std::string_view text) {
  const DataflowTasks tasks = wattgrind::read_mit_file(text, "fuzz");
  const std::string written = wattgrind::write_mit_file(tasks, Accelerator());
  const DataflowTasks again = wattgrind::read_mit_file(written, "again");
  CHECK(again.layers.size() == tasks.layers.size(), "{}", written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to_read([&] { read_profile(text); });
  try_to_read([&] { wattgrind::read_sparsity(text, "fuzz"); });
  try_to_read([&] { read_columns(text); });
  return 0;
}
