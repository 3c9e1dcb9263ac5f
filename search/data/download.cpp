#include "search/data/download.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "search/data/libcurl.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr long kConnectSeconds = 20;
// A transfer slower than this for so long is given up; the next attempt goes on from there.
constexpr long kLeastBytesPerSecond = 1000, kPatienceSeconds = 30;

// The part of a file that has arrived, locked against other processes.
class PartFile {
 public:
  explicit PartFile(const fs::path& path) : path_(path) {
    descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      fail(ErrorKind::kFailed, "{}: cannot be written: {}", path.string(), std::strerror(errno));
    }
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      close(descriptor_);
      fail(ErrorKind::kFailed, "{}: another process is fetching it", path.string());
    }
  }
  ~PartFile() {
    std::error_code ignored;
    if (fs::file_size(path_, ignored) == 0) fs::remove(path_, ignored);
    close(descriptor_);
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const fs::path& path() const { return path_; }
  uint64_t size() const { return fs::file_size(path_); }

  // False when the system does not take it; `write_error` then has the reason.
  bool append(const char* bytes, size_t count) {
    while (count > 0) {
      const ssize_t written = ::write(descriptor_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        write_error_ = std::strerror(errno);
        return false;
      }
      bytes += written;
      count -= static_cast<size_t>(written);
    }
    return true;
  }
  const std::optional<std::string>& write_error() const { return write_error_; }

  void clear() {
    if (ftruncate(descriptor_, 0) != 0) {
      fail(ErrorKind::kFailed, "{}: cannot be emptied: {}", path_.string(), std::strerror(errno));
    }
  }

 private:
  fs::path path_;
  int descriptor_ = -1;
  std::optional<std::string> write_error_;
};

struct Transfer {
  const RemoteFile& file;
  const DownloadProgress& progress;
  PartFile& part;
  bool too_long = false;
};

// An exception must not pass through libcurl, so that callbacks only return that they want to stop;
// the reason is asked for again afterwards.
size_t receive(char* bytes, size_t, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.too_long = transfer.part.size() + count > transfer.file.bytes;
  if (transfer.too_long) return 0;
  return transfer.part.append(bytes, count) ? count : 0;
}

int watch(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<const Transfer*>(user);
  if (transfer.progress) transfer.progress(transfer.file, transfer.part.size());
  return interrupted() ? 1 : 0;
}

// Makes one transfer from an address, beginning where the part ends. Returns why the part is not
// whole then, or nothing when it is.
std::optional<std::string> transfer_from(const std::string& url, Transfer& transfer) {
  const LibCurl& library = libcurl();
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(library.easy_init(), library.easy_cleanup);
  CHECK(curl != nullptr, "curl_easy_init for {}", url);
  const auto set = [&](CURLoption option, auto value) {
    library.easy_setopt(curl.get(), option, value);
  };
  std::array<char, CURL_ERROR_SIZE> reason{};
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_LOW_SPEED_LIMIT, kLeastBytesPerSecond);
  set(CURLOPT_LOW_SPEED_TIME, kPatienceSeconds);
  set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.part.size()));
  set(CURLOPT_WRITEFUNCTION, &receive);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_XFERINFOFUNCTION, &watch);
  set(CURLOPT_XFERINFODATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  const CURLcode status = library.easy_perform(curl.get());
  throw_if_interrupted();
  if (transfer.part.write_error()) {
    fail(ErrorKind::kFailed, "{}: cannot be written: {}", transfer.part.path().string(),
         *transfer.part.write_error());
  }
  if (transfer.too_long) {
    transfer.part.clear();
    return fmt::format("found more than the {} bytes wanted", transfer.file.bytes);
  }
  if (status == CURLE_RANGE_ERROR) transfer.part.clear();  // the server only sends whole files
  if (status != CURLE_OK) return reason[0] ? reason.data() : library.easy_strerror(status);
  return std::nullopt;
}

// Fetches the file from one mirror, and connects again as long as a connection brings something
// new.
std::optional<std::string> fetch_from(const std::string& url, Transfer& transfer) {
  const RemoteFile& file = transfer.file;
  PartFile& part = transfer.part;
  bool from_nothing = part.size() == 0;  // else what is there may be of another file
  for (;;) {
    const uint64_t before = part.size();
    std::optional<std::string> reason;
    if (before < file.bytes) reason = transfer_from(url, transfer);
    const uint64_t after = part.size();
    if (after == file.bytes) {
      if (sha256_of_file(part.path()) == file.sha256) return std::nullopt;
      reason = "the checksum is wrong";
      part.clear();
    } else if (after > before) {
      continue;
    }
    if (part.size() > 0 || from_nothing) {
      return reason.value_or(fmt::format("found {} bytes, wanted {}", after, file.bytes));
    }
    from_nothing = true;
  }
}

}  // namespace

std::string sha256_of_file(const fs::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  CHECK(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1, "{}", path.string());
  std::array<unsigned char, 65536> chunk;
  size_t count = 0;
  while (file && (count = std::fread(chunk.data(), 1, chunk.size(), file.get())) > 0) {
    EVP_DigestUpdate(context.get(), chunk.data(), count);
  }
  if (!file || std::ferror(file.get())) {
    fail(ErrorKind::kFailed, "{}: cannot be read: {}", path.string(), std::strerror(errno));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  return fmt::format("{:02x}", fmt::join(digest.data(), digest.data() + length, ""));
}

fs::path download(const RemoteFile& file, std::span<const std::string> mirrors,
                  const fs::path& folder, const DownloadProgress& progress) {
  const fs::path whole = folder / file.name;
  if (fs::exists(whole) && sha256_of_file(whole) == file.sha256) return whole;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorKind::kFailed, "{}: cannot be made: {}", folder.string(), error.message());

  PartFile part(whole.string() + ".part");
  Transfer transfer{file, progress, part, false};
  std::string reason = "no mirror is known";
  for (const std::string& mirror : mirrors) {
    const std::string url = mirror + "/" + file.name;
    const std::optional<std::string> failure = fetch_from(url, transfer);
    if (!failure) {
      fs::rename(part.path(), whole, error);
      if (error) fail(ErrorKind::kFailed, "{}: {}", whole.string(), error.message());
      return whole;
    }
    reason = fmt::format("{}: {}", url, *failure);
  }
  fail(ErrorKind::kFailed, "{}: no mirror had it whole; the last, {}", file.name, reason);
}

}  // namespace wattgrind
