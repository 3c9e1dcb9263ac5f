// wattgrind calibrate READINGS --model FORM: fit layer models to readings of layers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/terminal/output.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

struct CalibrateLayersOptions {
  std::string readings;
  ReadingsFormat format;
  std::string form;                    // "polynomial", ..., "auto"
  std::optional<std::string> machine;  // the readings are of; kernels are counted for it
  bool leave_out_outliers = false;
  // Kinds of too few readings for a model are said and left out; else they are an error.
  bool leave_out_small_kinds = false;
  std::string model_file;  // empty: not written
  std::string check;       // a file of other readings to predict; empty: none
  std::string page;        // of --report; empty: none
  std::shared_ptr<OutputOptions> output;
};

void calibrate_layers(const CalibrateLayersOptions& options);

}  // namespace wattgrind
