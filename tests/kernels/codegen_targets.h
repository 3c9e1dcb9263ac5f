// Tests of generated code that run it, on every target this processor has.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "estimator/machine/host_isa.h"
#include "kernels/codegen/codegen.h"
#include "kernels/run/jit.h"

namespace wattgrind {

inline std::array<CodegenOptions, 7> codegen_targets() {
  return {{{Isa::kSse42, false},
           {Isa::kAvx2, false},
           {Isa::kAvx2, true},
           {Isa::kAvx512, false},
           {Isa::kAvx512, true},
           {Isa::kNeon, false},
           {Isa::kNeon, true}}};
}

inline std::string target_name(const testing::TestParamInfo<CodegenOptions>& info) {
  constexpr const char* kNames[] = {"sse42", "avx2", "avx512", "neon"};
  return std::string(kNames[static_cast<size_t>(info.param.isa)]) +
         (info.param.fuse_multiply_add ? "_fused" : "_separate");
}

class HostTargetTest : public testing::TestWithParam<CodegenOptions> {
 protected:
  void SetUp() override {
    if (!host_runs(GetParam().isa)) {
      GTEST_SKIP() << "skipped: this processor does not run " << traits(GetParam().isa).name;
    }
  }
};

}  // namespace wattgrind
