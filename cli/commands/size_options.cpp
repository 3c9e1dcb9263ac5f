#include "cli/commands/size_options.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>

#include "cli/terminal/checks.h"
#include "estimator/base/error.h"
#include "kernels/layout/arena.h"

namespace wattgrind {
namespace {

constexpr double kGib = uint64_t{1} << 30;
// Larger counts could overflow 64 bits on the way to a whole training's.
constexpr double kMostWork = 1e18;
constexpr double kMostGib = kLargestArenaBytes / kGib;

// The smallest round number from `value` on.
double rounded_up(double value) {
  const double step = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::ceil(value / step) * step;
}

// The option that lifts the bound; absent where none lifts it enough.
std::optional<std::string> remedy(const Oversize& oversize) {
  const auto found = static_cast<double>(oversize.found);
  if (oversize.measure == Oversize::Measure::kOperations) {
    const double wanted = rounded_up(found);
    if (wanted > kMostWork) return std::nullopt;
    return fmt::format("--max-work {:.2g}", wanted);
  }
  const double wanted = std::ceil(found / kGib);
  if (wanted > kMostGib) return std::nullopt;
  return fmt::format("--max-memory {:.0f}", wanted);
}

}  // namespace

void add_size_options(CLI::App& command, SizeBounds& bounds) {
  command
      .add_option_function<double>(
          "--max-work",
          [&bounds](double operations) { bounds.operations = static_cast<uint64_t>(operations); },
          fmt::format("Refuse networks of more operations a pass (default {:.0e})",
                      static_cast<double>(bounds.operations)))
      ->check(number_from(1, kMostWork))
      ->type_name("NUMBER");
  command
      .add_option_function<double>(
          "--max-memory",
          [&bounds](double gib) { bounds.bytes = static_cast<uint64_t>(gib * kGib); },
          fmt::format("Refuse networks of more maps and parameters (default {:.0f})",
                      static_cast<double>(bounds.bytes) / kGib))
      ->check(number_from(0.001, kMostGib))
      ->type_name("GIB");
}

void refuse_oversize(std::string_view name, const Workload& workload, const BatchPass& pass,
                     const SizeBounds& bounds) {
  const std::optional<Oversize> found = oversize(workload, pass, bounds);
  if (!found) return;
  const std::string smaller =
      found->batch && *found->batch > 1 ? "take a smaller batch" : "make it smaller";
  const std::optional<std::string> option = remedy(*found);
  fail(ErrorKind::kInput, "{}: {}: {}{}", name, to_text(*found), smaller,
       option ? ", or lift the bound with " + *option : "");
}

}  // namespace wattgrind
