#include "estimator/machine/machine_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "estimator/catalog/machine_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/machine/machine_check.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

// The error of the profile xeon_x5650 with the value at `pointer` replaced (by null: removed).
std::string error_with(const std::string& pointer, const nlohmann::json& value) {
  nlohmann::json profile = parse_json(builtin_text("machines", "xeon_x5650").value(), "x");
  const nlohmann::json::json_pointer place(pointer);
  if (value.is_null()) {
    profile.at(place.parent_pointer()).erase(place.back());
  } else {
    profile[place] = value;
  }
  return error_text([&] { read_machine(profile.dump(), "x.json"); });
}

std::string check_error(void (*change)(Machine&)) {
  Machine machine = builtin_machine("xeon_x5650");
  change(machine);
  return error_text([&] { check_machine(machine, "x"); });
}

TEST(BuiltinMachines, AreReadUnderTheirFilesName) {
  for (const std::string_view name : builtin_names("machines")) {
    EXPECT_EQ(builtin_machine(name).name, name);
  }
}

TEST(BuiltinMachines, X5650AsPowermlsCodeHasIt) {
  const Machine machine = builtin_machine("xeon_x5650_powerml");
  ASSERT_EQ(machine.levels.size(), 2u);
  EXPECT_EQ(machine.levels[0].geometry.value, (CacheGeometry{32768, 8, 64}));
  EXPECT_EQ(machine.levels[1].geometry.value, (CacheGeometry{12582912, 16, 64}));
  EXPECT_EQ(machine.levels[0].latency_cycles.value, 4);
  EXPECT_EQ(machine.levels[1].latency_cycles.value, 41);
  EXPECT_EQ(machine.dram.latency_cycles.value, 178.22);
  EXPECT_EQ(machine.isa, Isa::kSse42);
}

TEST(BuiltinMachines, GeometriesCachegrindRefusesHaveASubstitute) {
  for (const std::string_view name : builtin_names("machines")) {
    for (const CacheLevel& level : builtin_machine(name).levels) {
      EXPECT_EQ(level.cachegrind_substitute.has_value(),
                !std::has_single_bit(level.geometry.value.sets()))
          << name << " " << level.name;
    }
  }
  EXPECT_EQ(builtin_machine("xeon_x5650").levels[2].cachegrind_substitute->value.ways, 24u);
  EXPECT_EQ(builtin_machine("broadwell_e5_2630v4").levels[2].cachegrind_substitute->value.ways,
            25u);
}

TEST(BuiltinMachines, LastLevelsOfVictimKind) {
  EXPECT_EQ(builtin_machine("skylake_server").levels[2].containment, Containment::kVictim);
  EXPECT_EQ(builtin_machine("zen3").levels[2].containment, Containment::kVictim);
  EXPECT_EQ(builtin_machine("xeon_x5650").levels[2].containment, Containment::kInclusive);
}

TEST(BuiltinMachines, TellTheirCoresAndYears) {
  for (const std::string_view name : builtin_names("machines")) {
    EXPECT_TRUE(builtin_machine(name).core.has_value()) << name;
  }
  EXPECT_EQ(builtin_machine("zen3").core->name, "Zen 3");
  EXPECT_EQ(builtin_machine("zen3").core->year, 2020);
}

TEST(MachineFile, MayLeaveOutTheCoreButNotItsYear) {
  nlohmann::json profile = parse_json(builtin_text("machines", "xeon_x5650").value(), "x");
  profile.erase("core");
  EXPECT_EQ(read_machine(profile.dump(), "x").core, std::nullopt);
  EXPECT_NE(error_with("/core/year", nullptr).find("year"), std::string::npos);
}

TEST(MachineFile, WritingAndReadingGivesTheSameMachine) {
  for (const std::string_view name : builtin_names("machines")) {
    Machine machine = builtin_machine(name);
    machine.static_power_w = {12.5, "idle power"};
    machine.operations.fp16_add_pj.reset();
    machine.prices = PriceOrigin::kCalibrated;
    machine.calibration = {"readings.csv", 8, 18.5};
    machine.time = {{0.25, "fitted"}, {0.5, "fitted, too"}, 12};
    machine.levels[0].replacement = Replacement::kTreePlru;
    const std::string text = write_machine(machine);
    const Machine again = read_machine(text, "again");
    EXPECT_EQ(write_machine(again), text);
    EXPECT_EQ(again.levels[0].replacement, Replacement::kTreePlru);
    EXPECT_EQ(again.prices, PriceOrigin::kCalibrated);
    EXPECT_EQ(again.calibration, machine.calibration);
    EXPECT_EQ(again.static_power_w->value, 12.5);
    ASSERT_TRUE(again.time.has_value());
    EXPECT_EQ(again.time->mac_ns.value, 0.25);
    EXPECT_EQ(again.time->latency_cycle_ns.source, "fitted, too");
    EXPECT_EQ(again.time->interval_percent, 12);
    EXPECT_EQ(again.dram.latency_cycles.value, machine.dram.latency_cycles.value);
    EXPECT_EQ(again.levels.back().write_energy_pj.source,
              machine.levels.back().write_energy_pj.source);
    EXPECT_EQ(again.notes, machine.notes);
    EXPECT_EQ(again.core, machine.core);
    EXPECT_EQ(again.static_power_w->basis, std::nullopt);
    EXPECT_EQ(again.levels[0].geometry.basis, Basis::kPublished);
    EXPECT_EQ(again.dram.write_energy_pj.basis, Basis::kAssumed);
    EXPECT_FALSE(again.operations.fp16_add_pj.has_value());
    EXPECT_EQ(again.operations.int8_add_pj->value, machine.operations.int8_add_pj->value);
  }
}

// Profiles from before there were bases and prices of short types.
TEST(MachineFile, NeitherBasesNorPricesOfShortTypesAreNeeded) {
  nlohmann::json profile = parse_json(builtin_text("machines", "xeon_x5650").value(), "x");
  for (const char* key : {"fp16_add_pj", "fp16_multiply_pj", "int8_add_pj", "int8_multiply_pj"}) {
    profile["operations"].erase(key);
  }
  for (nlohmann::json& price : profile["operations"]) price.erase("basis");
  const Machine machine = read_machine(profile.dump(), "x");
  EXPECT_FALSE(machine.operations.int8_multiply_pj.has_value());
  EXPECT_EQ(machine.operations.fp32_add_pj.basis, std::nullopt);
  EXPECT_EQ(machine.operations.mac_pj(), builtin_machine("xeon_x5650").operations.mac_pj());
}

TEST(MachineFile, RefusesAnUnknownBasis) {
  EXPECT_NE(error_with("/frequency_hz/basis", "guessed").find("frequency_hz.basis: found"),
            std::string::npos);
}

TEST(MachineFile, RefusesToWriteWhatCannotBeRead) {
  Machine machine = builtin_machine("zen3");
  machine.operations.fp32_add_pj.value = std::nan("");
  EXPECT_EQ(error_text([&] { write_machine(machine); }),
            "zen3: operations.fp32_add_pj.value: found nan, wanted a number of at least 0");
}

TEST(MachineFile, StaticPowerThatIsNotKnownIsAbsent) {
  EXPECT_FALSE(builtin_machine("xeon_x5650").static_power_w.has_value());
}

TEST(MachineFile, Geometries) {
  EXPECT_EQ(error_with("/levels/1/geometry/ways", 0),
            "x.json: levels[1].geometry.ways: found 0, wanted an integer from 1 to 65536");
  EXPECT_EQ(error_with("/levels/1/geometry/line_bytes", 48),
            "x.json: levels[1].geometry.line_bytes: found 48, wanted a power of two");
  EXPECT_EQ(error_with("/levels/1/geometry/ways", 7),
            "x.json: levels[1].geometry.size_bytes: found 262144, wanted a multiple of ways x "
            "line, 7 x 64 = 448");
  EXPECT_EQ(error_with("/levels/1/geometry/size_bytes", 16384),
            "x.json: levels[1].geometry.size_bytes: found 16384, wanted at least 32768, the size "
            "of L1 (or containment \"victim\")");
  EXPECT_EQ(error_with("/levels/1/geometry/line_bytes", 32),
            "x.json: levels[1].geometry.line_bytes: found 32, wanted at least 64, the line of L1");
  EXPECT_EQ(error_with("/levels/2/cachegrind/ways", 16),
            "x.json: levels[2].cachegrind.ways: found 16, wanted ways that make 12582912 bytes of "
            "64-byte lines sets of a power of two");
  EXPECT_NE(error_with("/levels/2/cachegrind/ways", 25).find("cachegrind.ways: found 25"),
            std::string::npos);
  EXPECT_NE(error_with("/levels/0/geometry/size_bytes", -1).find("found -1, wanted an integer"),
            std::string::npos);
}

TEST(MachineFile, VictimCaches) {
  nlohmann::json profile = parse_json(builtin_text("machines", "xeon_x5650").value(), "x");
  profile["levels"][1]["geometry"]["size_bytes"] = 16384;
  profile["levels"][1]["containment"] = "victim";
  EXPECT_EQ(read_machine(profile.dump(), "x").levels[1].containment, Containment::kVictim);
  EXPECT_EQ(error_with("/levels/0/containment", "victim"),
            "x.json: levels[0].containment: found \"victim\", but there is no level above the "
            "first");
}

TEST(MachineFile, Prices) {
  EXPECT_EQ(error_with("/levels/1/read_energy_pj/value", -1),
            "x.json: levels[1].read_energy_pj.value: found -1, wanted a number from 0 to 1e+15");
  EXPECT_NE(error_with("/dram/latency_cycles/value", 0).find("wanted a number greater than 0"),
            std::string::npos);
  EXPECT_EQ(error_with("/levels/1/latency_cycles/value", 3),
            "x.json: levels[1].latency_cycles.value: found 3, wanted at least 4, the latency of "
            "the level above");
  EXPECT_EQ(error_with("/dram/latency_cycles/value", 5),
            "x.json: dram.latency_cycles.value: found 5, wanted at least 41, the latency of the "
            "level above");
  EXPECT_EQ(error_with("/operations/int_add_pj/source", ""),
            "x.json: operations.int_add_pj.source: found \"\", wanted a string that is not empty");
  EXPECT_EQ(error_with("/frequency_hz", 3), "x.json: frequency_hz: found 3, wanted an object");
}

TEST(MachineFile, MissingAndUnknownKeys) {
  EXPECT_EQ(error_with("/dram", nullptr), "x.json: dram: missing, wanted an object");
  EXPECT_EQ(error_with("/levels/0/latency", 4),
            "x.json: levels[0]: unknown key \"latency\"; known: bytes_per_cycle, cachegrind, "
            "containment, geometry, "
            "latency_cycles, name, read_energy_pj, replacement, write_energy_pj");
  EXPECT_EQ(error_with("/isa", "avx"),
            "x.json: isa: found \"avx\", wanted one of \"sse4.2\", \"avx2\", \"avx512\", \"neon\"");
  EXPECT_EQ(error_with("/levels/1/name", "L1"),
            "x.json: levels[1].name: found \"L1\", the name of levels[0]: names must differ");
  EXPECT_EQ(error_with("/levels", nlohmann::json::array()),
            "x.json: levels: found [], wanted an array of 1 to 8");
}

TEST(MachineCheck, WhatNoFileCanHold) {
  EXPECT_EQ(check_error([](Machine& m) { m.levels[0].geometry.value.ways = 0; }),
            "x: levels[0].geometry.ways: found 0, wanted at least 1");
  EXPECT_EQ(check_error([](Machine& m) { m.levels[2].read_energy_pj.value = INFINITY; }),
            "x: levels[2].read_energy_pj.value: found inf, wanted a number of at least 0");
  EXPECT_EQ(check_error([](Machine& m) { m.levels[2].latency_cycles.value = std::nan(""); }),
            "x: levels[2].latency_cycles.value: found nan, wanted a number greater than 0");
  EXPECT_EQ(check_error([](Machine& m) { m.levels.clear(); }),
            "x: levels: found none, wanted at least one");
  EXPECT_EQ(check_error([](Machine& m) { m.frequency_hz.value = -1; }),
            "x: frequency_hz.value: found -1, wanted a number greater than 0");
  EXPECT_EQ(check_error([](Machine& m) { m.dram.read_energy_pj.source = ""; }),
            "x: dram.read_energy_pj.source: found \"\", wanted where it is from");
  EXPECT_EQ(check_error([](Machine& m) { m.levels[1].name = "DRAM"; }),
            "x: levels[1].name: found \"DRAM\", wanted a name of its own, like \"L1\"");
}

}  // namespace
}  // namespace wattgrind
