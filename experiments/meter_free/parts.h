// The parts of the experiment: each prints its tables and draws its plots.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/meter_free/table.h"

namespace wattgrind {

struct Options {
  std::filesystem::path data;      // holds measurements/ and data/ncnn_networks/
  std::string plan = "layers";     // of ncnn's networks; "direct" and "auto" are fused
  std::vector<std::string> cores;  // only machines of ncnn's whose names have one of these words
  size_t every = 1;                // only every n-th row of a file of layers
  std::string rows;                // a folder for rows as CSV; empty: none
  uint64_t seed = 4;               // of the layers measured here
  double seconds = 60;             // of measuring
  std::string write_times;         // measure, write a CSV, and end
  std::vector<std::string> times;  // measured before; empty: measure now
};

// Layers and networks that PyTorch ran on one core of a Xeon Gold 5120.
void run_xeon(const Options& options);
// Networks that ncnn ran on one core of boards, phones, PCs and servers.
void run_ncnn(const Options& options);
// Layers and networks that this computer runs.
void run_here(const Options& options);
// Joules of whole networks, beside what others would estimate.
void run_energy(const Options& options);

// The rows as CSV in the folder asked for, if any.
void save_rows(const Options& options, const std::string& name, const std::vector<Group>& groups);

// The path of a file of published readings. Throws Error(kMissing) where it is absent.
std::filesystem::path published(const Options& options, const std::string& name);

}  // namespace wattgrind
