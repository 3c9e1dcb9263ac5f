#include "cli/commands/program.h"

#include "cli/commands/commands.h"
#include "cli/commands/version.h"

namespace wattgrind {

std::unique_ptr<CLI::App> make_program() {
  auto program = std::make_unique<CLI::App>(
      "What a neural network costs on a CPU, in cycles and joules, layer by layer", "wattgrind");
  program->require_subcommand(1);
  program->get_formatter()->column_width(32);
  program->set_version_flag("--version", version_text,
                            "Of the program, of Valgrind and of the libraries it was built with");
  add_ask_tell_command(*program);
  add_calibrate_command(*program);
  add_compare_command(*program);
  add_data_command(*program);
  add_dataflow_command(*program);
  add_doctor_command(*program);
  add_estimate_command(*program);
  add_machines_command(*program);
  add_measure_command(*program);
  add_networks_command(*program);
  add_profile_command(*program);
  add_prune_command(*program);
  add_run_command(*program);
  add_search_command(*program);
  add_serve_command(*program);
  add_study_command(*program);
  add_sweep_command(*program);
  add_train_command(*program);
  add_worker_command(*program);
  add_write_manual_command(*program);
  return program;
}

}  // namespace wattgrind
