#include "cli/commands/dimension_option.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

std::optional<std::pair<std::string, int64_t>> read_dimension(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  int64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + equals + 1, end, size);
  if (error != std::errc() || last != end || size < 1 || size > kMaxSize) return std::nullopt;
  return std::pair(text.substr(0, equals), size);
}

CLI::Validator named_size() {
  return CLI::Validator(
      [](std::string& text) {
        return read_dimension(text) ? std::string()
                                    : fmt::format("found {}, wanted NAME=N with N from 1 to {}",
                                                  quote_json(text), kMaxSize);
      },
      "");
}

}  // namespace

void add_dimension_option(CLI::App& command, DimensionSizes& sizes) {
  command
      .add_option_function<std::vector<std::string>>(
          "--dim",
          [&sizes](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) sizes.insert(read_dimension(text).value());
          },
          "The size of a dimension that an .onnx or .param file leaves open")
      ->check(named_size())
      ->type_name("NAME=N")
      ->allow_extra_args(false);
}

Network find_network_of(const std::string& argument, const DimensionSizes& sizes) {
  Network network = with_option("--dim", [&] { return find_network(argument, sizes); });
  for (const std::string& note : network.notes) {
    print_message(fmt::format("{}: {}", argument, note));
  }
  return network;
}

}  // namespace wattgrind
