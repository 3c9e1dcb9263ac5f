// The loads and stores that the object code of programs holds, times how often its blocks run, held
// to those of their nests.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "kernels/count/program_work.h"

namespace wattgrind {

// Off the stack they must be equal. Returns the kernels that spill registers more often than
// simulation and cachegrind may differ by: 0.5 % of the references, or 64.
inline std::set<std::string> expect_code_references(const std::vector<Program>& programs,
                                                    const CodegenOptions& options,
                                                    const std::optional<CoreModel>& core) {
  std::vector<const Program*> passes;
  for (const Program& program : programs) passes.push_back(&program);
  const std::vector<std::vector<MachineWork>> work = work_of(passes, options, core);
  std::set<std::string> spilling;
  for (size_t pass = 0; pass < passes.size(); ++pass) {
    for (size_t i = 0; i < passes[pass]->steps.size(); ++i) {
      const Step& step = passes[pass]->steps[i];
      const MachineWork& code = work[pass][i];
      const std::string where = fmt::format("{} {}", traits(options.isa).name, step.symbol);
      EXPECT_EQ(code.references.reads, step.references.reads) << where;
      EXPECT_EQ(code.references.writes, step.references.writes) << where;
      const uint64_t nest = step.references.reads + step.references.writes;
      if (code.stack_references.total() > std::max<uint64_t>(64, nest / 200)) {
        spilling.insert(step.symbol);
      }
    }
  }
  return spilling;
}

}  // namespace wattgrind
