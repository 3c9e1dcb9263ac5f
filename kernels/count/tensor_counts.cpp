#include "kernels/count/tensor_counts.h"

namespace wattgrind {

std::vector<TensorCounts> tensor_counts(std::span<const AccessBuffer> buffers,
                                        const ProgramTraffic& traffic,
                                        const HierarchyConfig& config) {
  constexpr std::string_view kElsewhere = "elsewhere";
  std::vector<TensorCounts> result;
  for (size_t i = 0; i < buffers.size(); ++i) {
    result.push_back(
        {std::string(name(buffers[i].role)), event_counts(traffic.buffers[i], config)});
  }
  result.push_back({std::string(kElsewhere), event_counts(traffic.elsewhere, config)});
  return result;
}

}  // namespace wattgrind
