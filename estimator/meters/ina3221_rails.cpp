#include "estimator/meters/ina3221_rails.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/meters/rail_names.h"

namespace wattgrind {
namespace {

constexpr int kChannels = 3;

// The rails that add up to a board's power. Others of that board are fed by these, or supply its
// carrier board. A board is known by having them all.
struct Board {
  std::vector<std::string_view> total;
};

// Jetson Linux Developer Guide, "Platform Power and Performance" and, before release 34, "Clock
// Frequency and Power Management": the tables of rails under "Power Monitor" of each module. Labels
// of mainline kernels are those of its device trees (arch/arm64/boot/dts/nvidia/tegra*-p*.dtsi).
const std::array<Board, 4> kBoards = {{
    // TX1, TX2, TX2 NX, Xavier NX, Orin NX and Orin Nano: VDD_IN is the input of the module.
    // "VDD_IN
    // is the total power of module", NVIDIA, forums.developer.nvidia.com/t/200883. The TX1's and
    // TX2's carrier boards have monitors of their own (VDD_MUX, VDD_5V0_IO_SYS, ...).
    {{"VDD_IN"}},
    // Nano: "POM_5V_IN measures the overall 5V input to the board ... You don't need to add
    // POM_5V_GPU and POM_5V_CPU to it", NVIDIA, forums.developer.nvidia.com/t/73608.
    {{"POM_5V_IN"}},
    // AGX Xavier: six supplies beside each other. SYS5V is "all parts power except DDR, CPU, GPU
    // and
    // CV", NVIDIA, forums.developer.nvidia.com/t/75574; OEM Product Design Guide DG-09840, 5.6.2.
    {{"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"}},
    // AGX Orin: two supplies from the high-voltage input and the 5 V rail, which feeds the memory's
    // VDDQ_VDD2_1V8AO (tegra234-p3701.dtsi; forums.developer.nvidia.com/t/217088).
    {{"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"}},
}};

// A channel of a monitor, as it was found.
struct Channel {
  SysfsRail rail;           // not yet in a total
  std::string label;        // empty: it has none
  std::string place;        // "hwmon3 channel 2"
  std::string enable_file;  // empty: it cannot be disabled
};

std::optional<Channel> hwmon_channel(const Sysfs& sysfs, const std::string& folder, int i) {
  Channel channel;
  channel.rail.voltage = {fmt::format("{}/in{}_input", folder, i), kMilli};
  channel.rail.current = {fmt::format("{}/curr{}_input", folder, i), kMilli};
  channel.enable_file = fmt::format("{}/in{}_enable", folder, i);
  channel.label = sysfs.read(fmt::format("{}/in{}_label", folder, i)).text.value_or("");
  if (channel.label.empty() && !has_file(sysfs, channel.rail.voltage.file)) return std::nullopt;
  return channel;
}

std::optional<Channel> iio_channel(const Sysfs& sysfs, const std::string& folder, int i) {
  Channel channel;
  channel.rail.power = {fmt::format("{}/in_power{}_input", folder, i), kMilli};
  channel.rail.voltage = {fmt::format("{}/in_voltage{}_input", folder, i), kMilli};
  channel.rail.current = {fmt::format("{}/in_current{}_input", folder, i), kMilli};
  const SysfsValue label = sysfs.read(fmt::format("{}/rail_name_{}", folder, i));
  // Other iio devices have no such file.
  if (label.error == ENOENT) return std::nullopt;
  channel.label = label.text.value_or("");
  if (!has_file(sysfs, channel.rail.power.file)) channel.rail.power = {};
  return channel;
}

std::vector<Channel> find_channels(const Sysfs& sysfs) {
  std::vector<Channel> channels;
  const auto add = [&channels](std::optional<Channel> channel, const std::string& device, int i) {
    if (!channel || channel->label == "NC") return;
    channel->place = fmt::format("{} channel {}", device, i);
    channels.push_back(std::move(*channel));
  };
  for (const std::string& device : sysfs.list("class/hwmon")) {
    const std::string folder = "class/hwmon/" + device;
    if (sysfs.read(folder + "/name").text != "ina3221") continue;
    for (int i = 1; i <= kChannels; ++i) add(hwmon_channel(sysfs, folder, i), device, i);
  }
  if (!channels.empty()) return channels;
  for (const std::string& device : sysfs.list("bus/iio/devices")) {
    const std::string folder = "bus/iio/devices/" + device;
    for (int i = 0; i < kChannels; ++i) add(iio_channel(sysfs, folder, i), device, i);
  }
  return channels;
}

void name_rails(std::vector<Channel>& channels) {
  std::vector<std::string> names, places;
  for (const Channel& channel : channels) {
    names.push_back(channel.label.empty() ? channel.place : channel.label);
    places.push_back(channel.place);
  }
  names = distinct_names(names, places);
  for (size_t i = 0; i < channels.size(); ++i) channels[i].rail.rail.name = names[i];
}

const Board* find_board(const std::vector<Channel>& channels) {
  for (const Board& board : kBoards) {
    const auto has = [&](std::string_view name) {
      return std::any_of(channels.begin(), channels.end(),
                         [&](const Channel& channel) { return channel.label == name; });
    };
    if (std::all_of(board.total.begin(), board.total.end(), has)) return &board;
  }
  return nullptr;
}

// Why a channel cannot be read, and what helps; empty where it can be.
std::string problem_of(const Sysfs& sysfs, const Channel& channel) {
  if (!channel.enable_file.empty() && sysfs.read(channel.enable_file).text == "0") {
    return fmt::format("its channel is disabled: run 'echo 1 | sudo tee {}/{}'", sysfs.root(),
                       channel.enable_file);
  }
  return problem_of(sysfs, channel.rail);
}

}  // namespace

Ina3221Rails find_ina3221_rails(const Sysfs& sysfs) {
  std::vector<Channel> channels = find_channels(sysfs);
  if (channels.empty()) {
    fail(ErrorKind::kMissing,
         "no INA3221 rails in {0}/class/hwmon or {0}/bus/iio/devices: run on a Jetson board with "
         "its own kernel ('sudo modprobe ina3221'), or use another meter",
         sysfs.root());
  }
  name_rails(channels);
  const Board* board = find_board(channels);
  Ina3221Rails found;
  std::vector<std::string> summed;
  for (Channel& channel : channels) {
    MeteredRail& rail = channel.rail.rail;
    rail.in_total = board == nullptr || std::find(board->total.begin(), board->total.end(),
                                                  channel.label) != board->total.end();
    const std::string problem = problem_of(sysfs, channel);
    if (problem.empty()) {
      if (rail.in_total) summed.push_back(rail.name);
      found.rails.push_back(std::move(channel.rail));
    } else if (board != nullptr && rail.in_total) {
      fail(ErrorKind::kMissing, "rail {}, a part of the total, cannot be read: {}", rail.name,
           problem);
    } else {
      found.notes.push_back(fmt::format("rail {} is left out: {}", rail.name, problem));
    }
  }
  if (summed.empty()) {
    fail(ErrorKind::kMissing, "no INA3221 rail can be read: {}", fmt::join(found.notes, "; "));
  }
  if (board == nullptr) {
    for (std::string& note : note_of_unknown_total(summed)) found.notes.push_back(std::move(note));
  }
  return found;
}

}  // namespace wattgrind
