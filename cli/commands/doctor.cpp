// wattgrind doctor: what works on this system, and how to fix what does not.
#include <fmt/ranges.h>

#include "cli/commands/commands.h"
#include "cli/commands/system_checks.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/system/clock.h"
#include "estimator/system/interrupt.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

std::string state(const SystemCheck& check) {
  if (check.works) return "works";
  return check.is_needed ? "MISSING" : "missing";
}

std::vector<std::string> missing_needs(const std::vector<SystemCheck>& checks) {
  std::vector<std::string> names;
  for (const SystemCheck& check : checks) {
    if (check.is_needed && !check.works) names.push_back(check.name);
  }
  return names;
}

Table checks_table(const std::vector<SystemCheck>& checks) {
  Table table;
  table.columns = {{"check", "check"},
                   {"state", "state"},
                   {"needed", "needed"},
                   {"serves", "serves"},
                   {"finding", "finding"}};
  for (const SystemCheck& check : checks) {
    table.rows.push_back({check.name, state(check), std::string(check.is_needed ? "yes" : "no"),
                          check.serves, check.finding});
  }
  return table;
}

ordered_json checks_json(const std::vector<SystemCheck>& checks) {
  ordered_json json;
  json["schema"] = "wattgrind/doctor/1";
  json["works"] = missing_needs(checks).empty();
  json["checks"] = ordered_json::array();
  for (const SystemCheck& check : checks) {
    json["checks"].push_back({{"name", check.name},
                              {"works", check.works},
                              {"needed", check.is_needed},
                              {"serves", check.serves},
                              {"finding", check.finding}});
  }
  return json;
}

void examine(Output& output) {
  const InterruptGuard guard;
  const auto runner = make_process_runner();
  const auto sysfs = open_sysfs("/sys");
  const std::vector<SystemCheck> checks = check_system({*runner, "/", *sysfs, system_clock()});
  output.print({[&](Emphasis emphasis) { return aligned_text(checks_table(checks), emphasis); },
                [&] { return checks_json(checks); }, [&] { return checks_table(checks); }});
  const std::vector<std::string> missing = missing_needs(checks);
  if (missing.empty()) return;
  fail(ErrorKind::kMissing, "does not work and is needed: {}; the findings name the remedies",
       fmt::join(missing, ", "));
}

}  // namespace

void add_doctor_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "doctor", "Tell what works on this system, and how to fix what does not");
  const auto options = add_output_options(*command);
  command->callback([options] {
    Output output(*options);
    examine(output);
  });
}

}  // namespace wattgrind
