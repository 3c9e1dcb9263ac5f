#include <algorithm>

#include "cachesim/model/reference_model.h"
#include "estimator/base/architecture.h"
#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "estimator/system/interrupt.h"
#include "kernels/count/count_source.h"
#include "kernels/count/pass_calls.h"
#include "kernels/count/tensor_counts.h"
#include "kernels/layout/arena.h"
#include "kernels/trace/machine_trace.h"

namespace wattgrind {
namespace {

// Counts what one step touches and how often. Spilled registers count as its own workspace.
class StepCounter {
 public:
  StepCounter(std::vector<AccessBuffer> buffers, const HierarchyConfig& config)
      : buffers_(std::move(buffers)) {
    buffers_.push_back({"stack", TensorRole::kScratch, kStackAddress, kStackBytes});
    owners_.emplace(buffers_, config.levels[0].geometry.line_bytes);
    nothing_.levels.resize(config.levels.size());
    traffic_ = {std::vector<BufferTraffic>(buffers_.size(), nothing_), nothing_};
  }

  // From here on the model counts for this step.
  void begin(ReferenceModel& model) { model.count_into(traffic_, *owners_); }

  void access(ReferenceModel& model, const TraceRecord& record, bool is_write) {
    const uint32_t buffer = buffer_of(record.address);
    ReferenceCounts& references = traffic_.buffers[buffer].references;
    ++(is_write ? references.writes : references.reads);
    (is_write ? references.written_bytes : references.read_bytes) += record.bytes;
    model.access({record.address, record.bytes, buffer, is_write});
  }

  EventCounts counts(const HierarchyConfig& config) const {
    return event_counts(traffic_.total(), config);
  }

  // The counts by tensor. The stack is left out if the step did not touch it.
  std::vector<TensorCounts> tensors(const HierarchyConfig& config) const {
    const bool spills = traffic_.buffers.back() != nothing_;
    const size_t buffers = buffers_.size() - (spills ? 0 : 1);
    return tensor_counts(std::span(buffers_).first(buffers), traffic_, config);
  }

 private:
  uint32_t buffer_of(uint64_t address) const {
    for (uint32_t i = 0; i < buffers_.size(); ++i) {
      if (address - buffers_[i].address < buffers_[i].bytes) return i;
    }
    CHECK(false, "a kernel touches {:#x}, in none of its buffers", address);
    return 0;
  }

  std::vector<AccessBuffer> buffers_;
  std::optional<LineOwners> owners_;
  BufferTraffic nothing_;
  ProgramTraffic traffic_;
};

class TraceSource : public CountSource {
 public:
  explicit TraceSource(CacheModel model) : model_(model) {}

  Isa isa(const Machine& machine) const override {
    if (architecture_of(machine.isa) != Architecture::kX86) {
      fail(ErrorKind::kInput, "machine {}: a trace runs x86 code, found isa {}; simulate instead",
           machine.name, traits(machine.isa).name);
    }
    // Cachegrind's model is there to be compared with cachegrind, which runs no AVX-512.
    const Isa wanted =
        model_ == CacheModel::kCachegrind ? std::min(machine.isa, Isa::kAvx2) : machine.isa;
    if (!host_runs(wanted)) {
      fail(ErrorKind::kMissing,
           "machine {}: a trace runs its {} code, and this processor has no more than {}; "
           "simulate instead, or run on a processor with {}",
           machine.name, traits(wanted).name, traits(host_isa()).name, traits(wanted).name);
    }
    return wanted;
  }

  // Cachegrind runs separate multiplications and additions; what is deployed is fused.
  CodegenOptions code(Isa isa) const override {
    return {isa, model_ == CacheModel::kMachine && traits(isa).fused_multiply_add};
  }

  CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                      const ProgressReport& progress) override {
    const HierarchyConfig config =
        model_ == CacheModel::kMachine ? machine_hierarchy(machine) : cachegrind_hierarchy(machine);
    validate(config);
    progress("generating code", 0, 2);
    MachineTrace trace(trace_spec(passes));
    const std::unique_ptr<ReferenceModel> caches = make_reference_model(config);
    progress("tracing", 1, 2);
    std::vector<StepCounter> steps;  // one for each step of each pass
    for (const Program* program : passes) {
      for (const Step& step : program->steps) {
        steps.emplace_back(program->access_program(step).buffers, config);
      }
    }
    trace.run([&](size_t step, std::span<const TraceRecord> references) {
      throw_if_interrupted();
      feed(references, steps[step], *caches);
    });
    return counted(passes, steps, config);
  }

 private:
  TraceSpec trace_spec(std::span<const Program* const> passes) const {
    TraceSpec spec;
    spec.options = code(passes[0]->isa);
    spec.calls = calls_of(passes);
    spec.arena_bytes = arena_bytes(passes);
    return spec;
  }

  void feed(std::span<const TraceRecord> references, StepCounter& step,
            ReferenceModel& caches) const {
    step.begin(caches);
    for (const TraceRecord& record : references) {
      if (record.is_read) step.access(caches, record, false);
      // To cachegrind, a value changed in place is read, and nothing else.
      const bool is_counted = model_ == CacheModel::kMachine || !record.is_read;
      if (record.is_write && is_counted) step.access(caches, record, true);
    }
  }

  CountedPasses counted(std::span<const Program* const> passes,
                        const std::vector<StepCounter>& steps,
                        const HierarchyConfig& config) const {
    CountedPasses result;
    auto step = steps.begin();
    for (const Program* program : passes) {
      CountedPass& pass = result.passes.emplace_back();
      for (size_t i = 0; i < program->steps.size(); ++i, ++step) {
        pass.steps.push_back(step->counts(config));
        pass.tensors.push_back(step->tensors(config));
      }
    }
    result.origin.source = "trace";
    result.origin.isa = passes[0]->isa;
    return result;
  }

  CacheModel model_;
};

}  // namespace

std::unique_ptr<CountSource> make_trace_source(CacheModel model) {
  return std::make_unique<TraceSource>(model);
}

}  // namespace wattgrind
