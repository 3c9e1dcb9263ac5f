// The subcommands: each adds itself to the program, and runs in the callback it registers there.
// Running, it throws Error for what the user or the system did, which main() turns into the exit
// status.
#pragma once

#include <CLI/CLI.hpp>

namespace wattgrind {

void add_ask_tell_command(CLI::App& program);
void add_calibrate_command(CLI::App& program);
void add_compare_command(CLI::App& program);
void add_data_command(CLI::App& program);
void add_dataflow_command(CLI::App& program);
void add_doctor_command(CLI::App& program);
void add_estimate_command(CLI::App& program);
void add_machines_command(CLI::App& program);
void add_measure_command(CLI::App& program);
void add_networks_command(CLI::App& program);
void add_profile_command(CLI::App& program);
void add_prune_command(CLI::App& program);
void add_run_command(CLI::App& program);
void add_search_command(CLI::App& program);
void add_serve_command(CLI::App& program);
void add_study_command(CLI::App& program);
void add_sweep_command(CLI::App& program);
void add_train_command(CLI::App& program);
void add_write_manual_command(CLI::App& program);
void add_worker_command(CLI::App& program);

}  // namespace wattgrind
