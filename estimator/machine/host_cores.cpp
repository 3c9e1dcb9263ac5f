#include "estimator/machine/host_cores.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCpuFolder = "sys/devices/system/cpu";

// Reads a word of sysfs without its line feed; absent where the file cannot be read.
std::optional<std::string> read_word(const fs::path& path) {
  auto text = read_text(path);
  while (text && !text->empty() && std::isspace(static_cast<unsigned char>(text->back())) != 0) {
    text->pop_back();
  }
  return text;
}

// Reads a size like "32K", "1024K", "32M" or "64" in bytes; absent for 0 and for anything else.
std::optional<uint64_t> parse_size(const std::optional<std::string>& word) {
  constexpr uint64_t kMostUnits = uint64_t{1} << 40;
  if (!word) return std::nullopt;
  uint64_t number = 0;
  const char* end = word->data() + word->size();
  const auto [rest, error] = std::from_chars(word->data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  if (error != std::errc() || number == 0 || number > kMostUnits) return std::nullopt;
  if (unit.empty()) return number;
  if (unit == "K") return number << 10;
  if (unit == "M") return number << 20;
  return std::nullopt;
}

std::optional<int> parse_cpu(std::string_view word) {
  constexpr int kMostCpus = 1 << 16;
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number >= 0 && number < kMostCpus ? std::optional(number) : std::nullopt;
}

// Reads "0-3,8"; absent where the file is, where it is empty, or where it holds anything else.
std::optional<std::vector<int>> read_cpu_list(const fs::path& path) {
  const auto text = read_word(path);
  if (!text) return std::nullopt;
  std::vector<int> cpus;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view range = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(range.size() + 1, rest.size()));
    const size_t dash = range.find('-');
    const auto first = parse_cpu(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_cpu(range.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus.empty() ? std::nullopt : std::optional(std::move(cpus));
}

fs::path cpu_folder(const fs::path& root, int cpu) {
  return root / kCpuFolder / fmt::format("cpu{}", cpu);
}

std::vector<int> online_cpus(const fs::path& root) {
  if (auto cpus = read_cpu_list(root / kCpuFolder / "online")) return *cpus;
  std::vector<int> cpus;
  std::error_code ignored;
  for (fs::directory_iterator entry(root / kCpuFolder, ignored), end; entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with("cpu")) continue;
    if (const auto cpu = parse_cpu(std::string_view(name).substr(3))) cpus.push_back(*cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus.empty() ? std::vector<int>{0} : cpus;
}

struct CoreCache {
  Sourced<CacheGeometry> geometry;
  bool is_private = false;
};

// Of a cache that does not tell who shares it, a first level is taken to be private.
bool is_private(const fs::path& folder, uint64_t level, const std::vector<int>& siblings) {
  const auto shared = read_cpu_list(folder / "shared_cpu_list");
  if (!shared) return level == 1;
  return std::all_of(shared->begin(), shared->end(), [&](int cpu) {
    return std::count(siblings.begin(), siblings.end(), cpu) != 0;
  });
}

// Reads the cache in one index folder and its level; absent for an instruction cache.
std::optional<std::pair<uint64_t, CoreCache>> read_cache(const fs::path& folder,
                                                         const std::vector<int>& siblings) {
  if (read_word(folder / "type") == "Instruction") return std::nullopt;
  const auto number = [&](const char* name) { return parse_size(read_word(folder / name)); };
  const auto level = number("level"), size = number("size");
  const auto ways = number("ways_of_associativity"), line = number("coherency_line_size");
  const auto sets = number("number_of_sets");
  if (!level || !size || !ways || !line || !sets || *ways > UINT16_MAX || *line > UINT16_MAX ||
      !std::has_single_bit(*line) || *size != *ways * *line * *sets) {
    fail(ErrorKind::kMissing, "this system tells its caches only in part ({}): {}", folder.string(),
         kNameAProfile);
  }
  const CacheGeometry geometry{*size, static_cast<uint32_t>(*ways), static_cast<uint32_t>(*line)};
  return std::pair{*level,
                   CoreCache{Sourced<CacheGeometry>{geometry, folder.string(), Basis::kMeasured},
                             is_private(folder, *level, siblings)}};
}

std::vector<CoreCache> read_caches(const fs::path& root, int cpu) {
  const fs::path folder = cpu_folder(root, cpu) / "cache";
  const auto siblings = read_cpu_list(cpu_folder(root, cpu) / "topology/thread_siblings_list");
  std::map<uint64_t, CoreCache> by_level;
  std::error_code ignored;
  for (int index = 0; fs::is_directory(folder / fmt::format("index{}", index), ignored); ++index) {
    const auto cache = read_cache(folder / fmt::format("index{}", index),
                                  siblings.value_or(std::vector<int>{cpu}));
    if (cache) by_level.insert(*cache);
  }
  std::vector<CoreCache> caches;
  for (auto& [level, cache] : by_level) {
    if (level != caches.size() + 1) break;
    caches.push_back(std::move(cache));
  }
  if (caches.empty() || caches.size() != by_level.size()) {
    fail(ErrorKind::kMissing, "this system does not tell its caches ({}): {}", folder.string(),
         kNameAProfile);
  }
  return caches;
}

// Whether the folders of a core's caches tell no size of any. Linux on Arm knows sizes only where
// the firmware's tables (ACPI PPTT, device tree) have them.
bool tells_no_cache(const fs::path& root, int cpu) {
  const fs::path folder = cpu_folder(root, cpu) / "cache";
  std::error_code ignored;
  for (int index = 0; fs::is_directory(folder / fmt::format("index{}", index), ignored); ++index) {
    if (read_word(folder / fmt::format("index{}", index) / "size")) return false;
  }
  return true;
}

// How a core names itself in its main ID register, MIDR_EL1, where Linux shows that: the
// implementer in bits 31 to 24, the part in bits 15 to 4 (Arm ARM, D19.2.108).
std::optional<CoreId> read_main_id(const fs::path& root, int cpu) {
  auto word = read_word(cpu_folder(root, cpu) / "regs/identification/midr_el1");
  if (!word || !word->starts_with("0x")) return std::nullopt;
  uint64_t id = 0;
  const char* end = word->data() + word->size();
  const auto [rest, error] = std::from_chars(word->data() + 2, end, id, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return CoreId{fmt::format("{:#04x}", id >> 24 & 0xff), 0, id >> 4 & 0xfff};
}

// A kind of this one CPU.
CoreKind read_core(const fs::path& root, int cpu, const Cpuinfo& cpuinfo) {
  CoreKind core;
  core.cpus = {cpu};
  core.id = cpuinfo.core_id(cpu);
  if (core.id.vendor.empty()) core.id = read_main_id(root, cpu).value_or(core.id);
  core.max_khz = parse_size(read_word(cpu_folder(root, cpu) / "cpufreq/cpuinfo_max_freq"));
  const bool is_arm = core.id.vendor.starts_with("0x");
  if (is_arm && core_design(core.id) && tells_no_cache(root, cpu)) return core;
  for (CoreCache& cache : read_caches(root, cpu)) {
    if (cache.is_private || core.levels.empty()) {
      core.private_bytes = cache.geometry.value.size_bytes;
    }
    core.levels.push_back(std::move(cache.geometry));
  }
  return core;
}

bool are_alike(const CoreKind& a, const CoreKind& b) {
  return a.id == b.id && a.private_bytes == b.private_bytes &&
         std::equal(a.levels.begin(), a.levels.end(), b.levels.begin(), b.levels.end(),
                    [](const auto& x, const auto& y) { return x.value == y.value; });
}

// Puts a core among those that are like it.
void add_core(std::vector<CoreKind>& kinds, CoreKind core) {
  const auto like = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const CoreKind& kind) { return are_alike(kind, core); });
  if (like == kinds.end()) {
    kinds.push_back(std::move(core));
  } else if (core.max_khz > like->max_khz) {  // an absent clock is below any
    core.cpus.insert(core.cpus.end(), like->cpus.begin(), like->cpus.end());
    *like = std::move(core);
  } else {
    like->cpus.push_back(core.cpus.front());
  }
}

}  // namespace

std::vector<CoreKind> read_core_kinds(const fs::path& root, const Cpuinfo& cpuinfo) {
  std::vector<int> cpus = online_cpus(root);
  std::error_code ignored;
  const auto telling = std::stable_partition(cpus.begin(), cpus.end(), [&](int cpu) {
    return fs::is_directory(cpu_folder(root, cpu) / "cache/index0", ignored);
  });
  const bool none_tells = telling == cpus.begin();
  if (!none_tells) cpus.erase(telling, cpus.end());
  std::vector<CoreKind> kinds;
  for (const int cpu : cpus) add_core(kinds, read_core(root, cpu, cpuinfo));
  std::stable_sort(kinds.begin(), kinds.end(), [](const CoreKind& a, const CoreKind& b) {
    return std::pair(a.private_bytes, a.max_khz) > std::pair(b.private_bytes, b.max_khz);
  });
  return kinds;
}

std::optional<std::string> read_text(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return std::nullopt;
  return text;
}

std::string cpu_list(std::vector<int> cpus) {
  std::sort(cpus.begin(), cpus.end());
  std::string list;
  for (size_t begin = 0, end = 0; begin < cpus.size(); begin = end) {
    for (end = begin + 1; end < cpus.size() && cpus[end] == cpus[end - 1] + 1;) ++end;
    if (!list.empty()) list += ',';
    list += fmt::format("{}", cpus[begin]);
    if (end - begin > 1) list += fmt::format("-{}", cpus[end - 1]);
  }
  return list;
}

}  // namespace wattgrind
