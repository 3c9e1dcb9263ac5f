#include <algorithm>
#include <filesystem>

#include "cachesim/cachegrind.h"
#include "cachesim/scratch_folder.h"
#include "estimator/atomic_file.h"
#include "estimator/error.h"
#include "kernels/count_source.h"
#include "kernels/executable.h"

namespace wattgrind {
namespace {

constexpr int kPlainPasses = 1;
constexpr int kSteadyPasses = 2;

class CachegrindSource : public CountSource {
 public:
  explicit CachegrindSource(ProcessRunner& runner) : runner_(runner) {}

  Isa isa(const Machine& machine) const override {
    if (machine.isa == Isa::kNeon) {
      fail(ErrorKind::kInput,
           "machine {}: cachegrind here runs x86 code, found isa {}; take --counts simulate",
           machine.name, traits(machine.isa).name);
    }
    // Valgrind (3.19 to 3.22) stops at AVX-512 instructions.
    return std::min(machine.isa, Isa::kAvx2);
  }

  CountedProgram count(const Program& program, const Machine& machine, bool steady,
                       const ProgressReport& progress) override {
    plan_cachegrind(machine);  // refuses geometries before anything is compiled
    progress("generating code");
    ExecutableSpec spec;
    spec.isa = program.isa;
    spec.arena_bytes = program.arena_bytes();
    CachegrindRequest request;
    for (const Step& step : program.steps) {
      request.layer_symbols.push_back(step.symbol);
      spec.calls.push_back({request.layer_symbols.back(), &step.nest, program.addresses(step)});
    }
    const ExecutableCode code = compile_executable(spec);
    const ScratchFolder folder;
    CountedProgram result;
    request.executable = folder.path() / "network";
    result.artifacts.push_back(executable(code, kPlainPasses, request.executable));
    if (steady) {
      request.two_passes = folder.path() / "network_twice";
      result.artifacts.push_back(executable(code, kSteadyPasses, *request.two_passes));
    }
    progress("counting under cachegrind");
    CachegrindResult counted = run_cachegrind(machine, request, runner_);
    result.steps = std::move(counted.counts.layers);
    result.runtime = std::move(counted.counts.runtime);
    result.origin = {"cachegrind", counted.version, std::move(counted.commands), program.isa,
                     notes(program, machine, counted.substitutions)};
    for (CachegrindFile& file : counted.outputs) {
      result.artifacts.push_back({std::move(file.name), std::move(file.text)});
    }
    return result;
  }

 private:
  static Artifact executable(const ExecutableCode& code, int passes,
                             const std::filesystem::path& path) {
    const std::vector<uint8_t> bytes = link_executable(code, static_cast<uint64_t>(passes));
    Artifact artifact{path.filename().string(), std::string(bytes.begin(), bytes.end()),
                      FileKind::kExecutable};
    write_file(path, artifact.content, FileKind::kExecutable);
    return artifact;
  }

  static std::vector<std::string> notes(const Program& program, const Machine& machine,
                                        std::vector<std::string> substitutions) {
    std::vector<std::string> result = std::move(substitutions);
    if (program.isa != machine.isa) {
      result.push_back(fmt::format("Valgrind does not run {}: kernels are {}",
                                   traits(machine.isa).name, traits(program.isa).name));
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
