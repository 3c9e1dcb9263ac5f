// Comma-separated values: RFC 4180 quoting, `#` outside quotes starts a comment that ends with
// its line, blank lines are skipped, and so is a byte-order mark. The first line left is the
// header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct CsvRow {
  size_t line = 0;  // in the file, from 1
  std::vector<std::string> fields;
};

// Every row has as many fields as there are columns.
struct CsvTable {
  std::string file;  // as errors name it
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;

  std::optional<size_t> find_column(std::string_view name) const;
  // Throws Error(kInput) naming the columns that are there.
  size_t column(std::string_view name) const;
  // The field as a finite number. Throws Error(kInput) with file, line and column.
  double number(const CsvRow& row, size_t column) const;
};

// Throws Error(kInput) when there is no header, a column is named twice or not at all, a row has
// another number of fields than the header, or a quote is not closed.
CsvTable parse_csv(std::string_view text, std::string_view file);

// The field as it must stand in a file: quoted where it holds a comma, a quote, `#`, or a space at
// an end. Control characters, line breaks among them, are escaped (estimator/base/printable.h): the
// field is one line.
std::string csv_field(std::string_view value);

// The whole text as one finite number; absent when it is anything else.
std::optional<double> parse_number(std::string_view text);

}  // namespace wattgrind
