#include "cli/pages/page_hash.h"

#include <openssl/evp.h>

#include <array>

#include "estimator/base/error.h"

namespace wattgrind {

std::string policy_hash(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  CHECK(done == 1 && size == digest.size(), "{} of {} bytes", done, size);
  std::array<unsigned char, 45> base64{};  // four characters for three bytes, and an end
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "sha256-" + std::string(base64.begin(), base64.begin() + length);
}

}  // namespace wattgrind
