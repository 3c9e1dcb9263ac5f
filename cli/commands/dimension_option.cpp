#include "cli/commands/dimension_option.h"

#include <charconv>
#include <string>
#include <vector>

#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {

void add_dimension_option(CLI::App& command, DimensionSizes& sizes) {
  command
      .add_option_function<std::vector<std::string>>(
          "--dim",
          [&sizes](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const size_t equals = text.rfind('=');
              int64_t size = 0;
              const char* const end = text.data() + text.size();
              const char* const begin = text.data() + std::min(text.size(), equals + 1);
              const auto [last, error] = std::from_chars(begin, end, size);
              if (equals == std::string::npos || equals == 0 || error != std::errc() ||
                  last != end || size < 1 || size > kMaxSize) {
                fail(ErrorKind::kUsage, "--dim: found {}, wanted NAME=N with N from 1 to {}",
                     quote_json(text), kMaxSize);
              }
              sizes[text.substr(0, equals)] = size;
            }
          },
          "The size of a dimension that an .onnx or .param file leaves open")
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
