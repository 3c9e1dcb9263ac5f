#include "cli/commands/host_pin.h"

#include <fmt/format.h>

#include <vector>

#include "cli/terminal/message.h"
#include "estimator/base/error.h"
#include "estimator/machine/host_machine.h"

namespace wattgrind {
namespace {

// The CPUs that the machine `host` means; empty where that makes no difference.
std::vector<int> cpus_of_host(const std::filesystem::path& root) {
  try {
    const HostCpu host = read_host_cpu(root);
    return host.kinds.size() > 1 ? host.kinds.front().cpus : std::vector<int>();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kMissing) throw;
    return {};
  }
}

}  // namespace

HostPin::HostPin(const std::filesystem::path& root) : HostPin(cpus_of_host(root)) {}

HostPin::HostPin(const std::vector<int>& cpus) : pin_(cpus) {
  if (cpus.empty() || pin_.cpu()) return;
  print_message(
      fmt::format("this system's cores differ, and this process may not use CPUs {}, which "
                  "--machine host means: it runs wherever the system puts it",
                  cpu_list(cpus)));
}

}  // namespace wattgrind
