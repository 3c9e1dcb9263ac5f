#include "estimator/system/sysfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace wattgrind {
namespace {

class SysfsTree : public Sysfs {
 public:
  explicit SysfsTree(std::filesystem::path root) : root_(std::move(root)) {}

  std::string root() const override { return root_.string(); }

  std::vector<std::string> list(const std::string& folder) const override {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / folder, error)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // Sensors are sampled every millisecond, so this makes one read call, without a stream's buffers.
  SysfsValue read(const std::string& file) const override {
    const int descriptor = ::open((root_ / file).c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return {std::nullopt, errno};
    char buffer[4096];  // a sysfs file is at most a page
    const ssize_t bytes = ::read(descriptor, buffer, sizeof buffer);
    const int error = errno;
    ::close(descriptor);
    if (bytes < 0) return {std::nullopt, error};
    std::string text(buffer, static_cast<size_t>(bytes));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return {std::move(text), 0};
  }

  int write(const std::string& file, const std::string& text) override {
    const int descriptor = ::open((root_ / file).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const ssize_t bytes = ::write(descriptor, text.data(), text.size());
    const int error = bytes == static_cast<ssize_t>(text.size()) ? 0 : bytes < 0 ? errno : EIO;
    ::close(descriptor);
    return error;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace

std::unique_ptr<Sysfs> open_sysfs(std::filesystem::path root) {
  return std::make_unique<SysfsTree>(std::move(root));
}

}  // namespace wattgrind
