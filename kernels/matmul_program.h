// The access program of a synthetic matrix product.
#pragma once

#include "cachesim/access_program.h"
#include "estimator/workload.h"

namespace wattgrind {

// One element a reference, as a compiler leaves the plain loops. kIjk adds up in a register: it
// reads A and B for every multiply-accumulate and writes C once an element, as NumPy's product of
// integers does (A.dot(B): LONG_dot). The others keep A's element in a register and read and write
// C for every multiply-accumulate, after writing zeros to it. Each matrix starts on a page.
// Throws Error(kInput) when the matrices together are larger than kLargestArenaBytes.
AccessProgram matmul_program(const Matmul& matmul);

}  // namespace wattgrind
