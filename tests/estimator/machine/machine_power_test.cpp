// What a profile tells of time and power: read, written, refused.
#include <gtest/gtest.h>

#include "estimator/catalog/machine_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/machine/machine_file.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

// The error of the profile xeon_gold_5120 with the value at `pointer` replaced.
std::string error_of(const std::string& pointer, const nlohmann::json& value) {
  nlohmann::json profile = parse_json(builtin_text("machines", "xeon_gold_5120").value(), "x");
  profile[nlohmann::json::json_pointer(pointer)] = value;
  return error_text([&] { read_machine(profile.dump(), "x.json"); });
}

nlohmann::json figure(double value) { return {{"value", value}, {"source", "test"}}; }

// Every member of each table is read and written under its own key.
template <typename Part, size_t kSize>
void expect_distinct(const std::array<Figure<Part>, kSize>& figures) {
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(figures[i].key, figures[j].key);
      EXPECT_NE(figures[i].member, figures[j].member) << figures[i].key;
    }
  }
}

TEST(MachinePower, TablesNameEachMemberOnce) {
  expect_distinct(kPowerFigures);
  expect_distinct(kInstructionFigures);
  expect_distinct(kClockFigures);
}

TEST(MachinePower, IsReadAsWritten) {
  const Machine machine = builtin_machine("xeon_gold_5120");
  const Machine again = read_machine(write_machine(machine), "again");
  EXPECT_EQ(again.power->core_w->value, machine.power->core_w->value);
  EXPECT_EQ(again.power->supply_efficiency->source, machine.power->supply_efficiency->source);
  EXPECT_EQ(again.instructions->handling_pj->basis, machine.instructions->handling_pj->basis);
  EXPECT_EQ(again.clocks.vector_512_hz->value, 2.9e9);
  EXPECT_EQ(again.levels[1].bytes_per_cycle->value, machine.levels[1].bytes_per_cycle->value);
  EXPECT_EQ(again.dram.read_bytes_per_s->value, machine.dram.read_bytes_per_s->value);
  EXPECT_EQ(again.cores->value, 14);
  EXPECT_EQ(again.packages->value, 2);
  EXPECT_EQ(again.operations_512_per_cycle->value, 1);
  EXPECT_EQ(again.core->llvm_cpu, "skylake-avx512");
}

TEST(MachinePower, ProfilesWithoutItAreRead) {
  nlohmann::json profile = parse_json(builtin_text("machines", "zen3").value(), "x");
  for (const char* key : {"power", "instructions", "clocks", "cores"}) profile.erase(key);
  profile["core"].erase("llvm_cpu");
  for (nlohmann::json& level : profile["levels"]) level.erase("bytes_per_cycle");
  profile["dram"].erase("read_bytes_per_s");
  const Machine machine = read_machine(profile.dump(), "x");
  EXPECT_FALSE(machine.power.has_value());
  EXPECT_FALSE(machine.instructions.has_value());
  EXPECT_FALSE(machine.clocks.vector_256_hz.has_value());
  EXPECT_EQ(write_machine(machine).find("clocks"), std::string::npos);
}

// A profile's core that computes faster than the levels below can be given lines has a bandwidth
// for each of them.
TEST(MachinePower, EveryBuiltinProfileTellsTimeAndPower) {
  for (const std::string_view name : builtin_names("machines")) {
    const Machine machine = builtin_machine(name);
    EXPECT_FALSE(machine.core->llvm_cpu.empty()) << name;
    for (size_t i = 1; i < machine.levels.size(); ++i) {
      EXPECT_TRUE(machine.levels[i].bytes_per_cycle.has_value()) << name << " " << i;
    }
    EXPECT_TRUE(machine.dram.read_bytes_per_s.has_value()) << name;
    ASSERT_TRUE(machine.power.has_value() && machine.instructions.has_value()) << name;
    EXPECT_TRUE(machine.power->package_idle_w && machine.power->uncore_w && machine.power->core_w)
        << name;
    for_each_figure(*machine.power, kPowerFigures,
                    [&](const auto& figure, const Sourced<double>& number) {
                      EXPECT_TRUE(number.basis.has_value()) << name << " " << figure.key;
                    });
  }
}

TEST(MachinePower, RefusesWhatCannotBe) {
  EXPECT_EQ(error_of("/levels/1/bytes_per_cycle", figure(-3)),
            "x.json: levels[1].bytes_per_cycle.value: found -3.0, wanted a number greater than 0 "
            "and of at most 1e+15");
  EXPECT_NE(error_of("/dram/read_bytes_per_s", figure(0)).find("dram.read_bytes_per_s.value"),
            std::string::npos);
  EXPECT_NE(error_of("/clocks/vector_256_hz", figure(-1)).find("clocks.vector_256_hz.value"),
            std::string::npos);
  EXPECT_NE(error_of("/power/core_w", figure(-1)).find("power.core_w.value: found -1"),
            std::string::npos);
  EXPECT_NE(error_of("/instructions/handling_pj", figure(-1)).find("instructions.handling_pj"),
            std::string::npos);
  EXPECT_NE(error_of("/power/supply_efficiency", figure(1.2)).find("power.supply_efficiency"),
            std::string::npos);
  EXPECT_NE(error_of("/power/supply_efficiency", figure(0)).find("power.supply_efficiency"),
            std::string::npos);
  EXPECT_NE(error_of("/cores", figure(2.5)).find("cores"), std::string::npos);
  EXPECT_NE(error_of("/packages", figure(0)).find("packages"), std::string::npos);
  EXPECT_NE(error_of("/core/operations_512_per_cycle", figure(0)).find("operations_512_per_cycle"),
            std::string::npos);
  EXPECT_NE(error_of("/levels/0/bytes_per_cycle", figure(64))
                .find("levels[0].bytes_per_cycle: found one, but the first level is read by "
                      "instructions"),
            std::string::npos);
}

TEST(MachinePower, RefusesIdlePowerAboveFullPower) {
  EXPECT_EQ(error_of("/power/package_idle_w", figure(106)),
            "x.json: power.package_idle_w.value: found 106, with what comes before it 106 W: "
            "wanted at most power.package_full_w, 105 W");
  EXPECT_NE(error_of("/power/core_w", figure(80))
                .find("power.core_w.value: found 80, with what "
                      "comes before it 115 W"),
            std::string::npos);
}

TEST(MachinePower, EveryFigureHasASource) {
  nlohmann::json unsourced = figure(5);
  unsourced.erase("source");
  EXPECT_NE(error_of("/power/core_w", unsourced).find("power.core_w"), std::string::npos);
}

}  // namespace
}  // namespace wattgrind
