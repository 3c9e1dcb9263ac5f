#include <algorithm>
#include <filesystem>

#include "cachesim/cachegrind/cachegrind.h"
#include "estimator/base/error.h"
#include "estimator/machine/host_features.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/scratch_folder.h"
#include "kernels/count/count_source.h"
#include "kernels/count/pass_calls.h"
#include "kernels/executable/executable.h"

namespace wattgrind {
namespace {

class CachegrindSource : public CountSource {
 public:
  explicit CachegrindSource(ProcessRunner& runner) : runner_(runner) {}

  Isa isa(const Machine& machine) const override {
    if (architecture_of(machine.isa) != host_architecture()) {
      fail(ErrorKind::kInput,
           "machine {}: cachegrind here runs {} code, found isa {}; simulate instead", machine.name,
           name(host_architecture()), traits(machine.isa).name);
    }
    if (machine.isa == Isa::kNeon) return machine.isa;
    // Valgrind (3.19 to 3.22) stops at AVX-512 instructions.
    return std::min(machine.isa, Isa::kAvx2);
  }

  CodegenOptions code(Isa isa) const override { return {isa, false}; }

  CountedPasses count(std::span<const Program* const> passes, const Machine& machine,
                      const ProgressReport& progress) override {
    plan_cachegrind(machine);  // refuses geometries before anything is compiled
    progress("generating code", 0, 2);
    ExecutableSpec spec;
    spec.isa = passes[0]->isa;
    spec.arena_bytes = arena_bytes(passes);
    spec.calls = calls_of(passes);
    CachegrindRequest request;
    for (const KernelCall& call : spec.calls) request.layer_symbols.push_back(call.symbol);
    const ScratchFolder folder;
    request.executable = folder.path() / "network";
    CountedPasses result;
    result.artifacts.push_back(executable(spec, request.executable));
    progress("counting under cachegrind", 1, 2);
    CachegrindResult counted = run_cachegrind(machine, request, runner_);
    auto step = counted.counts.layers.begin();
    for (const Program* program : passes) {
      const auto end = step + static_cast<std::ptrdiff_t>(program->steps.size());
      result.passes.push_back({{step, end}, {}});
      step = end;
    }
    result.runtime = std::move(counted.counts.runtime);
    result.origin = {
        "cachegrind", counted.version, std::move(counted.commands),
        spec.isa,     std::nullopt,    notes(spec.isa, machine, counted.substitutions)};
    for (CachegrindFile& file : counted.outputs) {
      result.artifacts.push_back({std::move(file.name), std::move(file.text)});
    }
    return result;
  }

 private:
  static Artifact executable(const ExecutableSpec& spec, const std::filesystem::path& path) {
    const std::vector<uint8_t> bytes = make_executable(spec);
    Artifact artifact{path.filename().string(), std::string(bytes.begin(), bytes.end()),
                      FileKind::kExecutable};
    write_file(path, artifact.content, FileKind::kExecutable);
    return artifact;
  }

  static std::vector<std::string> notes(Isa isa, const Machine& machine,
                                        std::vector<std::string> substitutions) {
    std::vector<std::string> result = std::move(substitutions);
    if (isa != machine.isa) {
      result.push_back(fmt::format("Valgrind does not run {}: kernels are {}",
                                   traits(machine.isa).name, traits(isa).name));
    }
    if (machine.levels.size() > 2) {
      result.push_back(fmt::format(
          "cachegrind has two levels: {} runs, each with another level as its last, sees every "
          "lower level behind {} alone",
          machine.levels.size() - 1, machine.levels[0].name));
    }
    return result;
  }

  ProcessRunner& runner_;
};

}  // namespace

std::unique_ptr<CountSource> make_cachegrind_source(ProcessRunner& runner) {
  return std::make_unique<CachegrindSource>(runner);
}

}  // namespace wattgrind
