// wattgrind write-manual FOLDER: the man pages and what shells complete, as files to install.
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/version.h"
#include "cli/manual/completions.h"
#include "cli/manual/man_page.h"
#include "estimator/base/error.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> builtin_words(std::string_view folder,
                                       std::initializer_list<std::string_view> others = {}) {
  std::vector<std::string> words(others.begin(), others.end());
  for (const std::string_view name : builtin_names(folder)) words.emplace_back(name);
  return words;
}

void write_beside(const fs::path& folder, const fs::path& name, const std::string& text) {
  std::error_code error;
  fs::create_directories((folder / name).parent_path(), error);
  if (error) {
    fail(ErrorKind::kFailed, "{}: cannot be made: {}", (folder / name).parent_path().string(),
         error.message());
  }
  write_file(folder / name, text);
}

void write_manual(const CLI::App& program, const fs::path& folder) {
  const std::vector<std::string> networks = builtin_words("networks");
  const DescribedProgram described =
      describe_program(program, program_version(),
                       {{"NETWORK", networks},
                        {"WORKLOAD", networks},
                        {"WHAT", builtin_words("sweeps")},
                        {"CONFIG", builtin_words("searches")},
                        {"MACHINE", builtin_words("machines", {"host"})},
                        {"ACCELERATOR", builtin_words("accelerators")}});
  write_beside(folder, "man1/wattgrind.1", program_man_page(described));
  for (const DescribedCommand& command : described.commands) {
    write_beside(folder, "man1/wattgrind-" + command.name + ".1",
                 command_man_page(described, command));
  }
  write_beside(folder, "bash/wattgrind", bash_completion(described));
  write_beside(folder, "zsh/_wattgrind", zsh_completion(described));
  write_beside(folder, "fish/wattgrind.fish", fish_completion(described));
}

}  // namespace

void add_write_manual_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "write-manual", "Write the man pages and the completions of bash, zsh and fish");
  command->group("");  // hidden: the build runs it, and who packages the program
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, "Where man1/, bash/, zsh/ and fish/ go")
      ->required()
      ->type_name("FOLDER");
  command->callback([&program, folder] { write_manual(program, *folder); });
}

}  // namespace wattgrind
