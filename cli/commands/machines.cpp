// wattgrind machines [MACHINE]: the built-in machine profiles, or one with every source.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/reports/power_budget.h"
#include "cli/terminal/output.h"
#include "cli/terminal/sentence.h"
#include "cli/terminal/table.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

// "32 KiB", "1.375 MiB", "1000 B"
std::string bytes_text(uint64_t bytes) {
  constexpr uint64_t kKib = 1024, kMib = 1024 * 1024;
  if (bytes >= kMib && bytes % kKib == 0) {
    return fmt::format("{:.4g} MiB", static_cast<double>(bytes) / static_cast<double>(kMib));
  }
  if (bytes >= kKib && bytes % kKib == 0) return fmt::format("{} KiB", bytes / kKib);
  return fmt::format("{} B", bytes);
}

std::string geometry_text(const CacheGeometry& geometry) {
  return fmt::format("{}, {}-way, lines of {} B", bytes_text(geometry.size_bytes), geometry.ways,
                     geometry.line_bytes);
}

// "L1 32 KiB, L2 256 KiB, L3 12 MiB"
std::string caches_text(const Machine& machine) {
  std::string text;
  for (const CacheLevel& level : machine.levels) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", level.name,
                        bytes_text(level.geometry.value.size_bytes));
  }
  return text;
}

// The rows of a profile: what, how much, how it was come by, from where.
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

// A row for every number of the profile file, under its key.
void add_numbers(const ordered_json& value, const std::string& key, Table& table) {
  const bool sourced = value.is_object() && value.contains("source");
  for (const auto& [name, member] : value.items()) {
    const std::string path = value.is_array()               ? fmt::format("{}[{}]", key, name)
                             : key.empty()                  ? name
                             : (sourced && name == "value") ? key
                                                            : key + "." + name;
    if (member.is_structured()) {
      add_numbers(member, path, table);
    } else if (member.is_number() && sourced) {
      table.rows.push_back({path, member.get<double>(), value.at("source").get<std::string>(),
                            value.value("basis", std::string())});
    }
  }
}

Table profile_csv(const Machine& machine) {
  Table table;
  table.columns = {{"key", "key"}, {"value", "value"}, {"source", "source"}, {"basis", "basis"}};
  add_numbers(parse_ordered_json(write_machine(machine), machine.name), "", table);
  return table;
}

std::string profile_text(const Machine& machine, Emphasis emphasis) {
  std::string text = sentence("{}: {}\nInstruction set {}, prices: {}\n\n", machine.name,
                              machine.description, traits(machine.isa).name, name(machine.prices)) +
                     aligned_text(ProfileTable(machine).table(), emphasis);
  text +=
      "\nA figure was measured on this very part by whom the source names, published by its maker "
      "or of its technology,\nknown of another part of its family, scaled from figures of other "
      "sizes or processes or by a model, bounded by what\npublished figures leave room for, "
      "assumed where there is none of it, or fitted by calibrate.\n";
  if (const auto budget = power_budget(machine)) {
    text += "\none busy core, a multiply-add of full width every cycle:\n" +
            aligned_text(*budget, emphasis);
  }
  if (!machine.notes.empty()) text += "\n";
  for (const std::string& note : machine.notes) text += sentence("- {}\n", note);
  return text;
}

void show_machine(const Machine& machine, Output& output) {
  output.print({[&](Emphasis emphasis) { return profile_text(machine, emphasis); },
                [&] { return parse_ordered_json(write_machine(machine), machine.name); },
                [&] { return profile_csv(machine); }});
}

Table machine_table(const std::vector<Machine>& machines) {
  Table table;
  table.columns = {{"name", "machine"},
                   {"isa", "isa"},
                   {"caches", "caches"},
                   {"dram_latency_cycles", "DRAM (cycles)"},
                   {"description", ""}};
  for (const Machine& machine : machines) {
    table.rows.push_back({machine.name, std::string(traits(machine.isa).name), caches_text(machine),
                          machine.dram.latency_cycles.value, machine.description});
  }
  return table;
}

ordered_json machines_json(const std::vector<Machine>& machines) {
  ordered_json json;
  json["schema"] = "wattgrind/machines/1";
  for (const Machine& machine : machines) {
    ordered_json levels = ordered_json::array();
    for (const CacheLevel& level : machine.levels) {
      levels.push_back({{"name", level.name},
                        {"size_bytes", level.geometry.value.size_bytes},
                        {"ways", level.geometry.value.ways},
                        {"line_bytes", level.geometry.value.line_bytes}});
    }
    json["machines"].push_back({{"name", machine.name},
                                {"description", machine.description},
                                {"isa", traits(machine.isa).name},
                                {"levels", levels},
                                {"frequency_hz", machine.frequency_hz.value}});
  }
  return json;
}

void list_machines(Output& output) {
  std::vector<Machine> machines;
  for (const std::string_view name : builtin_names("machines")) {
    machines.push_back(builtin_machine(name));
  }
  output.print(
      {[&](Emphasis emphasis) {
         return aligned_text(machine_table(machines), emphasis) +
                "\nhost is this system: `wattgrind machines host` shows what it comes to.\n";
       },
       [&] { return machines_json(machines); }, [&] { return machine_table(machines); }});
}

}  // namespace

void add_machines_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "machines", "List the built-in machine profiles, or show one with every source");
  auto argument = std::make_shared<std::string>();
  command
      ->add_option("machine", *argument,
                   "A built-in name, a .json file, or host: this system. --format json writes it "
                   "as a profile to copy")
      ->type_name("MACHINE");
  const auto options = add_output_options(*command);
  command->callback([command, argument, options] {
    const bool one = command->count("machine") > 0;
    Output output(*options);
    if (one) {
      show_machine(find_machine(*argument), output);
    } else {
      list_machines(output);
    }
  });
}

}  // namespace wattgrind
