#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

class ReferenceSource : public CountSource {
 public:
  Isa isa(const Machine& machine) const override { return machine.isa; }

  CodegenOptions code(Isa isa) const override { return {isa, traits(isa).fused_multiply_add}; }

  CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                      const ProgressReport& progress) override {
    progress("counting references", 0, 1);
    CountedPasses result;
    for (const Program* program : passes) {
      CountedPass& pass = result.passes.emplace_back();
      for (const Step& step : program->steps) {
        const ReferenceCounts references = count_references(program->access_program(step));
        EventCounts& counts = pass.steps.emplace_back();
        counts.refs = {references.reads, references.writes};
        counts.levels.resize(machine.levels.size());
        for (LevelCounts& level : counts.levels) level.hits = 0;
        counts.levels[0].accesses = counts.refs.total();
        counts.levels[0].hits = counts.refs.total();
      }
    }
    result.origin.source = "references";
    result.origin.isa = passes[0]->isa;
    return result;
  }
};

}  // namespace

std::unique_ptr<CountSource> make_reference_source() { return std::make_unique<ReferenceSource>(); }

}  // namespace wattgrind
