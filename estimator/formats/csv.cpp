#include "estimator/formats/csv.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"

namespace wattgrind {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Splits one line into fields; quoted fields keep their spaces. A comment ends the line.
class LineSplitter {
 public:
  LineSplitter(std::string_view line, std::string_view file, size_t number)
      : line_(line), file_(file), number_(number) {}

  std::vector<std::string> split() {
    std::vector<std::string> fields;
    while (true) {
      fields.push_back(field());
      if (at_end()) return fields;
      ++position_;  // the comma
    }
  }

 private:
  bool at_end() const { return position_ >= line_.size() || line_[position_] == '#'; }

  std::string field() {
    while (position_ < line_.size() && (line_[position_] == ' ' || line_[position_] == '\t')) {
      ++position_;
    }
    if (position_ < line_.size() && line_[position_] == '"') return quoted();
    const size_t start = position_;
    while (!at_end() && line_[position_] != ',') ++position_;
    return std::string(trimmed(line_.substr(start, position_ - start)));
  }

  std::string quoted() {
    std::string value;
    for (++position_; position_ < line_.size(); ++position_) {
      if (line_[position_] != '"') {
        value += line_[position_];
      } else if (position_ + 1 < line_.size() && line_[position_ + 1] == '"') {
        value += line_[++position_];
      } else {
        return closed(std::move(value));
      }
    }
    fail(ErrorKind::kInput, "{}:{}: a quoted field is not closed: add the missing \"", file_,
         number_);
  }

  std::string closed(std::string value) {
    for (++position_; !at_end() && line_[position_] != ','; ++position_) {
      if (trimmed(line_.substr(position_, 1)).empty()) continue;
      fail(ErrorKind::kInput, "{}:{}: found '{}' after a closing quote, expected a comma", file_,
           number_, line_[position_]);
    }
    return value;
  }

  std::string_view line_;
  std::string_view file_;
  size_t number_;
  size_t position_ = 0;
};

// The text with a point for its comma, where that makes it a number.
std::optional<std::string> with_decimal_point(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  std::string pointed(text);
  pointed[comma] = '.';
  if (!parse_number(pointed)) return std::nullopt;
  return pointed;
}

// Fields that stand between semicolons or tabs leave a header of one field that holds some.
void check_separator(const CsvTable& table, size_t line) {
  if (table.columns.size() != 1) return;
  const std::string& header = table.columns.front();
  if (header.find(';') != std::string::npos) {
    fail(ErrorKind::kInput,
         "{}:{}: fields stand between semicolons, wanted commas: separate them by commas and write "
         "numbers with decimal points: sed 's/,/./g; s/;/,/g'",
         table.file, line);
  }
  if (header.find('\t') != std::string::npos) {
    fail(ErrorKind::kInput,
         "{}:{}: fields stand between tabs, wanted commas: separate them with tr '\\t' ','",
         table.file, line);
  }
}

[[noreturn]] void fail_count(const CsvTable& table, const std::vector<std::string>& fields,
                             size_t line) {
  const bool is_all_numbers = fields.size() > table.columns.size() &&
                              std::all_of(fields.begin(), fields.end(), [](const auto& field) {
                                return parse_number(field).has_value();
                              });
  fail(ErrorKind::kInput, "{}:{}: {} fields, but the header has {} ({})", table.file, line,
       fields.size(), table.columns.size(),
       is_all_numbers ? "are there decimal commas? write 1.5 for 1,5"
                      : "a field with commas must be quoted");
}

void check_header(const CsvTable& table, size_t line) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i];
    if (name.empty()) {
      fail(ErrorKind::kInput, "{}:{}: column {} has no name", table.file, line, i + 1);
    }
    if (std::find(table.columns.begin(), table.columns.begin() + i, name) !=
        table.columns.begin() + i) {
      fail(ErrorKind::kInput, "{}:{}: column '{}' is there twice: rename or remove one", table.file,
           line, name);
    }
  }
}

}  // namespace

std::optional<size_t> CsvTable::find_column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

size_t CsvTable::column(std::string_view name) const {
  if (const std::optional<size_t> index = find_column(name)) return *index;
  fail(ErrorKind::kInput, "{}: no column '{}'; the columns are {}", file, name,
       fmt::join(columns, ", "));
}

double CsvTable::number(const CsvRow& row, size_t column) const {
  const std::optional<double> value = parse_number(row.fields[column]);
  if (!value) {
    if (const auto pointed = with_decimal_point(row.fields[column])) {
      fail(ErrorKind::kInput, "{}:{}: column '{}': '{}' has a decimal comma: write {}", file,
           row.line, columns[column], row.fields[column], *pointed);
    }
    fail(ErrorKind::kInput, "{}:{}: column '{}': '{}' is not a finite number", file, row.line,
         columns[column], row.fields[column]);
  }
  return *value;
}

CsvTable parse_csv(std::string_view text, std::string_view file) {
  require_plain_text(text, file);
  CsvTable table;
  table.file = file;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> fields = LineSplitter(line, file, number).split();
    if (table.columns.empty()) {
      table.columns = std::move(fields);
      check_separator(table, number);
      check_header(table, number);
    } else if (fields.size() != table.columns.size()) {
      fail_count(table, fields, number);
    } else {
      table.rows.push_back({number, std::move(fields)});
    }
  }
  if (table.columns.empty()) {
    fail(ErrorKind::kInput, "{}: empty: expected a line with the names of the columns", file);
  }
  return table;
}

std::string csv_field(std::string_view value) {
  const std::string text = printable(value);
  if (text.find_first_of(",\"#") == std::string::npos && trimmed(text) == text) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void require_plain_text(std::string_view text, std::string_view file) {
  const size_t nul = text.find('\0');
  // Without its mark, UTF-16 shows itself by a NUL beside its first letter.
  const bool is_wide = text.size() > 1 && nul < 2 && text.find_first_not_of('\0') < 2;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || is_wide) {
    fail(ErrorKind::kInput,
         "{}: text in UTF-16: turn it into UTF-8, with 'iconv -f UTF-16 -t UTF-8'", file);
  }
  if (nul == std::string_view::npos) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + nul, '\n');
  fail(
      ErrorKind::kInput,
      "{}:{}: a NUL byte, as a file has whose writing was cut off: take it out, with tr -d '\\000'",
      file, line);
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace wattgrind
