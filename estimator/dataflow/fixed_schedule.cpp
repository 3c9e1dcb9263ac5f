#include "estimator/dataflow/fixed_schedule.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The chip's sizes (JSSC 2017).
constexpr uint64_t kArrayRows = 12, kArrayColumns = 14;
constexpr uint64_t kFilterWords = 224, kSumWords = 24;
constexpr double kBufferKilobytes = 100, kWordsAKilobyte = 512;
// CNNergy's channels of a pass for filters of one tap (its rule for such layers).
constexpr double kChannelsOfOneTap = 72;

// CNNergy's energies: a multiplication of 45 nm at 0.9 V scaled to 65 nm at 1 V, and the ratios of
// ISCA 2016.
constexpr double kMultiplyPj = 0.95 * (65.0 / 45) / (0.9 * 0.9);
constexpr double kRegisterPj = kMultiplyPj, kArrayPj = 2 * kMultiplyPj;
constexpr double kBufferPj = 6 * kMultiplyPj, kDramPj = 200 * kMultiplyPj;
constexpr double kPicojoulesAMilli = 1e9;
// Three values of 16 bits and their runs take four words (run_length.h).
constexpr double kCompressed = 4.0 / 3;
// The chip's clock network drew 106.3 mW at 23.1e9 multiply-accumulates a second; what else it drew
// is 15 % of the whole (CNNergy, from the chip's breakdown).
constexpr double kClockPjAMac = 106.3e-3 / 23.1e9 * 1e12;
constexpr double kOtherShare = 0.15 / 0.85;

struct PassSize {
  double channels_a_set, channels, filters;
  bool all_channels = false;  // at once
};

PassSize pass_size(const ScheduledLayer& layer) {
  const uint64_t sets = kArrayRows / layer.filter;
  const uint64_t room = kFilterWords / layer.filter;
  const auto channels = static_cast<double>(layer.channels);
  const auto filters = static_cast<double>(layer.filters);
  const auto sets_real = static_cast<double>(sets);
  const uint64_t filters_a_set = room / sets, whole_filters = room / layer.channels;
  PassSize pass = {sets_real, sets_real * sets_real, static_cast<double>(filters_a_set)};
  double a_set = pass.filters;
  if (pass.channels_a_set >= channels) {
    pass.channels_a_set = pass.channels = channels;
    pass.all_channels = true;
    a_set = static_cast<double>(whole_filters);
    pass.filters = a_set * sets_real;
  }
  if (pass.channels_a_set < channels && channels < pass.channels) {
    pass.channels = channels;
    pass.filters = a_set * std::floor(sets_real / std::ceil(channels / pass.channels_a_set));
    pass.all_channels = true;
  }
  if (layer.filter == 1 && layer.ofmap != 1 && !pass.all_channels) {
    pass.channels = kChannelsOfOneTap;
    const double groups =
        std::floor(sets_real / std::ceil(kChannelsOfOneTap / pass.channels_a_set));
    if (filters <= 18) {
      a_set = pass.filters = filters;
    } else if (filters < 36) {
      a_set = filters / groups;
      pass.filters = filters;
    } else {
      pass.filters = a_set * groups;
    }
  }
  if (pass.filters > filters) {
    a_set = filters / sets_real;
    pass.filters = filters;
  }
  if (a_set > kSumWords) pass.filters = kSumWords * sets_real;
  return pass;
}

}  // namespace

FixedSchedule fixed_schedule(const ScheduledLayer& layer) {
  CHECK(layer.filter >= 1 && layer.filter <= kArrayRows, "filter of {} rows", layer.filter);
  const PassSize pass = pass_size(layer);
  const auto side = static_cast<double>(layer.ifmap), out = static_cast<double>(layer.ofmap);
  const auto stride = static_cast<double>(layer.stride), filter = static_cast<double>(layer.filter);
  FixedSchedule schedule;
  schedule.channels_a_set = pass.channels_a_set;
  schedule.channels_a_pass = pass.channels;
  schedule.filters_a_pass = pass.filters;
  schedule.tile_input_columns = side;
  schedule.tile_columns = out;
  const double rows = (kArrayColumns - 1) * stride + filter;
  schedule.tile_input_rows = std::min(rows, side);
  schedule.tile_rows = rows >= side ? out : static_cast<double>(kArrayColumns);
  const auto input_kilobytes = [&] {
    return schedule.tile_input_columns * schedule.tile_input_rows * pass.channels / kWordsAKilobyte;
  };
  const auto sums_kilobytes = [&](double kept) {
    return schedule.tile_columns * kept * schedule.filters_a_pass / kWordsAKilobyte;
  };
  while (input_kilobytes() >= kBufferKilobytes) {
    schedule.tile_input_columns /= 2;
    schedule.tile_columns = (schedule.tile_input_columns - filter) / stride + 1;
  }
  const auto fit = [&](double kept) {
    return kBufferKilobytes / (input_kilobytes() + sums_kilobytes(kept));
  };
  schedule.kept_rows = out;
  if (fit(out) >= 1) {
    schedule.images = static_cast<uint64_t>(fit(out));
  } else if (!pass.all_channels) {
    while (fit(schedule.kept_rows) < 1) schedule.kept_rows /= 2;
    if (schedule.kept_rows < schedule.tile_rows) {
      schedule.kept_rows = schedule.tile_rows;
      do {
        --schedule.filters_a_pass;
      } while (fit(schedule.tile_rows) < 1);
    }
  }
  if (layer.images) schedule.images = *layer.images;
  return schedule;
}

ScheduledEnergy scheduled_energy(const ScheduledLayer& layer) {
  const FixedSchedule s = fixed_schedule(layer);
  const auto images = static_cast<double>(s.images), filter = static_cast<double>(layer.filter);
  const auto channels = static_cast<double>(layer.channels), out = static_cast<double>(layer.ofmap);
  const auto filters = static_cast<double>(layer.filters);
  const auto halo = filter - static_cast<double>(layer.stride);
  const double left = 1 - layer.ifmap_zeros;
  // Of one pass.
  const double weights = s.filters_a_pass * s.channels_a_pass * filter * filter;
  const double map = s.tile_input_columns * s.tile_input_rows * s.channels_a_pass;
  const double map_after = s.tile_input_columns * (s.tile_input_rows - halo) * s.channels_a_pass;
  const double sums = s.filters_a_pass * s.tile_columns * s.tile_rows;
  const double macs = filter * filter * sums * s.channels_a_pass;
  const double passed = (std::ceil(filter * s.channels_a_pass / s.channels_a_set) - 1) * sums;
  const double registers = 3 * macs * left + (macs * left - passed) + macs * (1 - left);
  const double compute = macs * left * kMultiplyPj + registers * kRegisterPj + passed * kArrayPj;
  const double strips = s.kept_rows / s.tile_rows;
  const double groups = channels / s.channels_a_pass;
  const double times = filters / s.filters_a_pass * out / s.kept_rows * out / s.tile_columns;
  // Sums of all groups of channels but the first are read before they are written.
  const double sum_visits = 1 + 2 * (groups - 1);
  const double on_chip =
      groups * weights * kBufferPj +
      images * strips * (groups * (map * kBufferPj + compute) + sum_visits * sums * kBufferPj);
  const double map_words =
      (map + (strips - 1) * map_after) * images * (layer.first ? 1 : left * kCompressed);
  const double dram_words = groups * (weights + map_words) * times / images +
                            out * out * filters * (1 - layer.ofmap_zeros) * kCompressed;
  ScheduledEnergy energy;
  energy.on_chip_mj = on_chip * times / images / kPicojoulesAMilli;
  energy.data_mj = (on_chip * times / images + dram_words * kDramPj) / kPicojoulesAMilli;
  const double clock =
      kClockPjAMac * filter * filter * channels * filters * out * out / kPicojoulesAMilli;
  energy.control_mj = clock + kOtherShare * (energy.on_chip_mj + clock);
  const double words =
      (images * strips * (sum_visits * sums + groups * map) + groups * weights) * times;
  constexpr double kBytesAWord = 2, kMebibyte = 1 << 20;
  energy.buffer_mb = words * kBytesAWord / kMebibyte / images;
  energy.dram_mb = dram_words * kBytesAWord / kMebibyte;
  return energy;
}

}  // namespace wattgrind
