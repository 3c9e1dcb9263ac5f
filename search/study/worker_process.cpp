#include "search/study/worker_process.h"

#include <fmt/format.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace wattgrind {
namespace {

// The state of a process and when it started, in clock ticks after the boot; proc(5), fields 3 and
// 22 of stat. The second field, the name, is in parentheses and may hold anything.
struct ProcessStat {
  char state = '?';
  std::string start;
};

std::optional<ProcessStat> read_stat(const std::string& id) {
  std::ifstream file("/proc/" + id + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  for (int field = 4; field <= 22; ++field) fields >> stat.start;
  if (!fields) return std::nullopt;
  return stat;
}

// Names the boot and namespace within which a process id names one process; empty where the system
// does not tell.
std::string id_scope() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  std::array<char, 64> link;
  const ssize_t size = readlink("/proc/self/ns/pid", link.data(), link.size());
  if (boot.empty() || size <= 0) return "";
  return boot + " " + std::string(link.data(), static_cast<size_t>(size));
}

}  // namespace

std::string process_identity() {
  const std::string id = fmt::format("{}", getpid());
  const std::optional<ProcessStat> stat = read_stat(id);
  return fmt::format("{} {} {}", id_scope(), id, stat ? stat->start : "?");
}

bool has_ended(std::string_view identity) {
  static const std::string kScope = id_scope() + " ";
  if (kScope == " " || !identity.starts_with(kScope)) return false;
  std::istringstream rest(std::string(identity.substr(kScope.size())));
  pid_t id = 0;
  std::string start;
  rest >> id >> start;
  if (!rest || id <= 0) return false;
  // A /proc that hides other users' processes (hidepid) does not hide them from kill().
  if (kill(id, 0) != 0 && errno == ESRCH) return true;
  const std::optional<ProcessStat> stat = read_stat(fmt::format("{}", id));
  return stat && (stat->state == 'Z' || stat->state == 'X' || stat->start != start);
}

std::string process_name() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}:{}", host.data(), getpid());
}

}  // namespace wattgrind
