// The silicon that storage takes, as ISCA'16's framework for comparing dataflows has it (Chen,
// Emer, Sze 2016; the authors' published tables, 65 nm). Small memories take more area a byte, so
// what a dataflow saves on register files buys it a larger buffer.
#pragma once

#include <string_view>

#include "estimator/accelerator/accelerator.h"

namespace wattgrind {

// Square micrometres of one memory of so many bytes, and the bytes of one of so many square
// micrometres. Each is its own published table, linear between entries; the second is rounded, so
// that the two are not exactly inverse.
double storage_area_um2(double bytes);
double storage_bytes(double area_um2);

// Of a processing element without its register file.
inline constexpr double kElementLogicUm2 = 20'000;

// All elements with their register files, and the buffer.
double accelerator_area_um2(const Accelerator& accelerator);

// The accelerator with register files of so many bytes and the buffer that then fits into the same
// area of storage, none where nothing is left.
Accelerator with_equal_area(const Accelerator& accelerator, double register_bytes);

}  // namespace wattgrind
