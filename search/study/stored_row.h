// One row of a table of a study, read with care: anybody may have changed the store, and SQLite
// lets a column hold a value of any type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace wattgrind {

// "a.study: is damaged: trials, row 7": how every error begins that tells of a damaged row.
std::string damaged_row(std::string_view place, std::string_view table, std::string_view row);
std::string damaged_row(std::string_view place, std::string_view table, uint64_t row);

// What a column of a row holds, whatever the table's definition says.
enum class ValueType { kNull, kInteger, kReal, kText, kBlob };

// The row on which a statement stands. Columns are counted from 0.
class ColumnReader {
 public:
  virtual ~ColumnReader() = default;

  virtual ValueType type(int column) const = 0;
  virtual std::string name(int column) const = 0;
  // A value of another type is converted, to 0 or an empty text if need be.
  virtual int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;
};

// Columns are counted from 0. Each reader throws Error(kInput), which names the file, the table,
// the row and the column, for a value of another kind than the function's name says.
class StoredRow {
 public:
  // The reader must stand on a row and outlive this. `where` is what damaged_row() returns.
  StoredRow(const ColumnReader& row, std::string where) : row_(row), where_(std::move(where)) {}

  // "a.study: is damaged: trials, row 7: state"
  std::string where(int column) const;
  bool is_null(int column) const { return row_.type(column) == ValueType::kNull; }

  std::string text(int column) const;
  // An integer from 0 to 2^62: there is room to count on from it.
  uint64_t count(int column) const;
  uint64_t positive(int column) const;  // likewise, from 1
  double number(int column) const;      // infinities are numbers, a NaN is none
  double finite(int column) const;
  // The text, which is one JSON document.
  nlohmann::ordered_json json(int column) const;

 private:
  uint64_t count_from(int64_t least, int column) const;
  [[noreturn]] void refuse(int column, std::string_view wanted) const;

  const ColumnReader& row_;
  std::string where_;
};

}  // namespace wattgrind
