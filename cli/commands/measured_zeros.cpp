#include "cli/commands/measured_zeros.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/npy.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

class KeptMaps {
 public:
  KeptMaps(const Network& network, fs::path folder)
      : network_(network), folder_(std::move(folder)), shares_(network.layers.size()) {}

  double zeros(size_t index) {
    if (!shares_[index]) shares_[index] = count(network_.layers[index]);
    return *shares_[index];
  }

  // The layer whose map goes to memory for this one.
  size_t stored(size_t index) const {
    std::optional<size_t> reader;
    for (size_t i = index + 1; i < network_.layers.size(); ++i) {
      const auto& inputs = network_.layers[i].inputs;
      if (std::find(inputs.begin(), inputs.end(), static_cast<int>(index)) == inputs.end()) {
        continue;
      }
      if (reader) return index;
      reader = i;
    }
    if (!reader) return index;
    const Operation& operation = network_.layers[*reader].operation;
    const bool clamps =
        std::holds_alternative<Relu>(operation) || std::holds_alternative<Clip>(operation);
    return clamps ? *reader : index;
  }

 private:
  double count(const Layer& layer) const {
    std::string name = layer.name;
    std::replace(name.begin(), name.end(), '/', '_');
    const fs::path path = folder_ / (name + ".npy");
    const NpyArray map = read_npy(read_file(path), path.string());
    const auto elements = static_cast<size_t>(layer.output_shape.elements());
    if (map.values.empty() || map.values.size() % elements != 0) {
      fail(ErrorKind::kInput, "{}: found {} values, wanted {} an image: is it of another network?",
           path.string(), map.values.size(), elements);
    }
    return static_cast<double>(std::count(map.values.begin(), map.values.end(), 0.0F)) /
           static_cast<double>(map.values.size());
  }

  const Network& network_;
  const fs::path folder_;
  std::vector<std::optional<double>> shares_;
};

}  // namespace

void set_measured_zeros(const Network& network, const fs::path& folder, DataflowTasks& tasks) {
  KeptMaps maps(network, folder);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    DataflowTask& task = tasks.layers[i];
    if (!task.problem) continue;
    const int source = network.layers[i].input();
    if (!is_network_input(source)) task.zeros.ifmap = maps.zeros(static_cast<size_t>(source));
    task.zeros.ofmap = maps.zeros(maps.stored(i));
  }
}

}  // namespace wattgrind
