// wattgrind machines [MACHINE]: the built-in machine profiles, or one with every source.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/reports/power_budget.h"
#include "cli/reports/profile_table.h"
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
                     aligned_text(profile_table(machine), emphasis);
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
