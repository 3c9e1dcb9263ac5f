// Readings: what a meter or a clock said a workload cost. One CSV row a reading,
// `workload,batch,phase,repetitions,energy_j[,duration_s,idle_power_w]`; those of a profile of
// layers say more, `...,caches,cpu,kernels,relative_error`, and may lack energy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/system/appended_file.h"

namespace wattgrind {

// What the caches held when a repetition began.
enum class CacheWarmth {
  kWarm,  // what the repetition before left there
  kCold   // nothing of the workload's
};
std::string_view name(CacheWarmth caches);  // "warm", "cold"

struct Reading {
  std::string workload;  // a network, or a synthetic load: "matmul:m=200,..."
  uint64_t batch = 1;
  std::string phase = "inference";  // or "training"
  uint64_t repetitions = 1;
  std::optional<double> energy_j;      // of all repetitions together, as the meter gave it
  std::optional<double> duration_s;    // of all repetitions together
  std::optional<double> idle_power_w;  // measured and *not yet* subtracted from energy_j
  size_t line = 0;                     // in the file it came from, from 1
  CacheWarmth caches = CacheWarmth::kWarm;
  std::string cpu, kernels;              // the processor and the program's version; empty: not said
  std::optional<double> relative_error;  // standard error of the mean or median, over it

  // Energy of one repetition, net of the idle power where that is known. There must be energy.
  double net_energy_j() const;
  std::optional<double> seconds() const;  // of one repetition
};

struct ReadingsFormat {
  // The column that holds the energy. "A/B" divides one column by another, row by row; after a ":"
  // stands the unit (J, mJ, uJ, Wh, kWh; of a time s, ms, us, min, h), without which values are
  // taken as they are.
  std::string energy_column = "energy_j";
  // For files that name a load's sizes in columns: "matmul:m={m},k={k}" takes columns m and k.
  // Empty: the column `workload` names the load.
  std::string workload_template;
  std::string duration_column = "duration_s";  // likewise
  // Whether a reading may have a duration and no energy.
  bool time_alone = false;
};

// Columns that are not asked for are ignored; batch, phase and repetitions are 1, inference and 1
// in a file without them, and caches are warm. Throws Error(kUsage) for a unit that there is not,
// and Error(kInput), naming file, line and column, for a missing column, energy that is not
// positive, numbers that are none, an idle power that has no duration or would leave no energy, two
// rows that are the same reading, and a file without a reading.
std::vector<Reading> parse_readings(std::string_view text, std::string_view file,
                                    const ReadingsFormat& format);

// Which columns a file of readings has: those of energy alone, or those of a profile of layers,
// too.
enum class ReadingColumns { kEnergy, kProfile };

// Appends readings to a file, line by line, each on the disk before append() returns.
class ReadingsFile {
 public:
  // Opens the file, or creates it with the header of these columns. A file that has more columns
  // keeps them. Throws Error(kInput) when the file has another header or ends in the middle of a
  // line, Error(kFailed) when it cannot be written.
  explicit ReadingsFile(const std::string& path, ReadingColumns columns = ReadingColumns::kEnergy);

  void append(const Reading& reading);

 private:
  AppendedFile file_;
  ReadingColumns columns_;
};

}  // namespace wattgrind
