#include "estimator/readings/readings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

constexpr std::string_view kHeader =
    "workload,batch,phase,repetitions,energy_j,duration_s,idle_power_w";
constexpr std::string_view kProfileHeader =
    "workload,batch,phase,repetitions,energy_j,duration_s,idle_power_w,caches,cpu,kernels,"
    "relative_error";

// The columns that a template names in braces. Throws Error(kUsage) where a brace is not closed.
std::vector<std::string> template_columns(std::string_view whole) {
  std::vector<std::string> columns;
  std::string_view text = whole;
  for (size_t open = text.find('{'); open != std::string_view::npos; open = text.find('{')) {
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      fail(ErrorKind::kUsage, "'{}': a {{ is not closed", whole);
    }
    columns.emplace_back(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return columns;
}

struct Unit {
  std::string_view name;
  double factor = 1;  // of joules or seconds
};
constexpr std::array<Unit, 10> kUnits = {{{"J", 1},
                                          {"mJ", 1e-3},
                                          {"uJ", 1e-6},
                                          {"Wh", 3600},
                                          {"kWh", 3.6e6},
                                          {"s", 1},
                                          {"ms", 1e-3},
                                          {"us", 1e-6},
                                          {"min", 60},
                                          {"h", 3600}}};

// "cpu_energy:kWh" or "duration/forward_passes", taken apart where no column is called so.
struct ColumnFormula {
  std::string column;
  std::string divisor;  // another column; empty: none
  double factor = 1;
};

ColumnFormula read_formula(const CsvTable& table, const std::string& text) {
  ColumnFormula formula;
  formula.column = text;
  if (table.find_column(text)) return formula;
  if (const size_t colon = text.rfind(':'); colon != std::string::npos) {
    const std::string_view word = std::string_view(text).substr(colon + 1);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& known) { return known.name == word; });
    if (unit == kUnits.end()) {
      fail(ErrorKind::kUsage,
           "'{}': no unit '{}': wanted J, mJ, uJ, Wh or kWh of an energy, s, "
           "ms, us, min or h of a time",
           text, word);
    }
    formula.factor = unit->factor;
    formula.column.resize(colon);
  }
  if (const size_t slash = formula.column.find('/'); slash != std::string::npos) {
    formula.divisor = formula.column.substr(slash + 1);
    formula.column.resize(slash);
  }
  return formula;
}

void require_columns(const CsvTable& table, const ReadingsFormat& format) {
  std::vector<std::string> wanted = format.workload_template.empty()
                                        ? std::vector<std::string>{"workload"}
                                        : template_columns(format.workload_template);
  for (const std::string& name : {format.energy_column, format.duration_column}) {
    if (name == ReadingsFormat().duration_column) continue;  // may be absent
    if (format.time_alone && name == ReadingsFormat().energy_column) continue;
    const ColumnFormula formula = read_formula(table, name);
    wanted.push_back(formula.column);
    if (!formula.divisor.empty()) wanted.push_back(formula.divisor);
  }
  for (const std::string& name : wanted) {
    if (table.find_column(name)) continue;
    fail(ErrorKind::kInput,
         "{}: no column '{}'; wanted {} (and batch, phase, repetitions, duration_s, idle_power_w "
         "where they are known); the columns are {}",
         table.file, name, fmt::join(wanted, ", "), fmt::join(table.columns, ", "));
  }
}

// Replaces {column} by the row's field.
std::string expand_template(const CsvTable& table, const CsvRow& row, std::string_view whole) {
  std::string workload;
  std::string_view text = whole;
  while (!text.empty()) {
    const size_t open = text.find('{');
    workload += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = text.find('}', open);
    const size_t column = table.column(text.substr(open + 1, close - open - 1));
    workload += row.fields[column];
    text.remove_prefix(close + 1);
  }
  return workload;
}

class RowReader {
 public:
  RowReader(const CsvTable& table, const CsvRow& row) : table_(table), row_(row) {}

  // Absent where there is no such column, or nothing in its field.
  std::optional<double> optional_number(std::string_view name) const {
    const std::optional<size_t> column = table_.find_column(name);
    if (!column || row_.fields[*column].empty()) return std::nullopt;
    return table_.number(row_, *column);
  }

  uint64_t count(std::string_view name) const {
    const std::optional<double> value = optional_number(name);
    if (!value) return 1;
    // Counts above 2^53 are not exact in a double, and nobody repeats that often.
    if (*value < 1 || *value != std::floor(*value) || *value > 9007199254740992.0) {
      reject(name, "must be a whole number of at least 1");
    }
    return static_cast<uint64_t>(*value);
  }

  // Absent where a column or its field is.
  std::optional<double> value(const ColumnFormula& formula) const {
    const std::optional<double> value = optional_number(formula.column);
    if (!value || formula.divisor.empty()) {
      return value ? std::optional(*value * formula.factor) : std::nullopt;
    }
    const std::optional<double> divisor = optional_number(formula.divisor);
    if (!divisor) return std::nullopt;
    if (*divisor <= 0) reject(formula.divisor, "must be positive");
    return *value * formula.factor / *divisor;
  }

  // Fits weigh readings by their inverse squares, which have to be finite: whatever the unit, this
  // is beyond what any instrument reads.
  void expect_measurable(std::string_view name, double value) const {
    constexpr double kLeast = 1e-30, kMost = 1e30;
    if (value < kLeast || value > kMost) reject(name, "must be from 1e-30 to 1e+30");
  }

  [[noreturn]] void reject(std::string_view name, std::string_view wanted) const {
    fail(ErrorKind::kInput, "{}:{}: column '{}': {}, found '{}'", table_.file, row_.line, name,
         wanted, row_.fields[table_.column(name)]);
  }

 private:
  const CsvTable& table_;
  const CsvRow& row_;
};

void read_idle(const RowReader& row, const ColumnFormula& duration, Reading& reading) {
  reading.duration_s = row.value(duration);
  if (reading.duration_s) {
    if (*reading.duration_s <= 0) row.reject(duration.column, "must be positive");
    row.expect_measurable(duration.column, *reading.duration_s);
  }
  reading.idle_power_w = row.optional_number("idle_power_w");
  if (!reading.idle_power_w) return;
  if (*reading.idle_power_w < 0) row.reject("idle_power_w", "must not be negative");
  if (*reading.idle_power_w > 0) row.expect_measurable("idle_power_w", *reading.idle_power_w);
  if (!reading.energy_j) return;
  if (!reading.duration_s) {
    row.reject("idle_power_w", "needs a duration_s to be subtracted over");
  }
  if (reading.net_energy_j() <= 0) {
    row.reject("idle_power_w",
               "times duration_s leaves none of the energy: the load is not "
               "above idle");
  }
}

void read_profile_columns(const RowReader& reader, const CsvTable& table, const CsvRow& row,
                          Reading& reading) {
  const auto text = [&](std::string_view name) {
    const std::optional<size_t> column = table.find_column(name);
    return column ? row.fields[*column] : std::string();
  };
  const std::string caches = text("caches");
  if (caches == name(CacheWarmth::kCold)) {
    reading.caches = CacheWarmth::kCold;
  } else if (!caches.empty() && caches != name(CacheWarmth::kWarm)) {
    reader.reject("caches", "must be warm or cold");
  }
  reading.cpu = text("cpu");
  reading.kernels = text("kernels");
  reading.relative_error = reader.optional_number("relative_error");
  if (reading.relative_error && *reading.relative_error < 0) {
    reader.reject("relative_error", "must not be negative");
  }
}

Reading read_row(const CsvTable& table, const CsvRow& row, const ReadingsFormat& format) {
  const RowReader reader(table, row);
  Reading reading;
  reading.line = row.line;
  reading.workload = format.workload_template.empty()
                         ? row.fields[table.column("workload")]
                         : expand_template(table, row, format.workload_template);
  if (reading.workload.empty()) reader.reject("workload", "must name a network or a load");
  reading.batch = reader.count("batch");
  reading.repetitions = reader.count("repetitions");
  if (const std::optional<size_t> phase = table.find_column("phase")) {
    reading.phase = row.fields[*phase];
    if (reading.phase != "inference" && reading.phase != "training") {
      reader.reject("phase", "must be inference or training");
    }
  }
  const ColumnFormula energy = read_formula(table, format.energy_column);
  reading.energy_j = reader.value(energy);
  const bool is_missing = !reading.energy_j && !format.time_alone;
  if (is_missing || (reading.energy_j && *reading.energy_j <= 0)) {
    reader.reject(energy.column, "energy must be positive");
  }
  if (reading.energy_j) reader.expect_measurable(energy.column, *reading.energy_j);
  const ColumnFormula duration = read_formula(table, format.duration_column);
  read_idle(reader, duration, reading);
  if (!reading.energy_j && !reading.duration_s) {
    fail(ErrorKind::kInput, "{}:{}: neither energy nor a duration: wanted one in '{}' or '{}'",
         table.file, row.line, energy.column, duration.column);
  }
  read_profile_columns(reader, table, row, reading);
  return reading;
}

bool same_reading(const Reading& a, const Reading& b) {
  const auto key = [](const Reading& r) {
    return std::tie(r.workload, r.batch, r.phase, r.repetitions, r.energy_j, r.duration_s,
                    r.idle_power_w, r.caches);
  };
  return key(a) == key(b);
}

}  // namespace

std::string_view name(CacheWarmth caches) { return caches == CacheWarmth::kWarm ? "warm" : "cold"; }

double Reading::net_energy_j() const {
  const double idle_j = idle_power_w.value_or(0) * duration_s.value_or(0);
  return (energy_j.value() - idle_j) / static_cast<double>(repetitions);
}

std::optional<double> Reading::seconds() const {
  if (!duration_s) return std::nullopt;
  return *duration_s / static_cast<double>(repetitions);
}

std::vector<Reading> parse_readings(std::string_view text, std::string_view file,
                                    const ReadingsFormat& format) {
  const CsvTable table = parse_csv(text, file);
  require_columns(table, format);
  std::vector<Reading> readings;
  for (const CsvRow& row : table.rows) {
    Reading reading = read_row(table, row, format);
    for (const Reading& earlier : readings) {
      if (same_reading(earlier, reading)) {
        fail(ErrorKind::kInput, "{}:{}: the same reading as line {}: remove one of them", file,
             reading.line, earlier.line);
      }
    }
    readings.push_back(std::move(reading));
  }
  if (readings.empty()) fail(ErrorKind::kInput, "{}: a header, but no reading", file);
  return readings;
}

ReadingsFile::ReadingsFile(const std::string& path, ReadingColumns columns)
    : file_(path), columns_(columns) {
  if (file_.text().empty()) {
    file_.append(columns == ReadingColumns::kEnergy ? kHeader : kProfileHeader);
    return;
  }
  const std::vector<std::string> found = parse_csv(file_.text(), path).columns;
  if (found == parse_csv(kProfileHeader, path).columns) {
    columns_ = ReadingColumns::kProfile;
  } else if (columns == ReadingColumns::kProfile || found != parse_csv(kHeader, path).columns) {
    fail(ErrorKind::kInput, "{}: cannot append: the header must be '{}'", path,
         columns == ReadingColumns::kProfile ? kProfileHeader : kHeader);
  }
}

void ReadingsFile::append(const Reading& reading) {
  const auto optional = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string();
  };
  std::string line = fmt::format("{},{},{},{},{},{},{}", csv_field(reading.workload), reading.batch,
                                 reading.phase, reading.repetitions, optional(reading.energy_j),
                                 optional(reading.duration_s), optional(reading.idle_power_w));
  if (columns_ == ReadingColumns::kProfile) {
    line += fmt::format(",{},{},{},{}", name(reading.caches), csv_field(reading.cpu),
                        csv_field(reading.kernels), optional(reading.relative_error));
  }
  file_.append(line);
}

}  // namespace wattgrind
