// wattgrind ask-tell SPACE: the sampler alone, for anybody's objective.
#include "search/study/ask_tell.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

struct AskTellArguments {
  std::string space;
  size_t parallel = 1;
};

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print("{}\n", line);
  if (std::fflush(stdout) != 0) fail(ErrorKind::kFailed, "standard output: cannot be written");
}

void run_ask_tell(const AskTellArguments& arguments) {
  const nlohmann::ordered_json json = parse_json(read_file(arguments.space), arguments.space);
  AskTellConfig config = parse_ask_tell_config(json, arguments.space);
  std::unique_ptr<Sampler> sampler = make_sampler(config.sampler, config.space, config.seed);
  AskTell session(std::move(config.space), std::move(sampler), arguments.parallel);
  print_lines(session.ask());
  size_t number = 0, wrong = 0;
  for (std::string line; !session.ended() && std::getline(std::cin, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      session.tell(line, fmt::format("standard input, line {}", number));
    } catch (const Error& error) {
      // The trial stays in flight: whoever drives this may send the line again, mended.
      fmt::print(stderr, "wattgrind: {}\n", error.what());
      ++wrong;
    }
    print_lines(session.ask());
  }
  if (wrong > 0) {
    fail(ErrorKind::kInput, "standard input: {} of {} lines were wrong", wrong, number);
  }
}

}  // namespace

void add_ask_tell_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "ask-tell", "Propose configurations for anybody's objective, as lines of JSON");
  auto arguments = std::make_shared<AskTellArguments>();
  command
      ->add_option("space", arguments->space,
                   "A JSON file with \"space\" and, optionally, \"sampler\" and \"seed\"")
      ->required()
      ->type_name("SPACE");
  command->add_option("--parallel", arguments->parallel, "Trials in flight")
      ->check(CLI::Range(1, 10000))
      ->type_name("N")
      ->capture_default_str();
  command->footer(
      "Writes {\"trial\": 0, \"params\": {...}} and reads {\"trial\": 0, \"value\": 1.25} or\n"
      "{\"trial\": 0, \"state\": \"failed\"}, a line each, until the end of input.");
  command->callback([arguments] { run_ask_tell(*arguments); });
}

}  // namespace wattgrind
