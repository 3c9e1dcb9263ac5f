#include "search/study/stored_row.h"

#include <fmt/format.h>

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

constexpr int64_t kMostCount = int64_t{1} << 62;

std::string quote(const Query& query, int column) {
  switch (query.type(column)) {
    case ValueType::kNull:
      return "nothing";
    case ValueType::kBlob:
      return "bytes";
    case ValueType::kInteger:
      return fmt::format("{}", query.integer(column));
    case ValueType::kReal:
      return fmt::format("{}", query.real(column));
    case ValueType::kText:
      break;
  }
  return fmt::format("\"{}\"", query.text(column));
}

}  // namespace

std::string damaged_row(const std::filesystem::path& file, std::string_view table,
                        std::string_view row) {
  return fmt::format("{}: is damaged: {}, row {}", file.string(), table, row);
}

std::string damaged_row(const std::filesystem::path& file, std::string_view table, uint64_t row) {
  return damaged_row(file, table, fmt::format("{}", row));
}

std::string StoredRow::where(int column) const {
  return fmt::format("{}: {}", where_, query_.name(column));
}

void StoredRow::refuse(int column, std::string_view wanted) const {
  fail(ErrorKind::kInput, "{}: found {}, wanted {}", where(column), quote(query_, column), wanted);
}

std::string StoredRow::text(int column) const {
  if (query_.type(column) != ValueType::kText) refuse(column, "text");
  return query_.text(column);
}

uint64_t StoredRow::count_from(int64_t least, int column) const {
  const bool is_integer = query_.type(column) == ValueType::kInteger;
  const int64_t value = is_integer ? query_.integer(column) : 0;
  if (!is_integer || value < least || value > kMostCount) {
    refuse(column, fmt::format("an integer from {} to 2^62", least));
  }
  return static_cast<uint64_t>(value);
}

uint64_t StoredRow::count(int column) const { return count_from(0, column); }

uint64_t StoredRow::positive(int column) const { return count_from(1, column); }

double StoredRow::number(int column) const {
  const ValueType type = query_.type(column);
  if (type != ValueType::kReal && type != ValueType::kInteger) refuse(column, "a number");
  return query_.real(column);
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
