// Any bytes are either refused with an Error or read into tensors that, written and read again, are
// the same.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/error.h"
#include "search/training/safetensors.h"

using wattgrind::Error;
using wattgrind::ErrorKind;
using wattgrind::Tensor;

namespace {

// As bytes: a NaN is not equal to itself.
bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const size_t bytes = a[i].values.size() * sizeof(float);
    if (a[i].name != b[i].name || a[i].shape != b[i].shape ||
        a[i].values.size() != b[i].values.size()) {
      return false;
    }
    if (bytes > 0 && std::memcmp(a[i].values.data(), b[i].values.data(), bytes) != 0) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const std::vector<Tensor> tensors = wattgrind::parse_safetensors(bytes, "fuzz");
    const std::string written = wattgrind::safetensors_bytes(tensors);
    CHECK(same(wattgrind::parse_safetensors(written, "written"), tensors), "{} tensors",
          tensors.size());
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInput, "{}", error.what());
  }
  return 0;
}
