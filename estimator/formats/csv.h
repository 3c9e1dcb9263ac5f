// Comma-separated values are quoted as in RFC 4180. A `#` outside quotes starts a comment that ends
// with its line. Blank lines and a byte-order mark are skipped. The first line that is left is the
// header.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct CsvRow {
  size_t line = 0;  // its place in the file, from 1
  std::vector<std::string> fields;
};

// Every row has as many fields as there are columns.
struct CsvTable {
  std::string file;  // the name that errors give it
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;

  std::optional<size_t> find_column(std::string_view name) const;
  // The index of a column. Throws Error(kInput) naming the columns that are there.
  size_t column(std::string_view name) const;
  // Reads a field as a finite number. Throws Error(kInput) with file, line and column; a decimal
  // comma is named as such.
  double number(const CsvRow& row, size_t column) const;
};

// Throws Error(kInput) when there is no header, a column is named twice or not at all, a row has
// another number of fields than the header, or a quote is not closed; and, naming what it is and
// how to mend it, for other dialects: semicolons or tabs between fields, decimal commas, and what
// require_plain_text refuses.
CsvTable parse_csv(std::string_view text, std::string_view file);

// The field as it must stand in a file: quoted where it holds a comma, a quote, `#`, or a space at
// an end. Control characters, line breaks among them, are escaped (estimator/base/printable.h): the
// field is one line.
std::string csv_field(std::string_view value);

// Throws Error(kInput) for text in UTF-16, and for text with NUL bytes in it, as a file has that
// was being written when the power went.
void require_plain_text(std::string_view text, std::string_view file);

// Reads the whole text as one finite number; absent when it is anything else.
std::optional<double> parse_number(std::string_view text);

}  // namespace wattgrind
