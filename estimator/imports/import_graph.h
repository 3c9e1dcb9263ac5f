// A network that another format describes, while it is being read: layers are added one by one,
// each with its shape at once, since other formats' layers depend on the shapes before them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/network/layer_names.h"
#include "estimator/network/network.h"

namespace wattgrind {

// A feature map, by the name that layers read it by.
struct ImportedMap {
  std::string source;
  FeatureShape shape;
};

class ImportGraph {
 public:
  explicit ImportGraph(std::string name) { spec_.name = std::move(name); }

  // What the following errors begin with: the file, the line and the layer as the file calls it.
  void at(std::string place) { place_ = std::move(place); }
  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kInput, "{}: {}", place_, fmt::format(format, std::forward<Args>(args)...));
  }

  ImportedMap add_input(std::string_view name, const FeatureShape& shape);
  // Adds a layer called `name` as far as that is possible (layer_names.h). Throws Error(kInput) for
  // what does not fit the inputs, or does not fit in memory.
  ImportedMap add(std::string_view name, const Operation& operation,
                  const std::vector<ImportedMap>& inputs);
  // The map as a vector, by a layer that flattens it where it is none.
  ImportedMap vector_of(std::string_view name, const ImportedMap& map);

  // The network of what was added: its outputs are what no layer reads.
  Network build(std::string_view where) &&;

 private:
  NetworkSpec spec_;
  LayerNames names_;
  std::string place_;
};

// A function of two maps, of a map and a constant tensor, and of a map and a number.
Binary of_maps(BinaryFunction function);
Binary by_constant(BinaryFunction function, const FeatureShape& constant);
Binary by_number(BinaryFunction function, double number);

// A note for people that names things: "PriorBox a, b" for up to some; the others are counted.
std::string list_names(const std::vector<std::string>& names);

}  // namespace wattgrind
