// The energy-precision ratio weighs what an image costs against how often the answer is wrong (Cai
// et al. 2017, equation 9): M = error^alpha * energy. Lower is better; the higher alpha, the dearer
// an error.
#pragma once

namespace wattgrind {

// `error` is a fraction from 0 to 1; the ratio is in the unit of the energy of an image.
double energy_precision_ratio(double error, double alpha, double energy_of_an_image);

}  // namespace wattgrind
