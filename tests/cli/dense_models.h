// Layer models fitted to readings made up of dense layers: 2 nJ a multiply-accumulate, at 50 W.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "estimator/system/atomic_file.h"
#include "tests/cli/run_wattgrind.h"

namespace wattgrind {

// Writes readings and models into the folder, and returns the models' path.
inline std::string write_dense_models(const std::filesystem::path& folder) {
  const std::string readings = folder / "layers.csv", models = folder / "models.json";
  std::string text = "i,o,joules,seconds\n";
  for (int n = 0; n < 40; ++n) {
    const int inputs = 10 + n * n % 190, outputs = 10 + 37 * n % 110;
    const double joules = 2e-9 * inputs * outputs;
    text += fmt::format("{},{},{},{}\n", inputs, outputs, joules, joules / 50);
  }
  write_file(readings, text);
  const Ran fitted =
      run_wattgrind({"calibrate", readings, "--workload", "dense:units={o},input={i}x1x1",
                     "--energy-column", "joules:J", "--duration-column", "seconds:s", "--model",
                     "polynomial", "--write-model", models});
  EXPECT_EQ(fitted.status, 0) << fitted.error;
  return models;
}

}  // namespace wattgrind
