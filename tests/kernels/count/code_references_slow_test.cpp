// The references of object code (code_references_test.cpp) in every network of the collection.
#include <gtest/gtest.h>

#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "kernels/program/engine_plan.h"
#include "tests/kernels/code_references.h"

namespace wattgrind {
namespace {

TEST(CodeReferencesOfTheCollection, AreTheNests) {
  for (const std::string_view name : builtin_names("networks")) {
    for (const Isa isa : {Isa::kSse42, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
      SCOPED_TRACE(name);
      std::vector<Program> programs;
      programs.push_back(plan_inference(builtin_network(name), Plan::kFused, isa, 1).program);
      programs.push_back(plan_inference(builtin_network(name), Plan::kLayers, isa, 1).program);
      for (const std::string& spilling :
           expect_code_references(programs, {isa, traits(isa).fused_multiply_add}, {})) {
        std::cout << "[ spills   ] " << name << " " << traits(isa).name << " " << spilling << "\n";
      }
    }
  }
}

}  // namespace
}  // namespace wattgrind
