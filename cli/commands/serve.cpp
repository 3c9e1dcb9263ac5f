// wattgrind serve: the page and the API.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/version.h"
#include "cli/serve/serve_handler.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

struct ServeOptions {
  uint16_t port = 8737;
  std::string address = "127.0.0.1";
  std::vector<std::string> hosts;
  std::string token_file;
  std::string studies;
  size_t jobs = 2;
  double memory_gib = 4;
  int64_t time_limit_s = 600;
};

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

std::string token_in(const std::string& file) {
  constexpr size_t kLeast = 16, kMost = 4096;
  std::string token = read_file(file, kMost);
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.size() < kLeast || token.find_first_of(" \t\r\n;,\"") != std::string::npos) {
    fail(ErrorKind::kInput, "{}: wanted a token of at least {} characters, without blanks", file,
         kLeast);
  }
  return token;
}

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string own_host_name() {
  std::array<char, 256> name = {};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

AccessRules access_rules(const ServeOptions& options, uint16_t port) {
  AccessRules rules;
  rules.port = port;
  rules.loopback = is_loopback(options.address);
  for (const std::string& host : options.hosts) rules.hosts.push_back(in_lower_case(host));
  if (!rules.loopback) {
    rules.hosts.push_back(in_lower_case(own_host_name()));
    rules.token = options.token_file.empty() ? random_token() : token_in(options.token_file);
  } else if (!options.token_file.empty()) {
    rules.token = token_in(options.token_file);
  }
  return rules;
}

void run_serve(const ServeOptions& options) {
  constexpr double kBytesAGib = 1 << 30;
  const InterruptGuard guard;
  HttpServer server(options.address, options.port);
  const AccessRules rules = access_rules(options, server.port());
  const auto runner = make_process_runner();
  JobLimits limits;
  limits.workers = options.jobs;
  limits.memory_bytes = static_cast<uint64_t>(options.memory_gib * kBytesAGib);
  limits.time = std::chrono::seconds(options.time_limit_s);
  // Ourselves, even where the file has been replaced since.
  JobBoard board("/proc/self/exe", *runner, limits, [&server] { server.wake(); });
  ServeHandler handler(rules, {options.studies, program_version()}, board);
  const std::string host = options.address.find(':') == std::string::npos
                               ? options.address
                               : "[" + options.address + "]";
  print_to_stdout(fmt::format("http://{}:{}/{}\n", host, server.port(),
                              rules.token ? "?token=" + *rules.token : ""));
  server.run(handler);
}

}  // namespace

void add_serve_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("serve", "A page and an API for estimates, comparisons and studies");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--port", options->port, "Where it listens; 0 takes a free one")
      ->check(integer_from(0, 65535))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option(
          "--bind", options->address,
          "The address it listens on; beyond this computer a token is wanted, which is made "
          "and printed unless --token-file gives one")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--token-file", options->token_file, "A file that holds the token")
      ->type_name("FILE");
  command
      ->add_option(
          "--host", options->hosts,
          "Other names by which browsers reach it; requests for names that are not its own "
          "are refused")
      ->delimiter(',')
      ->type_name("NAME,...");
  command
      ->add_option("--studies", options->studies,
                   "A folder whose studies are shown, running ones live")
      ->type_name("FOLDER");
  command->add_option("--jobs", options->jobs, "Estimates at once")
      ->check(integer_from(1, 256))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--memory", options->memory_gib, "What an estimate may take (address space)")
      ->check(number_from(0.25, 4096))
      ->type_name("GIB")
      ->capture_default_str();
  command->add_option("--time-limit", options->time_limit_s, "What an estimate may take")
      ->check(integer_from(1, 86400))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->footer("Prints its address, and serves until it is interrupted.");
  command->callback([options] { run_serve(*options); });
}

}  // namespace wattgrind
