// A synthetic matrix product as a program of one kernel: what is counted is what runs.
#pragma once

#include "cachesim/program/access_program.h"
#include "estimator/network/workload.h"
#include "kernels/program/program.h"

namespace wattgrind {

// Each reference is of one element, as a compiler leaves the plain loops. kIjk adds up in a
// register: it reads A and B for every multiply-accumulate and writes each element of C once, as
// NumPy's product of integers does (A.dot(B): LONG_dot). The other orders keep A's element in a
// register and read and write C for every multiply-accumulate, after writing zeros to it. The
// buffers are A, B and C, in this order; each starts on a page, and none belongs to a layer. Throws
// Error(kInput) when the matrices together are larger than kLargestArenaBytes.
Program lower_matmul(const Matmul& matmul);

// The access program of that program's one kernel.
AccessProgram matmul_program(const Matmul& matmul);

}  // namespace wattgrind
