// A sysfs whose files the test writes, some of them as functions.
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <set>

#include "estimator/system/sysfs.h"

namespace wattgrind {

class FakeSysfs : public Sysfs {
 public:
  std::string root() const override { return "/sys"; }

  std::vector<std::string> list(const std::string& folder) const override {
    std::set<std::string> names;
    for (const auto& [path, value] : files_) {
      if (!path.starts_with(folder + "/")) continue;
      const std::string rest = path.substr(folder.size() + 1);
      names.insert(rest.substr(0, rest.find('/')));
    }
    return {names.begin(), names.end()};
  }

  SysfsValue read(const std::string& file) const override {
    const auto found = files_.find(file);
    return found == files_.end() ? SysfsValue{std::nullopt, ENOENT} : found->second();
  }

  int write(const std::string& file, const std::string& text) override {
    if (const auto refused = unwritable_.find(file); refused != unwritable_.end()) {
      return refused->second;
    }
    files_[file] = [text] { return SysfsValue{text, 0}; };
    writes.push_back(file + "=" + text);
    return 0;
  }
  void write(const std::string& file, std::function<std::string()> text) {
    files_[file] = [text] { return SysfsValue{text(), 0}; };
  }
  // The file stays as it is.
  void refuse_writing(const std::string& file, int error) { unwritable_[file] = error; }
  void refuse(const std::string& file, int error) {
    files_[file] = [error] { return SysfsValue{std::nullopt, error}; };
  }
  void write_value(const std::string& file, std::function<SysfsValue()> value) {
    files_[file] = std::move(value);
  }

  std::vector<std::string> writes;  // every text that was written: "file=text"

 private:
  std::map<std::string, int> unwritable_;
  std::map<std::string, std::function<SysfsValue()>> files_;
};

}  // namespace wattgrind
