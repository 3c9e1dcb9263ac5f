#include "cli/reports/profile_table.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

// "32 KiB", "1.375 MiB", "1000 B"
std::string size_text(uint64_t bytes) {
  constexpr uint64_t kKib = 1024, kMib = 1024 * 1024;
  if (bytes >= kMib && bytes % kKib == 0) {
    return fmt::format("{:.4g} MiB", static_cast<double>(bytes) / static_cast<double>(kMib));
  }
  if (bytes >= kKib && bytes % kKib == 0) return fmt::format("{} KiB", bytes / kKib);
  return fmt::format("{} B", bytes);
}

std::string geometry_text(const CacheGeometry& geometry) {
  return fmt::format("{}, {}-way, lines of {} B", size_text(geometry.size_bytes), geometry.ways,
                     geometry.line_bytes);
}

class ProfileTable {
 public:
  explicit ProfileTable(const Machine& machine) {
    table_.columns = {
        {"what", "what"}, {"value", "value"}, {"basis", "basis"}, {"source", "source"}};
    for (const CacheLevel& level : machine.levels) add_level(level);
    add_prices("DRAM", machine.dram, "line");
    add_bandwidth("DRAM to one core", machine.dram.read_bytes_per_s, "GB/s", 1e9);
    add_bandwidth("DRAM from one core", machine.dram.write_bytes_per_s, "GB/s", 1e9);
    for_each_price(machine.operations,
                   [this](std::string_view, std::string_view words, const Sourced<double>& price) {
                     add(std::string(words), "pJ", price);
                   });
    Sourced<double> clock_ghz = machine.frequency_hz;
    clock_ghz.value /= 1e9;
    add("clock", "GHz", clock_ghz);
    add_figures(machine.clocks, kClockFigures);
    for (const OperatingPoint& point : machine.operating_points) {
      add(fmt::format("voltage at {:g} GHz", point.frequency_hz / 1e9), "V",
          Sourced<double>{point.voltage_v, point.source, std::nullopt});
    }
    add_core(machine);
    if (machine.instructions) add_figures(*machine.instructions, kInstructionFigures);
    if (machine.power) add_figures(*machine.power, kPowerFigures);
    if (machine.static_power_w) {
      add("static power", "W", *machine.static_power_w);
    } else if (!machine.power) {
      add_text("static power", "-", std::nullopt, "not known");
    }
  }

  const Table& table() const { return table_; }

 private:
  void add_text(const std::string& what, const std::string& value, std::optional<Basis> basis,
                const std::string& source) {
    const std::string word(basis ? name(*basis) : "");
    table_.rows.push_back({what, value, word, source});
  }

  void add(const std::string& what, std::string_view unit, const Sourced<double>& number) {
    add_text(what, fmt::format("{}{}{}", number.value, unit.empty() ? "" : " ", unit), number.basis,
             number.source);
  }

  template <typename Priced>
  void add_prices(const std::string& name, const Priced& priced, std::string_view access) {
    add(name + " latency", "cycles", priced.latency_cycles);
    add(fmt::format("{} read, per {}", name, access), "pJ", priced.read_energy_pj);
    add(fmt::format("{} write, per {}", name, access), "pJ", priced.write_energy_pj);
  }

  void add_bandwidth(const std::string& what, const std::optional<Sourced<double>>& bytes,
                     std::string_view unit, double unit_value) {
    if (!bytes) return;
    Sourced<double> told = *bytes;
    told.value /= unit_value;
    add(what, unit, told);
  }

  template <typename Part, size_t kSize>
  void add_figures(const Part& part, const std::array<Figure<Part>, kSize>& figures) {
    for_each_figure(part, figures, [this](const auto& figure, const Sourced<double>& number) {
      Sourced<double> told = number;
      told.value /= figure.unit_value;
      add(std::string(figure.words), figure.unit, told);
    });
  }

  void add_core(const Machine& machine) {
    if (!machine.core) return;
    add_text("core", machine.core->name, std::nullopt, machine.core->source);
    if (!machine.core->llvm_cpu.empty()) {
      add_text("core's timing", machine.core->llvm_cpu, std::nullopt,
               "LLVM's scheduling model of that name (-mcpu)");
    }
    if (machine.operations_512_per_cycle) {
      add("512-bit operations", "a cycle", *machine.operations_512_per_cycle);
    }
    if (machine.cores) add("cores of a package", "", *machine.cores);
    if (machine.packages) add("packages", "", *machine.packages);
  }

  void add_level(const CacheLevel& level) {
    add_text(level.name, geometry_text(level.geometry.value), level.geometry.basis,
             level.geometry.source);
    const bool first = table_.rows.size() == 1;
    const std::string policy =
        first ? std::string(name(level.replacement))
              : fmt::format("{}, {}", name(level.replacement), name(level.containment));
    add_text(level.name + " policy", policy, std::nullopt, "");
    add_prices(level.name, level, first ? "8 bytes" : "line");
    add_bandwidth(level.name + " to one core", level.bytes_per_cycle, "B/cycle", 1);
    if (level.cachegrind_substitute) {
      add_text(level.name + " for cachegrind", geometry_text(level.cachegrind_substitute->value),
               std::nullopt, level.cachegrind_substitute->source);
    }
  }

  Table table_;
};

}  // namespace

Table profile_table(const Machine& machine) { return ProfileTable(machine).table(); }

// "L1 32 KiB, L2 256 KiB, L3 12 MiB"
std::string caches_text(const Machine& machine) {
  std::string text;
  for (const CacheLevel& level : machine.levels) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", level.name,
                        size_text(level.geometry.value.size_bytes));
  }
  return text;
}

}  // namespace wattgrind
