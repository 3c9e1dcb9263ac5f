// A network run natively on the test images of a data set: its accuracy, in single precision and on
// bytes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/commands/network_run.h"
#include "cli/commands/quantize_option.h"
#include "search/data/data_source.h"

namespace wattgrind {

struct DataRunRequest {
  DataRequest data;
  std::string path;  // of mnist's files
  QuantizeOptions quantize;
  uint64_t calibration_images = 512;
  std::string write_network, write_weights;  // of the network on bytes
};

struct DataRunResult {
  std::string network, data;
  uint64_t images = 0;
  double accuracy = 0;
  std::optional<double> accuracy_on_bytes;  // absent where the network was not quantised here
  uint64_t calibration_images = 0;
};

using StageProgress = std::function<void(std::string_view what, uint64_t done, uint64_t total)>;

// Throws Error for what cannot be read or does not fit.
DataRunResult run_on_data(const RunRequest& request, const DataRunRequest& data,
                          const StageProgress& progress);

}  // namespace wattgrind
