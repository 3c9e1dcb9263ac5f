#include "kernels/gradients/untrainable.h"

#include "estimator/base/error.h"

namespace wattgrind {

void fail_untrainable(std::string_view what) {
  fail(ErrorKind::kInput, "{} cannot be trained: put it before the first layer with parameters",
       what);
}

}  // namespace wattgrind
