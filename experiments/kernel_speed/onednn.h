// oneDNN's primitives, with layouts of its own choice (format_tag::any) and reorders done before.
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

// convolution_direct for convolutions, inner_product for dense layers, matmul for products of maps,
// and what onednn_pixels.h names.
KernelImplementation onednn_direct();

// convolution_winograd, for the convolutions that it has an implementation of. It rounds more
// coarsely than others and shows no output.
KernelImplementation onednn_winograd();

}  // namespace wattgrind
