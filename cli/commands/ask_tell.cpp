// wattgrind ask-tell SPACE: the sampler alone, for anybody's objective.
#include "search/study/ask_tell.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
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
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  print_to_stdout(text);
}

// The next line of standard input; false at its end.
bool read_line(std::string& line, size_t number) {
  constexpr size_t kLongestLine = 1 << 20;
  line.clear();
  std::streambuf& input = *std::cin.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  for (int c = input.sbumpc(); c != '\n'; c = input.sbumpc()) {
    if (c == kEnd) return !line.empty();
    if (line.size() == kLongestLine) {
      fail(ErrorKind::kInput, "standard input, line {}: longer than {} bytes, wanted one result",
           number, kLongestLine);
    }
    line += static_cast<char>(c);
  }
  return true;
}

void run_ask_tell(const AskTellArguments& arguments) {
  const nlohmann::ordered_json json = parse_json(read_file(arguments.space), arguments.space);
  AskTellConfig config = parse_ask_tell_config(json, arguments.space);
  std::unique_ptr<Sampler> sampler = make_sampler(config.sampler, config.space, config.seed);
  AskTell session(std::move(config.space), std::move(sampler), arguments.parallel);
  print_lines(session.ask());
  size_t number = 0, wrong = 0;
  for (std::string line; !session.ended() && read_line(line, number + 1);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      session.tell(line, fmt::format("standard input, line {}", number));
    } catch (const Error& error) {
      // The trial stays in flight: whoever drives this may send the line again, mended.
      print_message(error.what());
      print_lines({session.refusal(error.what())});
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
      ->check(integer_from(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  command->footer(
      "Writes {\"trial\": 0, \"params\": {...}} and reads {\"trial\": 0, \"value\": 1.25} or\n"
      "{\"trial\": 0, \"state\": \"failed\"}, a line each, until the end of input. A value that "
      "is\n"
      "no finite number (NaN, Infinity) is a failed trial. A wrong line changes nothing and is\n"
      "answered by {\"error\": \"...\", \"in_flight\": [0]}: send its result again, mended.");
  command->callback([arguments] { run_ask_tell(*arguments); });
}

}  // namespace wattgrind
