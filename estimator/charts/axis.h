// An axis maps values to pixels, and has round ticks; a shown unit has the prefix that makes an
// amount readable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// Returns about `count` ticks that are multiples of 1, 2 or 5 times a power of ten. The first is
// not above `low`, and the last not below `high`.
std::vector<double> round_ticks(double low, double high, int count);

// The same of a logarithmic axis, for 0 < low <= high: powers of ten, and 2 and 5 times those where
// there are few.
std::vector<double> log_ticks(double low, double high);

enum class AxisScale { kLinear, kLog };

// Values between the outer ticks lie between the two ends.
class ChartAxis {
 public:
  // Throws nothing: of a logarithmic axis `low` must be above 0.
  ChartAxis(AxisScale scale, double low, double high, double first_pixel, double last_pixel,
            int ticks = 6);

  const std::vector<double>& ticks() const { return ticks_; }
  double pixel(double value) const;
  // A label has as many decimals as tell the ticks apart, and a true minus sign.
  std::string text(double tick) const;

 private:
  AxisScale scale_;
  std::vector<double> ticks_;
  double first_pixel_;
  double last_pixel_;
};

// value * factor is in `symbol`: of 0.0021 "J", 1000 and "mJ". Bytes ("B") have the prefixes of
// powers of two ("MiB"). A share ("%"), a factor ("x") and an empty unit have none.
struct ShownUnit {
  std::string symbol;
  double factor = 1;
};
ShownUnit shown_unit(double largest, std::string_view unit);

// "2.1 mJ", "640 KiB", "12.3 %", "1,234": an amount with three digits and its unit.
std::string shown_amount(double amount, std::string_view unit);

// "energy (mJ)", or the name alone where there is no unit.
std::string axis_title(std::string_view name, const ShownUnit& unit);

}  // namespace wattgrind
