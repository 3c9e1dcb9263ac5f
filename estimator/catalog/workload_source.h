// The WORKLOAD argument of the command line.
#pragma once

#include <string>

#include "estimator/network/workload.h"

namespace wattgrind {

// "matmul:m=200,k=8000,n=200,dtype=int64[,order=ijk|ikj|blocked]", a NETWORK as find_network takes
// it, or a part of one: "NETWORK/LAYER", a layer alone, "NETWORK/..LAYER", all up to it. Throws
// Error(kInput) naming the text and the key, also when the product's operations or bytes do not fit
// 64 bits.
Workload find_workload(const std::string& text);

}  // namespace wattgrind
