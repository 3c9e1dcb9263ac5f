#include "estimator/pricing/roofline.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

std::vector<Roof> roofs_of(const Machine& machine, double clock) {
  std::vector<Roof> roofs;
  for (size_t i = 1; i < machine.levels.size(); ++i) {
    const CacheLevel& level = machine.levels[i];
    if (!level.bytes_per_cycle) {
      fail(ErrorKind::kInput,
           "machine {}: levels[{}].bytes_per_cycle: missing: a roofline wants {}", machine.name, i,
           "the bandwidth of every level");
    }
    roofs.push_back({level.name, level.bytes_per_cycle->value * clock});
  }
  if (!machine.dram.read_bytes_per_s) {
    fail(ErrorKind::kInput, "machine {}: dram.read_bytes_per_s: missing: a roofline wants {}",
         machine.name, "the bandwidth of every level");
  }
  roofs.push_back({"DRAM", machine.dram.read_bytes_per_s->value});
  return roofs;
}

// Bytes that went between the level and what is above it, by roof.
std::vector<std::optional<uint64_t>> bytes_of(const EventCounts& counts, const Machine& machine) {
  std::vector<std::optional<uint64_t>> bytes;
  for (size_t i = 1; i < counts.levels.size(); ++i) {
    bytes.push_back(bytes_moved(counts, i, machine.levels[i].geometry.value.line_bytes));
  }
  const uint64_t line_bytes = machine.levels.back().geometry.value.line_bytes;
  std::optional<uint64_t> dram;
  if (counts.dram.write_backs) {
    dram = (counts.dram.reads + *counts.dram.write_backs) * line_bytes;
  }
  bytes.push_back(dram);
  return bytes;
}

}  // namespace

std::optional<double> RooflineRow::reached_per_s() const {
  if (!time_s || *time_s <= 0) return std::nullopt;
  return operations / *time_s;
}

bool has_roofs(const Machine& machine) {
  return machine.dram.read_bytes_per_s &&
         std::ranges::all_of(machine.levels.begin() + 1, machine.levels.end(),
                             [](const CacheLevel& level) { return !!level.bytes_per_cycle; });
}

Roofline roofline(const Estimate& estimate, double peak_per_s) {
  const Machine& machine = estimate.machine;
  Roofline result{machine.name, estimate.counts.network, peak_per_s, {}, {}};
  result.roofs = roofs_of(machine, clock_hz(machine, estimate.counts.origin.isa).value);
  for (const PricedRow& priced : estimate.rows) {
    const OperationCounts& operations = priced.row.operations;
    RooflineRow row;
    row.name = priced.row.name;
    row.operations = 2 * static_cast<double>(operations.executed_macs()) +
                     static_cast<double>(operations.executed_other());
    if (row.operations == 0) continue;
    row.bound = "core";
    row.attainable_per_s = peak_per_s;
    const auto bytes = bytes_of(priced.row.counts, machine);
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::optional<double> intensity;
      if (bytes[i] && *bytes[i] > 0) intensity = row.operations / static_cast<double>(*bytes[i]);
      row.operations_a_byte.push_back(intensity);
      if (!intensity || *intensity * result.roofs[i].bytes_per_s >= row.attainable_per_s) continue;
      row.attainable_per_s = *intensity * result.roofs[i].bytes_per_s;
      row.bound = result.roofs[i].of;
    }
    row.time_s = priced.time_s;
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace wattgrind
