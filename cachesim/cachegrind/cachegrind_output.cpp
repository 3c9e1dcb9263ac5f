#include "cachesim/cachegrind/cachegrind_output.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the next word off the front of `text` and returns it; it is empty at the end of the text.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// Returns what follows `key` at the front of `line`, or nothing where the line starts otherwise.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  return line.substr(key.size());
}

// Shortens a line for a message, since it may be of any length and hold any byte.
std::string excerpt(std::string_view text) {
  std::string printable(text.substr(0, 60));
  std::replace_if(
      printable.begin(), printable.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return printable;
}

class OutputParser {
 public:
  explicit OutputParser(std::string_view file_name) : file_name_(file_name) {}

  CachegrindOutput parse(std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      ++line_number_;
      if (end == std::string_view::npos) fail_truncated();
      parse_line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    if (!has_summary_) fail_truncated();
    check_summary();
    return std::move(output_);
  }

 private:
  void parse_line(std::string_view line) {
    if (trim(line).empty() || line.starts_with('#')) return;
    if (has_summary_) fail_line(line, "nothing after the summary");
    if (const auto description = value_of(line, "desc:")) {
      output_.descriptions.emplace_back(trim(*description));
    } else if (const auto command = value_of(line, "cmd:")) {
      output_.command = trim(*command);
    } else if (const auto events = value_of(line, "events:")) {
      parse_events(line, *events);
    } else if (const auto function = value_of(line, "fn=")) {
      enter_function(*function);
    } else if (line.starts_with("fl=") || line.starts_with("fi=") || line.starts_with("fe=")) {
      return;  // which file a line is from does not matter: functions are told by name
    } else if (const auto summary = value_of(line, "summary:")) {
      add_counts(line, *summary, output_.summary);
      has_summary_ = true;
    } else {
      parse_record(line);
    }
  }

  void parse_events(std::string_view line, std::string_view names) {
    if (!columns_.empty()) fail_line(line, "one line of events");
    for (std::string_view name = next_word(names); !name.empty(); name = next_word(names)) {
      const auto* const found =
          std::find(kCachegrindEventNames.begin(), kCachegrindEventNames.end(), name);
      if (found == kCachegrindEventNames.end()) {
        columns_.push_back(std::nullopt);
        continue;
      }
      const auto event = static_cast<CachegrindEvent>(found - kCachegrindEventNames.begin());
      if (std::find(columns_.begin(), columns_.end(), event) != columns_.end()) {
        fail_line(line, "each event once");
      }
      columns_.push_back(event);
    }
    for (size_t i = 0; i < kCachegrindEventNames.size(); ++i) {
      if (std::find(columns_.begin(), columns_.end(), static_cast<CachegrindEvent>(i)) ==
          columns_.end()) {
        fail(ErrorKind::kFailed, "{}:{}: event {} is missing: run cachegrind with --cache-sim=yes",
             file_name_, line_number_, kCachegrindEventNames[i]);
      }
    }
  }

  void enter_function(std::string_view name) {
    const auto [entry, is_new] =
        function_index_.try_emplace(std::string(name), output_.functions.size());
    if (is_new) output_.functions.push_back({std::string(name), {}});
    current_function_ = entry->second;
  }

  void parse_record(std::string_view line) {
    std::string_view rest = line;
    parse_number(line, next_word(rest));  // the line in the source, which is not kept
    if (!current_function_) fail_line(line, "\"fn=\" before the first counts");
    add_counts(line, rest, output_.functions[*current_function_].counts);
  }

  void add_counts(std::string_view line, std::string_view words, CachegrindCounts& counts) {
    if (columns_.empty()) fail_line(line, "\"events:\" before the first counts");
    size_t column = 0;
    for (std::string_view word = next_word(words); !word.empty(); word = next_word(words)) {
      if (column == columns_.size()) fail_line(line, "no more counts than events");
      const uint64_t count = word == "." ? 0 : parse_number(line, word);
      if (const auto event = columns_[column++]) add(counts[*event], count);
    }
  }

  uint64_t parse_number(std::string_view line, std::string_view word) const {
    uint64_t number = 0;
    const char* const end = word.data() + word.size();
    const auto [parsed_to, error] = std::from_chars(word.data(), end, number);
    if (error == std::errc::result_out_of_range) fail_line(line, "numbers of at most 64 bits");
    if (error != std::errc{} || parsed_to != end) fail_line(line, "a record of counts");
    return number;
  }

  void add(uint64_t& sum, uint64_t count) const {
    if (__builtin_add_overflow(sum, count, &sum)) {
      fail(ErrorKind::kFailed, "{}:{}: the sum of the counts exceeds 64 bits", file_name_,
           line_number_);
    }
  }

  void check_summary() const {
    CachegrindCounts sum;
    for (const CachegrindFunction& function : output_.functions) {
      for (size_t i = 0; i < sum.values.size(); ++i) add(sum.values[i], function.counts.values[i]);
    }
    for (size_t i = 0; i < sum.values.size(); ++i) {
      if (sum.values[i] == output_.summary.values[i]) continue;
      fail(ErrorKind::kFailed,
           "{}: the functions add up to {} {}, the summary says {}: the file is damaged",
           file_name_, sum.values[i], kCachegrindEventNames[i], output_.summary.values[i]);
    }
  }

  [[noreturn]] void fail_line(std::string_view line, std::string_view wanted) const {
    fail(ErrorKind::kFailed, "{}:{}: found \"{}\" in cachegrind's output, wanted {}", file_name_,
         line_number_, excerpt(line), wanted);
  }

  [[noreturn]] void fail_truncated() const {
    fail(ErrorKind::kFailed,
         "{}: cachegrind's output ends at line {} without a whole summary: is the disk full?",
         file_name_, line_number_);
  }

  std::string_view file_name_;
  size_t line_number_ = 0;
  std::vector<std::optional<CachegrindEvent>> columns_;  // nullopt: an event that is not kept
  std::unordered_map<std::string, size_t> function_index_;
  std::optional<size_t> current_function_;
  bool has_summary_ = false;
  CachegrindOutput output_;
};

}  // namespace

CachegrindOutput parse_cachegrind_output(std::string_view text, std::string_view file_name) {
  return OutputParser(file_name).parse(text);
}

}  // namespace wattgrind
