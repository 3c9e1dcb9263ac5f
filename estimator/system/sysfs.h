// Sysfs shows the kernel's sensors and counters as files of one value each.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wattgrind {

// The content of a file without its line end, or why it could not be read.
struct SysfsValue {
  std::optional<std::string> text;
  int error = 0;  // errno where there is no text: ENOENT, EACCES, ...
};

class Sysfs {
 public:
  virtual ~Sysfs() = default;

  virtual std::string root() const = 0;  // the name that messages give it: "/sys"
  // Returns the names in a folder, sorted; none where there is no such folder. Paths are below the
  // root.
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
  virtual SysfsValue read(const std::string& file) const = 0;
  // Writes a file that is there. Returns 0, or errno.
  virtual int write(const std::string& file, const std::string& text) = 0;
};

// Reads the tree below `root`, which is "/sys" or a copy of it.
std::unique_ptr<Sysfs> open_sysfs(std::filesystem::path root);

}  // namespace wattgrind
