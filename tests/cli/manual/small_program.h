// A program with one of each: what stands in its manual is known.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/manual/described_command.h"

namespace wattgrind {

struct SmallProgram {
  CLI::App app{"Weighs things", "scale"};
  std::string network, phase, file, machine = "host";
  bool quiet = false;

  SmallProgram() {
    CLI::App* weigh = app.add_subcommand("weigh", "How heavy it is, in [kg]: one's own");
    weigh->add_option("network", network, "What to weigh")->required()->type_name("NETWORK");
    weigh->add_option("--phase", phase, ".of the moon's \\ phases")->type_name("new|full");
    weigh->add_option("-o,--output", file, "Where it goes")->type_name("FILE");
    weigh->add_option("--machine", machine, "On which")
        ->type_name("MACHINE,...")
        ->capture_default_str();
    weigh->add_flag("--quiet", quiet, "Say nothing");
    weigh->add_flag("--secret", quiet, "Not told")->group("");
    weigh->footer("Wants a scale.");
    app.add_subcommand("adjust", "Turn the screw");
    app.add_subcommand("hidden", "Not told")->group("");
  }

  DescribedProgram described() const {
    return describe_program(app, "1.2", {{"MACHINE", {"host", "zen3"}}, {"NETWORK", {"lenet5"}}});
  }
};

}  // namespace wattgrind
