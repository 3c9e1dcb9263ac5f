#include "estimator/meters/meter_pmic.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "estimator/base/error.h"
#include "estimator/meters/meter_rails.h"
#include "estimator/meters/pmic_adc.h"

namespace wattgrind {
namespace {

// The firmware answers in some milliseconds, which are the metered machine's own.
constexpr RailTiming kPmicTiming = {.period_s = 0.1, .update_s = 0.1};

class PmicRails : public RailSet {
 public:
  explicit PmicRails(ProcessRunner& processes) : processes_(processes) {
    now_ = ask();
    for (const PmicRail& rail : now_) names_.push_back(rail.name);
  }

  std::vector<MeteredRail> rails() const override {
    std::vector<MeteredRail> rails;
    for (const std::string& name : names_) rails.push_back({name, true});
    return rails;
  }

  std::vector<std::string> notes() const override {
    return {
        "the chip's rails are summed: what 5 V feeds past it (USB, hats, fans) and what its "
        "regulators lose is not measured"};
  }

  void begin_sample() override { now_ = ask(); }

  RailRead read(size_t rail) override {
    const auto found = std::find_if(now_.begin(), now_.end(),
                                    [&](const PmicRail& now) { return now.name == names_[rail]; });
    if (found == now_.end()) return {std::nullopt, "vcgencmd does not tell it any more"};
    return {found->power_w(), ""};
  }

 private:
  // Throws Error(kMissing) with the remedy where there is no such chip, or it may not be asked.
  std::vector<PmicRail> ask() {
    const ProcessResult result = processes_.run(
        {.argv = {"vcgencmd", "pmic_read_adc"}, .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"}});
    if (std::holds_alternative<ProgramNotFound>(result.end)) {
      fail(ErrorKind::kMissing,
           "no vcgencmd here: run on a Raspberry Pi 5 ('sudo apt install raspi-utils'), or use "
           "another meter");
    }
    const auto* exited = std::get_if<ProcessExited>(&result.end);
    const std::string all = result.out + result.error;
    const std::string said = all.substr(0, all.find('\n'));
    if (result.out.find("=") == std::string::npos || said.find("error=") != std::string::npos) {
      fail(
          ErrorKind::kMissing,
          "vcgencmd pmic_read_adc said '{}': only a Raspberry Pi 5 has this chip, and only members "
          "of the group video may ask it ('sudo usermod -aG video $USER', then log in again)",
          said);
    }
    if (exited == nullptr || exited->status != 0) {
      fail(ErrorKind::kFailed, "vcgencmd pmic_read_adc failed: {}", said);
    }
    return parse_pmic_adc(result.out);
  }

  ProcessRunner& processes_;
  std::vector<std::string> names_;
  std::vector<PmicRail> now_;
};

}  // namespace

std::unique_ptr<Meter> make_pmic_meter(ProcessRunner& processes, Clock& clock) {
  return make_rails_meter("pmic", std::make_unique<PmicRails>(processes), kPmicTiming, clock);
}

}  // namespace wattgrind
