#include "experiments/kernel_speed/isa_processes.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";

using Variables = std::array<std::pair<const char*, const char*>, 4>;

Variables environment_for(Isa isa) {
  const bool wide = isa == Isa::kAvx512;
  return {{{"ONEDNN_MAX_CPU_ISA", wide ? "AVX512_CORE_VNNI" : "AVX2"},
           {"OPENBLAS_CORETYPE", wide ? "SkylakeX" : "Haswell"},
           {"OPENBLAS_NUM_THREADS", "1"},
           {"OMP_NUM_THREADS", "1"}}};
}

bool is_set(const std::pair<const char*, const char*>& variable) {
  const char* value = std::getenv(variable.first);
  return value && std::string_view(value) == variable.second;
}

}  // namespace

std::vector<Isa> timed_isas() {
  std::vector<Isa> isas;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) isas.push_back(Isa::kAvx2);
  if (__builtin_cpu_supports("avx512f")) isas.push_back(Isa::kAvx512);
  return isas;
}

void enter_environment(Isa isa, char** argv) {
  bool entered = true;
  for (const auto& variable : environment_for(isa)) {
    entered = entered && is_set(variable);
    setenv(variable.first, variable.second, 1);
  }
  if (entered) return;
  execv(kThisProgram, argv);
  fail(ErrorKind::kFailed, "{}: {}", kThisProgram, std::strerror(errno));
}

int run_for_each(const std::vector<Isa>& isas, const std::vector<std::string>& arguments) {
  int first_failure = 0;
  for (Isa isa : isas) {
    std::vector<std::string> words = arguments;
    words.insert(words.end(), {"--isa", std::string(traits(isa).name)});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) fail(ErrorKind::kFailed, "fork: {}", std::strerror(errno));
    if (child == 0) {
      execv(kThisProgram, argv.data());
      _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (first_failure == 0) first_failure = code;
  }
  return first_failure;
}

}  // namespace wattgrind
