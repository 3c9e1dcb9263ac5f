#include "cli/commands/system_checks.h"

#include <fmt/ranges.h>

#include <span>
#include <system_error>
#include <utility>

#include "cachesim/cachegrind/cachegrind.h"
#include "cachesim/cachegrind/cachegrind_counts.h"
#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/machine/host_isa.h"
#include "estimator/machine/host_machine.h"
#include "estimator/meters/meter.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/scratch_folder.h"
#include "kernels/codegen/codegen.h"
#include "kernels/executable/executable.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/program/program.h"
#include "kernels/run/jit.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

// Generated executables hold code but no tensors (AlexNet's is below 1 MB), and cachegrind's
// output a line for each function: this is room for any network.
constexpr uint64_t kLeastScratchBytes = 16 << 20;

// Any that cachegrind takes: a Xeon X5650's, with the substitute for its last level.
constexpr CacheGeometry kL1{32 << 10, 8, 64};
constexpr CacheGeometry kLastLevel{12 << 20, 24, 64};

std::string find_valgrind(const CheckedSystem& system) {
  return "version " + installed_valgrind(system.runner).text;
}

// A meter that is checked here asks nobody.
class Nobody : public Operator {
 public:
  void tell(const std::string&) override {}
  std::optional<std::string> ask(const std::string&) override { return std::nullopt; }
};

constexpr int64_t kCopies = 1024;

// A kernel of kCopies loads and as many stores, as an executable.
std::vector<uint8_t> copying_executable() {
  const int lanes = traits(least_host_isa()).float_lanes;
  const uint64_t bytes = kCopies * lanes * sizeof(float);
  NestBuilder builder("copy", least_host_isa());
  const Address from = builder.buffer(Operand::kInput, TensorRole::kInput, bytes);
  const Address to = builder.buffer(Operand::kOutput, TensorRole::kOutput, bytes);
  const int64_t step = lanes * static_cast<int64_t>(sizeof(float));
  builder.loop("vector", kCopies, [&](LoopVariable i) {
    builder.store(builder.load(lanes, stepped(from, i, step)), stepped(to, i, step));
  });
  const LoopNest nest = std::move(builder).finish();
  ExecutableSpec spec;
  spec.isa = least_host_isa();
  spec.arena_address = kArenaAddress;
  spec.arena_bytes = 2 * bytes;
  spec.calls = {{"copy", &nest, {spec.arena_address, spec.arena_address + bytes}}};
  return make_executable(spec);
}

// The whole way of an estimate: generate, link, write, run, read, compare with the kernel.
std::string count_copies(const CheckedSystem& system) {
  const ScratchFolder folder;
  const fs::path executable = folder.path() / "copy";
  const std::vector<uint8_t> bytes = copying_executable();
  write_file(executable, {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
             FileKind::kExecutable);
  const CachegrindOutput output =
      count_executable(executable, {kL1, kL1, kLastLevel}, system.runner);
  const CountedLayers counted =
      count_layers(std::span(&output, 1), 2, std::vector<std::string>{"copy"});
  const References& refs = counted.layers.front().refs;
  if (refs.reads != kCopies || refs.writes != kCopies) {
    fail(ErrorKind::kFailed,
         "Valgrind counted {} reads and {} writes where there are {} of each: install another "
         "version",
         refs.reads, refs.writes, kCopies);
  }
  return fmt::format("counts all {} data references of a generated kernel", refs.total());
}

std::string find_scratch_space(const CheckedSystem&) {
  const ScratchFolder folder;  // throws where none can be made
  const fs::path program = folder.path() / "program";
  write_file(program, "", FileKind::kExecutable);
  check_may_run(program);
  const uint64_t free_bytes = fs::space(folder.path()).available;
  const std::string found =
      fmt::format("{} MB free in {}", free_bytes >> 20, scratch_root().string());
  if (free_bytes < kLeastScratchBytes) {
    fail(ErrorKind::kFailed, "{}, wanted {} MB: free some, or set TMPDIR to another folder", found,
         kLeastScratchBytes >> 20);
  }
  return found;
}

std::string find_instruction_set(const CheckedSystem&) {
  return std::string(traits(host_isa()).name);
}

std::string find_llvm(const CheckedSystem&) { return "version " + llvm_version(); }

std::string find_host_cores(const CheckedSystem& system) {
  return cores_text(read_host_cpu(system.root).kinds);
}

std::string find_host_caches(const CheckedSystem& system) {
  const Machine host = find_machine("host", system.root);
  std::vector<std::string> levels;
  for (const CacheLevel& level : host.levels) {
    const CacheGeometry& geometry = level.geometry.value;
    levels.push_back(
        fmt::format("{} {} KiB {}-way", level.name, geometry.size_bytes >> 10, geometry.ways));
  }
  const bool are_told = host.levels[0].geometry.basis != Basis::kAssumed;
  return fmt::format("{}{}", fmt::join(levels, ", "),
                     are_told ? "" : ", of a profile of this core: this system does not tell them");
}

// The rails of a meter that was seen to count.
std::string read_meter(std::string_view spec, const CheckedSystem& system) {
  // Many updates of any counter: over less it may stand still.
  constexpr double kLookS = 0.1;
  Nobody nobody;
  const auto meter = make_meter(spec, {system.clock, system.sysfs, nobody, system.runner});
  meter->start();
  system.clock.sleep_until(system.clock.now_s() + kLookS, {});
  std::vector<std::string> rails;
  for (const RailEnergy& rail : meter->stop().rails) rails.push_back(rail.name);
  return fmt::format("{}", fmt::join(rails, ", "));
}

std::string read_rapl(const CheckedSystem& system) { return read_meter("rapl", system); }
std::string read_ina3221(const CheckedSystem& system) { return read_meter("ina3221", system); }
std::string read_ina2xx(const CheckedSystem& system) { return read_meter("ina2xx", system); }
std::string read_pmic(const CheckedSystem& system) { return read_meter("pmic", system); }
std::string read_power_supply(const CheckedSystem& system) {
  return read_meter("power_supply", system);
}

struct Check {
  const char* name;
  const char* serves;
  bool is_needed;
  std::string (*find)(const CheckedSystem&);  // throws Error where it does not work
};

constexpr Check kChecks[] = {
    {"Valgrind", "estimate --counts cachegrind", true, find_valgrind},
    {"cachegrind", "estimate --counts cachegrind", true, count_copies},
    {"temporary files", "estimate --counts cachegrind", true, find_scratch_space},
    {"LLVM", "all generated code", true, find_llvm},
    {"instruction set", "train, search, measure", true, find_instruction_set},
    {"host's cores", "--machine host", false, find_host_cores},
    {"host's caches", "--machine host", false, find_host_caches},
    {"RAPL", "measure --meter rapl", false, read_rapl},
    {"INA3221", "measure --meter ina3221", false, read_ina3221},
    {"INA219 to INA260", "measure --meter ina2xx", false, read_ina2xx},
    {"Raspberry Pi 5's PMIC", "measure --meter pmic", false, read_pmic},
    {"power supply", "measure --meter power_supply", false, read_power_supply},
};

}  // namespace

std::vector<SystemCheck> check_system(const CheckedSystem& system) {
  std::vector<SystemCheck> checks;
  for (const Check& check : kChecks) {
    SystemCheck result{check.name, check.serves, check.is_needed, true, ""};
    try {
      result.finding = check.find(system);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      result.works = false;
      result.finding = error.what();
    }
    checks.push_back(std::move(result));
  }
  return checks;
}

}  // namespace wattgrind
