#include "search/study/stored_row.h"

#include <fmt/format.h>

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

constexpr int64_t kMostCount = int64_t{1} << 62;

std::string quote(const ColumnReader& row, int column) {
  switch (row.type(column)) {
    case ValueType::kNull:
      return "nothing";
    case ValueType::kBlob:
      return "bytes";
    case ValueType::kInteger:
      return fmt::format("{}", row.integer(column));
    case ValueType::kReal:
      return fmt::format("{}", row.real(column));
    case ValueType::kText:
      break;
  }
  return fmt::format("\"{}\"", row.text(column));
}

}  // namespace

std::string damaged_row(std::string_view place, std::string_view table, std::string_view row) {
  return fmt::format("{}: is damaged: {}, row {}", place, table, row);
}

std::string damaged_row(std::string_view place, std::string_view table, uint64_t row) {
  return damaged_row(place, table, fmt::format("{}", row));
}

std::string StoredRow::where(int column) const {
  return fmt::format("{}: {}", where_, row_.name(column));
}

void StoredRow::refuse(int column, std::string_view wanted) const {
  fail(ErrorKind::kInput, "{}: found {}, wanted {}", where(column), quote(row_, column), wanted);
}

std::string StoredRow::text(int column) const {
  if (row_.type(column) != ValueType::kText) refuse(column, "text");
  return row_.text(column);
}

uint64_t StoredRow::count_from(int64_t least, int column) const {
  const bool is_integer = row_.type(column) == ValueType::kInteger;
  const int64_t value = is_integer ? row_.integer(column) : 0;
  if (!is_integer || value < least || value > kMostCount) {
    refuse(column, fmt::format("an integer from {} to 2^62", least));
  }
  return static_cast<uint64_t>(value);
}

uint64_t StoredRow::count(int column) const { return count_from(0, column); }

uint64_t StoredRow::positive(int column) const { return count_from(1, column); }

double StoredRow::number(int column) const {
  const ValueType type = row_.type(column);
  if (type != ValueType::kReal && type != ValueType::kInteger) refuse(column, "a number");
  const double value = row_.real(column);
  if (std::isnan(value)) refuse(column, "a number");
  return value;
}

double StoredRow::finite(int column) const {
  const double value = number(column);
  if (!std::isfinite(value)) refuse(column, "a finite number");
  return value;
}

nlohmann::ordered_json StoredRow::json(int column) const {
  return parse_ordered_json(text(column), where(column));
}

}  // namespace wattgrind
