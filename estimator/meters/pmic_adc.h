// What `vcgencmd pmic_read_adc` prints on a Raspberry Pi 5: a line for each current and each
// voltage that its power management chip, the DA9091, measures.
//
//    VDD_CORE_A current(7)=2.09800000A
//    VDD_CORE_V volt(15)=0.90300000V
//       EXT5V_V volt(24)=5.10500000V
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct PmicRail {
  std::string name;  // "VDD_CORE"
  double amperes = 0, volts = 0;

  double power_w() const { return amperes * volts; }
};

// The rails of which both are there, in the order of their currents. Of EXT5V and BATT, the inputs,
// there are voltages alone. Throws Error(kFailed) where the text is none of it or has no such rail.
std::vector<PmicRail> parse_pmic_adc(std::string_view text);

}  // namespace wattgrind
