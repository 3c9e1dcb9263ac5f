// Amounts with a unit: cycles, picojoules and energies normalised to one MAC do not mix.
//
// Every amount made from a count and a price is rounded to 1/1024 of its unit (a femtojoule, say),
// far below what any price is known to. Sums of such amounts are then exact in double precision up
// to 2^43 units (8.8 J in picojoules): rows add up to their total to the last digit, in any order.
#pragma once

#include <cmath>
#include <compare>

namespace wattgrind {

template <typename Unit>
class Quantity {
 public:
  constexpr Quantity() = default;
  static Quantity rounded(double value) { return Quantity(std::nearbyint(value * kGrid) / kGrid); }

  constexpr double value() const { return value_; }
  constexpr Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  static constexpr double kGrid = 1024;
  explicit constexpr Quantity(double value) : value_(value) {}
  double value_ = 0;
};

using Cycles = Quantity<struct CycleUnit>;
using Picojoules = Quantity<struct PicojouleUnit>;
using MacEnergies =
    Quantity<struct MacEnergyUnit>;  // multiples of one multiply-accumulate's energy

}  // namespace wattgrind
