#include "cli/terminal/message.h"

#include <fmt/format.h>

#include "estimator/base/printable.h"

namespace wattgrind {

std::string message_line(std::string_view message) {
  constexpr size_t kLongestMessage = 500;
  return printable(cut_in_the_middle(message, kLongestMessage));
}

void print_message(std::string_view message) {
  write_or_drop(stderr, fmt::format("wattgrind: {}\n", message_line(message)));
}

void print_notice(std::string_view notice) {
  write_or_drop(stderr, printable(notice, LineFeeds::kKeep) + "\n");
}

void print_question(std::string_view question) { write_or_drop(stderr, printable(question)); }

void write_or_drop(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
  std::clearerr(stream);  // the next line may be written even if this one could not
}

}  // namespace wattgrind
