#include "estimator/machine/core_design.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace wattgrind {
namespace {

struct KnownCore {
  std::string_view vendor;
  uint64_t family, first_model, last_model;
  std::string_view name;
  int year;
};

constexpr std::string_view kIntel = "GenuineIntel";
constexpr std::string_view kAmd = "AuthenticAMD";
constexpr std::string_view kArm = "0x41";
constexpr std::string_view kNvidia = "0x4e";
constexpr std::string_view kApple = "0x61";

// Models and names: of Intel's, Linux's arch/x86/include/asm/intel-family.h; of AMD's, Linux's
// arch/x86/kernel/cpu/amd.c ("Figure out Zen generations"); of Arm's, the main ID register in each
// core's technical reference manual; of NVIDIA's and Apple's, Linux's
// arch/arm64/include/asm/cputype.h. The years are those of launch or announcement as commonly
// published (for Intel's client cores since 2014: Wikipedia, "Process-architecture-optimization
// model"), and were not checked product by product. One model number may outlive its first product:
// a Cascade Lake of 2019 calls itself a Skylake server.
constexpr KnownCore kKnownCores[] = {
    {kIntel, 6, 0x1A, 0x1A, "Nehalem", 2008},
    {kIntel, 6, 0x1E, 0x1F, "Nehalem", 2009},
    {kIntel, 6, 0x2E, 0x2E, "Nehalem", 2010},
    {kIntel, 6, 0x25, 0x25, "Westmere", 2010},
    {kIntel, 6, 0x2C, 0x2C, "Westmere", 2010},
    {kIntel, 6, 0x2F, 0x2F, "Westmere", 2011},
    {kIntel, 6, 0x2A, 0x2A, "Sandy Bridge", 2011},
    {kIntel, 6, 0x2D, 0x2D, "Sandy Bridge server", 2011},
    {kIntel, 6, 0x3A, 0x3A, "Ivy Bridge", 2012},
    {kIntel, 6, 0x3E, 0x3E, "Ivy Bridge server", 2013},
    {kIntel, 6, 0x3C, 0x3C, "Haswell", 2013},
    {kIntel, 6, 0x45, 0x46, "Haswell", 2013},
    {kIntel, 6, 0x3F, 0x3F, "Haswell server", 2014},
    {kIntel, 6, 0x3D, 0x3D, "Broadwell", 2014},
    {kIntel, 6, 0x47, 0x47, "Broadwell", 2015},
    {kIntel, 6, 0x4F, 0x4F, "Broadwell server", 2016},
    {kIntel, 6, 0x56, 0x56, "Broadwell server", 2015},
    {kIntel, 6, 0x4E, 0x4E, "Skylake", 2015},
    {kIntel, 6, 0x5E, 0x5E, "Skylake", 2015},
    {kIntel, 6, 0x55, 0x55, "Skylake server", 2017},
    {kIntel, 6, 0x8E, 0x8E, "Kaby Lake", 2016},
    {kIntel, 6, 0x9E, 0x9E, "Kaby Lake", 2017},
    {kIntel, 6, 0xA5, 0xA5, "Comet Lake", 2020},
    {kIntel, 6, 0xA6, 0xA6, "Comet Lake", 2019},
    {kIntel, 6, 0x66, 0x66, "Cannon Lake", 2018},
    {kIntel, 6, 0x7D, 0x7E, "Ice Lake", 2019},
    {kIntel, 6, 0x6A, 0x6A, "Ice Lake server", 2021},
    {kIntel, 6, 0x6C, 0x6C, "Ice Lake server", 2022},
    {kIntel, 6, 0x8C, 0x8C, "Tiger Lake", 2020},
    {kIntel, 6, 0x8D, 0x8D, "Tiger Lake", 2021},
    {kIntel, 6, 0xA7, 0xA7, "Rocket Lake", 2021},
    {kIntel, 6, 0x97, 0x97, "Alder Lake", 2021},
    {kIntel, 6, 0x9A, 0x9A, "Alder Lake", 2022},
    {kIntel, 6, 0xB7, 0xB7, "Raptor Lake", 2022},
    {kIntel, 6, 0xBA, 0xBA, "Raptor Lake", 2023},
    {kIntel, 6, 0xBF, 0xBF, "Raptor Lake", 2023},
    {kIntel, 6, 0x8F, 0x8F, "Sapphire Rapids", 2023},
    {kIntel, 6, 0xCF, 0xCF, "Emerald Rapids", 2023},
    {kIntel, 6, 0xAD, 0xAD, "Granite Rapids", 2024},
    {kIntel, 6, 0xAA, 0xAA, "Meteor Lake", 2023},
    {kIntel, 6, 0xC6, 0xC6, "Arrow Lake", 2024},
    {kIntel, 6, 0xBD, 0xBD, "Lunar Lake", 2024},
    {kIntel, 6, 0x37, 0x37, "Silvermont", 2013},
    {kIntel, 6, 0x4D, 0x4D, "Silvermont", 2013},
    {kIntel, 6, 0x4C, 0x4C, "Airmont", 2015},
    {kIntel, 6, 0x5C, 0x5C, "Goldmont", 2016},
    {kIntel, 6, 0x5F, 0x5F, "Goldmont", 2017},
    {kIntel, 6, 0x7A, 0x7A, "Goldmont Plus", 2017},
    {kIntel, 6, 0x86, 0x86, "Tremont", 2020},
    {kIntel, 6, 0x96, 0x96, "Tremont", 2020},
    {kIntel, 6, 0x9C, 0x9C, "Tremont", 2021},
    {kIntel, 6, 0xBE, 0xBE, "Gracemont", 2023},
    {kAmd, 0x17, 0x00, 0x2F, "Zen", 2017},
    {kAmd, 0x17, 0x50, 0x5F, "Zen", 2017},
    {kAmd, 0x17, 0x30, 0x4F, "Zen 2", 2019},
    {kAmd, 0x17, 0x60, 0x7F, "Zen 2", 2019},
    {kAmd, 0x17, 0x90, 0x91, "Zen 2", 2019},
    {kAmd, 0x17, 0xA0, 0xAF, "Zen 2", 2019},
    {kAmd, 0x19, 0x00, 0x0F, "Zen 3", 2020},
    {kAmd, 0x19, 0x20, 0x5F, "Zen 3", 2020},
    {kAmd, 0x19, 0x10, 0x1F, "Zen 4", 2022},
    {kAmd, 0x19, 0x60, 0xAF, "Zen 4", 2022},
    {kAmd, 0x1A, 0x00, 0x2F, "Zen 5", 2024},
    {kAmd, 0x1A, 0x40, 0x4F, "Zen 5", 2024},
    {kAmd, 0x1A, 0x70, 0x7F, "Zen 5", 2024},
    {kArm, 0, 0xD03, 0xD03, "Cortex-A53", 2012},
    {kArm, 0, 0xD05, 0xD05, "Cortex-A55", 2017},
    {kArm, 0, 0xD07, 0xD07, "Cortex-A57", 2012},
    {kArm, 0, 0xD08, 0xD08, "Cortex-A72", 2015},
    {kArm, 0, 0xD09, 0xD09, "Cortex-A73", 2016},
    {kArm, 0, 0xD0A, 0xD0A, "Cortex-A75", 2017},
    {kArm, 0, 0xD0B, 0xD0B, "Cortex-A76", 2018},
    {kArm, 0, 0xD0C, 0xD0C, "Neoverse N1", 2019},
    {kArm, 0, 0xD0D, 0xD0D, "Cortex-A77", 2019},
    {kArm, 0, 0xD40, 0xD40, "Neoverse V1", 2020},
    {kArm, 0, 0xD41, 0xD41, "Cortex-A78", 2020},
    {kArm, 0, 0xD42, 0xD42, "Cortex-A78AE", 2020},
    {kArm, 0, 0xD44, 0xD44, "Cortex-X1", 2020},
    {kArm, 0, 0xD04, 0xD04, "Cortex-A35", 2015},
    {kArm, 0, 0xD46, 0xD46, "Cortex-A510", 2021},
    {kArm, 0, 0xD47, 0xD47, "Cortex-A710", 2021},
    {kArm, 0, 0xD48, 0xD48, "Cortex-X2", 2021},
    {kArm, 0, 0xD49, 0xD49, "Neoverse N2", 2021},
    {kArm, 0, 0xD4F, 0xD4F, "Neoverse V2", 2022},
    {kNvidia, 0, 0x003, 0x003, "Denver 2", 2016},
    {kNvidia, 0, 0x004, 0x004, "Carmel", 2018},
    {kApple, 0, 0x022, 0x022, "Icestorm", 2020},
    {kApple, 0, 0x023, 0x023, "Firestorm", 2020},
    {kApple, 0, 0x024, 0x024, "Icestorm", 2021},
    {kApple, 0, 0x025, 0x025, "Firestorm", 2021},
    {kApple, 0, 0x028, 0x028, "Icestorm", 2021},
    {kApple, 0, 0x029, 0x029, "Firestorm", 2021},
    {kApple, 0, 0x032, 0x032, "Blizzard", 2022},
    {kApple, 0, 0x033, 0x033, "Avalanche", 2022},
};

}  // namespace

std::optional<CoreDesign> core_design(const CoreId& id) {
  const auto* const known =
      std::find_if(std::begin(kKnownCores), std::end(kKnownCores), [&](const KnownCore& core) {
        return core.vendor == id.vendor && core.family == id.family &&
               core.first_model <= id.model && id.model <= core.last_model;
      });
  if (known == std::end(kKnownCores)) return std::nullopt;
  return CoreDesign{
      std::string(known->name), known->year,
      fmt::format("/proc/cpuinfo: {}{} model {:#x}", id.vendor,
                  id.family == 0 ? "" : fmt::format(" family {:#x}", id.family), id.model)};
}

}  // namespace wattgrind
