#include "estimator/machine/machine_file.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "estimator/machine/machine_check.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSchemaName = "wattgrind/machine/1";

// The words stand in the order of the enumerators.
constexpr std::array<std::string_view, 2> kReplacementNames = {"lru", "tree-plru"};
constexpr std::array<std::string_view, 3> kContainmentNames = {"non-inclusive", "inclusive",
                                                               "victim"};
constexpr std::array<std::string_view, 4> kPriceOriginNames = {"default", "eyeriss", "calibrated",
                                                               "measured"};
constexpr std::array<std::string_view, 7> kBasisNames = {
    "measured", "published", "family", "scaled", "bounded", "assumed", "fitted"};

// Figures of a machine as a whole that may be absent.
constexpr std::array<Figure<Machine>, 3> kMachineFigures = {{
    {"static_power_w", "", "W", 1, &Machine::static_power_w},
    {"cores", "", "", 1, &Machine::cores},
    {"packages", "", "", 1, &Machine::packages},
}};

constexpr std::array<Figure<Dram>, 2> kDramBandwidths = {{
    {"read_bytes_per_s", "", "B/s", 1, &Dram::read_bytes_per_s},
    {"write_bytes_per_s", "", "B/s", 1, &Dram::write_bytes_per_s},
}};

template <typename Enum, size_t kSize>
Enum read_word(const json& object, const char* key,
               const std::array<std::string_view, kSize>& words, Enum otherwise) {
  if (!object.contains(key)) return otherwise;
  const auto word =
      std::find(words.begin(), words.end(), object.at(key).get_ref<const std::string&>());
  CHECK(word != words.end(), "{} = {}: in the schema, not in the reader", key,
        object.at(key).dump());
  return static_cast<Enum>(word - words.begin());
}

std::optional<Basis> read_basis(const json& figure) {
  if (!figure.contains("basis")) return std::nullopt;
  return read_word(figure, "basis", kBasisNames, Basis::kAssumed);
}

Sourced<double> read_number(const json& number) {
  return {number.at("value").get<double>(), number.at("source").get<std::string>(),
          read_basis(number)};
}

template <typename Part, size_t kSize>
void read_figures(const json& object, const std::array<Figure<Part>, kSize>& figures, Part& part) {
  for (const auto& figure : figures) {
    if (object.contains(figure.key)) part.*figure.member = read_number(object.at(figure.key));
  }
}

OperationEnergy read_operations(const json& operations) {
  OperationEnergy read;
  for (const auto& price : kOperationPrices) {
    read.*price.member = read_number(operations.at(price.key));
  }
  for (const auto& price : kOptionalOperationPrices) {
    if (operations.contains(price.key)) read.*price.member = read_number(operations.at(price.key));
  }
  return read;
}

Isa read_isa(const std::string& word) {
  const auto found = std::find_if(kIsas.begin(), kIsas.end(),
                                  [&](const IsaTraits& isa) { return isa.name == word; });
  CHECK(found != kIsas.end(), "isa = {}: in the schema, not in the reader", word);
  return found->isa;
}

CacheLevel read_level(const json& level) {
  CacheLevel read;
  read.name = level.at("name").get<std::string>();
  const json& geometry = level.at("geometry");
  read.geometry = {{geometry.at("size_bytes").get<uint64_t>(), geometry.at("ways").get<uint32_t>(),
                    geometry.at("line_bytes").get<uint32_t>()},
                   geometry.at("source").get<std::string>(),
                   read_basis(geometry)};
  read.replacement = read_word(level, "replacement", kReplacementNames, read.replacement);
  read.containment = read_word(level, "containment", kContainmentNames, read.containment);
  read.latency_cycles = read_number(level.at("latency_cycles"));
  read.read_energy_pj = read_number(level.at("read_energy_pj"));
  read.write_energy_pj = read_number(level.at("write_energy_pj"));
  if (level.contains("bytes_per_cycle")) {
    read.bytes_per_cycle = read_number(level.at("bytes_per_cycle"));
  }
  if (level.contains("cachegrind")) {
    const json& substitute = level.at("cachegrind");
    read.cachegrind_substitute = {read.geometry.value, substitute.at("source").get<std::string>(),
                                  std::nullopt};
    read.cachegrind_substitute->value.ways = substitute.at("ways").get<uint32_t>();
  }
  return read;
}

template <typename T>
void write_source(const Sourced<T>& figure, ordered_json& written) {
  written["source"] = figure.source;
  if (figure.basis) written["basis"] = name(*figure.basis);
}

ordered_json write_number(const Sourced<double>& number) {
  ordered_json written;
  written["value"] = number.value;
  write_source(number, written);
  return written;
}

template <typename Part, size_t kSize>
void write_figures(const Part& part, const std::array<Figure<Part>, kSize>& figures,
                   ordered_json& written) {
  for_each_figure(part, figures, [&](const auto& figure, const Sourced<double>& number) {
    written[std::string(figure.key)] = write_number(number);
  });
}

ordered_json write_operations(const OperationEnergy& operations) {
  ordered_json written;
  for_each_price(operations,
                 [&](std::string_view key, std::string_view, const Sourced<double>& price) {
                   written[std::string(key)] = write_number(price);
                 });
  return written;
}

ordered_json write_level(const CacheLevel& level) {
  ordered_json written;
  written["name"] = level.name;
  written["geometry"] = {{"size_bytes", level.geometry.value.size_bytes},
                         {"ways", level.geometry.value.ways},
                         {"line_bytes", level.geometry.value.line_bytes}};
  write_source(level.geometry, written["geometry"]);
  written["replacement"] = name(level.replacement);
  written["containment"] = name(level.containment);
  written["latency_cycles"] = write_number(level.latency_cycles);
  written["read_energy_pj"] = write_number(level.read_energy_pj);
  written["write_energy_pj"] = write_number(level.write_energy_pj);
  if (level.bytes_per_cycle) written["bytes_per_cycle"] = write_number(*level.bytes_per_cycle);
  if (level.cachegrind_substitute) {
    written["cachegrind"] = {{"ways", level.cachegrind_substitute->value.ways},
                             {"source", level.cachegrind_substitute->source}};
  }
  return written;
}

}  // namespace

std::string_view name(Replacement replacement) {
  return kReplacementNames[static_cast<size_t>(replacement)];
}

std::string_view name(Containment containment) {
  return kContainmentNames[static_cast<size_t>(containment)];
}

std::string_view name(Basis basis) { return kBasisNames[static_cast<size_t>(basis)]; }

std::string_view name(PriceOrigin origin) { return kPriceOriginNames[static_cast<size_t>(origin)]; }

Machine read_machine(std::string_view text, std::string_view where) {
  const json document = parse_json(text, where);
  builtin_schema("machine").validate(document, where);
  Machine machine;
  machine.name = document.at("name").get<std::string>();
  machine.description = document.value("description", std::string());
  machine.isa = read_isa(document.at("isa").get<std::string>());
  if (document.contains("core")) {
    const json& core = document.at("core");
    machine.core = {core.at("name").get<std::string>(), core.at("year").get<int>(),
                    core.at("source").get<std::string>(), core.value("llvm_cpu", std::string())};
    if (core.contains("operations_512_per_cycle")) {
      machine.operations_512_per_cycle = read_number(core.at("operations_512_per_cycle"));
    }
  }
  for (const json& level : document.at("levels")) machine.levels.push_back(read_level(level));
  const json& dram = document.at("dram");
  machine.dram = {read_number(dram.at("latency_cycles")), read_number(dram.at("read_energy_pj")),
                  read_number(dram.at("write_energy_pj"))};
  read_figures(dram, kDramBandwidths, machine.dram);
  machine.operations = read_operations(document.at("operations"));
  machine.frequency_hz = read_number(document.at("frequency_hz"));
  read_figures(document, kMachineFigures, machine);
  if (document.contains("clocks")) {
    read_figures(document.at("clocks"), kClockFigures, machine.clocks);
  }
  for (const json& point : document.value("operating_points", json::array())) {
    machine.operating_points.push_back({point.at("frequency_hz").get<double>(),
                                        point.at("voltage_v").get<double>(),
                                        point.at("source").get<std::string>()});
  }
  if (document.contains("power")) {
    read_figures(document.at("power"), kPowerFigures, machine.power.emplace());
  }
  if (document.contains("instructions")) {
    read_figures(document.at("instructions"), kInstructionFigures, machine.instructions.emplace());
  }
  machine.prices = read_word(document, "prices", kPriceOriginNames, machine.prices);
  if (document.contains("calibration")) {
    const json& calibration = document.at("calibration");
    machine.calibration = {calibration.at("readings").get<std::string>(),
                           calibration.at("workloads").get<uint64_t>(),
                           calibration.at("interval_percent").get<double>()};
  }
  if (document.contains("time")) {
    const json& time = document.at("time");
    machine.time = {read_number(time.at("mac_ns")), read_number(time.at("latency_cycle_ns")),
                    time.at("interval_percent").get<double>()};
  }
  machine.notes = document.value("notes", std::vector<std::string>());
  check_machine(machine, where);
  return machine;
}

std::string write_machine(const Machine& machine) {
  check_machine(machine, machine.name);
  ordered_json document;
  document["schema"] = kSchemaName;
  document["name"] = machine.name;
  document["description"] = machine.description;
  document["isa"] = traits(machine.isa).name;
  if (machine.core) {
    document["core"] = {{"name", machine.core->name},
                        {"year", machine.core->year},
                        {"source", machine.core->source}};
    if (!machine.core->llvm_cpu.empty()) document["core"]["llvm_cpu"] = machine.core->llvm_cpu;
    if (machine.operations_512_per_cycle) {
      document["core"]["operations_512_per_cycle"] =
          write_number(*machine.operations_512_per_cycle);
    }
  }
  document["levels"] = ordered_json::array();
  for (const CacheLevel& level : machine.levels) document["levels"].push_back(write_level(level));
  document["dram"] = {{"latency_cycles", write_number(machine.dram.latency_cycles)},
                      {"read_energy_pj", write_number(machine.dram.read_energy_pj)},
                      {"write_energy_pj", write_number(machine.dram.write_energy_pj)}};
  write_figures(machine.dram, kDramBandwidths, document["dram"]);
  document["operations"] = write_operations(machine.operations);
  document["frequency_hz"] = write_number(machine.frequency_hz);
  write_figures(machine, kMachineFigures, document);
  write_figures(machine.clocks, kClockFigures, document["clocks"]);
  if (document["clocks"].is_null()) document.erase("clocks");
  for (const OperatingPoint& point : machine.operating_points) {
    document["operating_points"].push_back({{"frequency_hz", point.frequency_hz},
                                            {"voltage_v", point.voltage_v},
                                            {"source", point.source}});
  }
  if (machine.power) write_figures(*machine.power, kPowerFigures, document["power"]);
  if (machine.instructions) {
    write_figures(*machine.instructions, kInstructionFigures, document["instructions"]);
  }
  document["prices"] = name(machine.prices);
  if (machine.calibration) {
    document["calibration"] = {{"readings", machine.calibration->readings},
                               {"workloads", machine.calibration->workloads},
                               {"interval_percent", machine.calibration->interval_percent}};
  }
  if (machine.time) {
    document["time"] = {{"mac_ns", write_number(machine.time->mac_ns)},
                        {"latency_cycle_ns", write_number(machine.time->latency_cycle_ns)},
                        {"interval_percent", machine.time->interval_percent}};
  }
  document["notes"] = machine.notes;
  return layout_json(document);
}

}  // namespace wattgrind
