#include "estimator/dataflow/sparsity_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"

namespace wattgrind {
namespace {

using nlohmann::json;

std::optional<double> read_share(const json& layer, const char* key, const std::string& where) {
  if (!layer.contains(key)) return std::nullopt;
  const json& value = layer.at(key);
  if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1) {
    fail(ErrorKind::kInput, "{}.{}: found {}, wanted a part from 0 to 1", where, key,
         quote_json(value));
  }
  return value.get<double>();
}

ZeroShares read_zeros(const json& layer, const std::string& where) {
  if (!layer.is_object()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted an object", where, quote_json(layer));
  }
  for (const auto& [key, value] : layer.items()) {
    if (key != "ifmap" && key != "weights" && key != "ofmap") {
      fail(ErrorKind::kInput, "{}: found the key \"{}\", wanted ifmap, weights or ofmap", where,
           key);
    }
  }
  return {read_share(layer, "ifmap", where), read_share(layer, "weights", where),
          read_share(layer, "ofmap", where)};
}

}  // namespace

Sparsity read_sparsity(std::string_view text, std::string_view where) {
  const json document = parse_json(text, where);
  builtin_schema("sparsity").validate(document, where);
  Sparsity sparsity;
  sparsity.network = document.at("network").get<std::string>();
  for (const auto& [name, layer] : document.at("layers").items()) {
    sparsity.layers[name] = read_zeros(layer, fmt::format("{}: layers.{}", where, name));
  }
  return sparsity;
}

void set_zeros(const Sparsity& sparsity, std::string_view where, DataflowTasks& tasks) {
  if (sparsity.network != tasks.network) {
    fail(ErrorKind::kInput, "{}: network: found \"{}\", wanted \"{}\", which is estimated", where,
         sparsity.network, tasks.network);
  }
  std::vector<std::string_view> names;
  for (const DataflowTask& task : tasks.layers) {
    if (task.problem) names.push_back(task.name);
  }
  for (const auto& [name, zeros] : sparsity.layers) {
    const auto task = std::find_if(tasks.layers.begin(), tasks.layers.end(),
                                   [&, wanted = std::string_view(name)](const DataflowTask& known) {
                                     return known.problem && known.name == wanted;
                                   });
    if (task == tasks.layers.end()) {
      fail(ErrorKind::kInput, "{}: layers.{}: no such layer is mapped; {}", where, name,
           suggest(name, names));
    }
    task->zeros = zeros;
  }
}

}  // namespace wattgrind
