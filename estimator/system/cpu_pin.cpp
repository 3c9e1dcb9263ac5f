#include "estimator/system/cpu_pin.h"

#include <sched.h>

#include <algorithm>
#include <memory>

namespace wattgrind {
namespace {

// More than any kernel is built for (8,192): one that knows more than the set holds refuses it.
constexpr int kMostCpus = 1 << 16;

struct FreeCpuSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};
using CpuSet = std::unique_ptr<cpu_set_t, FreeCpuSet>;

const size_t kSetBytes = CPU_ALLOC_SIZE(kMostCpus);

CpuSet empty_set() {
  CpuSet set(CPU_ALLOC(kMostCpus));
  CPU_ZERO_S(kSetBytes, set.get());
  return set;
}

// Empty where the system does not say.
std::vector<int> allowed_cpus() {
  const CpuSet set = empty_set();
  std::vector<int> cpus;
  if (sched_getaffinity(0, kSetBytes, set.get()) != 0) return cpus;
  for (int cpu = 0; cpu < kMostCpus; ++cpu) {
    if (CPU_ISSET_S(cpu, kSetBytes, set.get())) cpus.push_back(cpu);
  }
  return cpus;
}

bool allow(const std::vector<int>& cpus) {
  const CpuSet set = empty_set();
  for (const int cpu : cpus) CPU_SET_S(cpu, kSetBytes, set.get());
  return sched_setaffinity(0, kSetBytes, set.get()) == 0;
}

}  // namespace

CpuPin::CpuPin(const std::vector<int>& cpus) : before_(allowed_cpus()) {
  for (const int cpu : cpus) {
    if (std::count(before_.begin(), before_.end(), cpu) == 0 || !allow({cpu})) continue;
    cpu_ = cpu;
    return;
  }
}

CpuPin::~CpuPin() {
  if (cpu_) allow(before_);
}

}  // namespace wattgrind
