#include "estimator/meters/sysfs_rail.h"

#include <fmt/ranges.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

constexpr int kTries = 3;

RailRead read_scaled(const Sysfs& sysfs, const ScaledFile& scaled) {
  SysfsValue value;
  for (int i = 0; i < kTries && !value.text; ++i) value = sysfs.read(scaled.file);
  const std::string path = sysfs.root() + "/" + scaled.file;
  if (!value.text) {
    return {std::nullopt, fmt::format("{}: {}", path, std::strerror(value.error)), value.error,
            scaled.file};
  }
  const std::optional<double> number = parse_number(*value.text);
  if (number) return {scaled.unit * *number, "", 0, ""};
  return {std::nullopt, fmt::format("{}: expected a number, found '{}'", path, *value.text), 0,
          scaled.file};
}

class SysfsRails : public RailSet {
 public:
  SysfsRails(const Sysfs& sysfs, std::vector<SysfsRail> rails, std::vector<std::string> notes)
      : sysfs_(sysfs), rails_(std::move(rails)), notes_(std::move(notes)) {}

  std::vector<MeteredRail> rails() const override {
    std::vector<MeteredRail> result;
    for (const SysfsRail& rail : rails_) result.push_back(rail.rail);
    return result;
  }
  std::vector<std::string> notes() const override { return notes_; }
  RailRead read(size_t rail) override { return read_rail(sysfs_, rails_[rail]); }

 private:
  const Sysfs& sysfs_;
  std::vector<SysfsRail> rails_;
  std::vector<std::string> notes_;
};

}  // namespace

bool has_file(const Sysfs& sysfs, const std::string& file) {
  return sysfs.read(file).error != ENOENT;
}

RailRead read_rail(const Sysfs& sysfs, const SysfsRail& rail) {
  if (!rail.power.file.empty()) return read_scaled(sysfs, rail.power);
  RailRead volts = read_scaled(sysfs, rail.voltage);
  if (!volts.value) return volts;
  RailRead amperes = read_scaled(sysfs, rail.current);
  if (!amperes.value) return amperes;
  return {*volts.value * *amperes.value, "", 0, ""};
}

std::string problem_of(const Sysfs& sysfs, const SysfsRail& rail) {
  const RailRead read = read_rail(sysfs, rail);
  if (read.error == EACCES) {
    return fmt::format("it is not readable: run 'sudo chmod a+r {}/{}'", sysfs.root(), read.file);
  }
  return read.problem;
}

std::unique_ptr<RailSet> make_sysfs_rails(const Sysfs& sysfs, std::vector<SysfsRail> rails,
                                          std::vector<std::string> notes) {
  return std::make_unique<SysfsRails>(sysfs, std::move(rails), std::move(notes));
}

std::vector<std::string> note_of_unknown_total(const std::vector<std::string>& summed) {
  if (summed.size() < 2) return {};
  return {
      fmt::format("the board is not known by its rails: {} were summed, and where one feeds "
                  "another, its power counts twice",
                  fmt::join(summed, ", "))};
}

}  // namespace wattgrind
