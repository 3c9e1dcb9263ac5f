// A layer on Eyeriss by fixed rules instead of a search, with zeros gated and maps compressed:
// CNNergy (Manasi, Snigdha, Sapatnekar 2020, for the chip of JSSC 2017). Its authors held it
// against the chip's measured energy and MIT's tool; it stands here as a second opinion beside
// searched mappings.
//
// Quantities are fractions where the rules make them so: strips and groups that do not divide are
// taken in part, and nothing is rounded up. Layers are square; of grouped convolutions C is a
// group's channels and F all filters, as its authors have it, so that their traffic is approximate.
#pragma once

#include <cstdint>
#include <optional>

namespace wattgrind {

struct ScheduledLayer {
  uint64_t filter = 1;     // R
  uint64_t channels = 1;   // C
  uint64_t filters = 1;    // F
  uint64_t ofmap = 1;      // E
  uint64_t stride = 1;     // U
  uint64_t ifmap = 1;      // H, padding included
  double ifmap_zeros = 0;  // the part of the input map that is zero
  double ofmap_zeros = 0;
  std::optional<uint64_t> images;  // in the buffer at once; absent: as many as fit
  bool first = false;              // its input is not compressed
};

// What the rules come to: a pass of so many channels and filters over strips of x by y outputs.
struct FixedSchedule {
  uint64_t images = 1;
  double channels_a_set = 1, channels_a_pass = 1;
  double filters_a_pass = 1;
  double tile_columns = 1, tile_rows = 1;  // X_o, Y_o: one pass's outputs
  double tile_input_columns = 1, tile_input_rows = 1;
  double kept_rows = 1;  // Y_c: outputs whose sums the buffer keeps
};
// The chip's array is 12 x 14, its register files hold 224, 12 and 24 words, its buffer 100 kB of
// maps and sums. `layer.filter` is at most 12.
FixedSchedule fixed_schedule(const ScheduledLayer& layer);

// Of one image, in millijoules; control is the clock and what else the chip draws beside data and
// arithmetic.
struct ScheduledEnergy {
  double data_mj = 0;     // DRAM, buffer, array, register files and arithmetic
  double on_chip_mj = 0;  // of that, on the chip
  double control_mj = 0;
  double buffer_mb = 0;  // accessed, in MiB
  double dram_mb = 0;    // the same; maps are compressed
};
ScheduledEnergy scheduled_energy(const ScheduledLayer& layer);

}  // namespace wattgrind
