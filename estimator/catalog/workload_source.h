// The catalog of workloads: what WORKLOAD on the command line may be.
#pragma once

#include <string>

#include "estimator/network/workload.h"

namespace wattgrind {

// A workload is "matmul:m=200,k=8000,n=200,dtype=int64[,order=ijk|ikj|blocked]", a NETWORK as
// find_network takes it, or a part of one: "NETWORK/LAYER" is a layer alone, "NETWORK/..LAYER" all
// layers up to it. Throws Error(kInput) naming the text and the key, also when the operations or
// the bytes of a matrix product do not fit 64 bits.
Workload find_workload(const std::string& text);

}  // namespace wattgrind
