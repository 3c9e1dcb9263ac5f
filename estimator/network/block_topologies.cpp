// The topologies of repeated blocks: residual and separable.
#include <fmt/format.h>

#include <utility>

#include "estimator/network/short_form.h"
#include "estimator/network/topology_parts.h"

namespace wattgrind {
namespace {

constexpr int64_t kMostBlocks = 16;  // filters double from block to block

// Convolutions have no bias, because the normalisation behind them adds one.
Conv2d conv(int64_t filters, int64_t size, int64_t stride, int64_t groups = 1) {
  Window2d window;
  window.kernel_height = window.kernel_width = size;
  window.stride_height = window.stride_width = stride;
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = size / 2;
  return {filters, window, groups, false};
}

// Gathers layers, each of which reads the one before unless it names its inputs.
class BlockNetwork {
 public:
  BlockNetwork(std::string_view topology, int64_t blocks, int64_t filters, const Task& task)
      : name_(fmt::format("{}:blocks={},filters={}{}", topology, blocks, filters, task_text(task))),
        task_(task) {
    check_size(blocks, "blocks", kMostBlocks, name_);
    check_size(filters, "filters", kMaxSize, name_);
    check_size(task.classes, "classes", kMaxSize, name_);
  }

  // Names that follow begin with the part's: "block2/conv1".
  void begin_part(std::string part) { part_ = std::move(part); }

  std::string add(std::string_view name, const Operation& operation,
                  std::vector<std::string> inputs = {}) {
    specs_.push_back({fmt::format("{}/{}", part_, name), operation, false, std::move(inputs)});
    return specs_.back().name;
  }

  // Averages each channel and tells the classes apart.
  Network finish() {
    begin_part("classes");
    add("pool", GlobalAvgPool2d{});
    add("dense", Dense{task_.classes});
    add("softmax", Softmax{});
    return build_network(name_, task_.input, specs_, name_);
  }

 private:
  std::string name_;
  Task task_;
  std::string part_;
  std::vector<LayerSpec> specs_;
};

// Returns the name of the block's output.
std::string add_residual_block(BlockNetwork& network, const std::string& input, int64_t filters,
                               bool halves) {
  network.add("conv1", conv(filters, 3, halves ? 2 : 1));
  network.add("norm1", BatchNorm{});
  network.add("relu1", Relu{});
  network.add("conv2", conv(filters, 3, 1));
  const std::string way = network.add("norm2", BatchNorm{});
  const std::string beside = halves ? network.add("shortcut", conv(filters, 1, 2), {input}) : input;
  network.add("add", Binary{}, {way, beside});
  return network.add("relu2", Relu{});
}

void add_separable_block(BlockNetwork& network, int64_t channels, bool halves) {
  network.add("depthwise", conv(channels, 3, halves ? 2 : 1, channels));
  network.add("norm1", BatchNorm{});
  network.add("relu1", Clip{});
  network.add("pointwise", conv(halves ? 2 * channels : channels, 1, 1));
  network.add("norm2", BatchNorm{});
  network.add("relu2", Clip{});
}

}  // namespace

Network residual(int64_t blocks, int64_t filters, const Task& task) {
  BlockNetwork network("residual", blocks, filters, task);
  network.begin_part("stem");
  network.add("conv", conv(filters, 3, 1));
  network.add("norm", BatchNorm{});
  std::string output = network.add("relu", Relu{});
  for (int64_t block = 1; block <= blocks; ++block) {
    network.begin_part(fmt::format("block{}", block));
    output = add_residual_block(network, output, filters << (block - 1), block > 1);
  }
  return network.finish();
}

Network separable(int64_t blocks, int64_t filters, const Task& task) {
  BlockNetwork network("separable", blocks, filters, task);
  network.begin_part("stem");
  network.add("conv", conv(filters, 3, 1));
  network.add("norm", BatchNorm{});
  network.add("relu", Clip{});
  for (int64_t block = 1; block <= blocks; ++block) {
    network.begin_part(fmt::format("block{}", block));
    add_separable_block(network, filters << ((block - 1) / 2), block % 2 == 0);
  }
  return network.finish();
}

}  // namespace wattgrind
