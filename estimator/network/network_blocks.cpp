#include "estimator/network/network_blocks.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using nlohmann::json;

constexpr size_t kMostLayers = 1 << 16;
constexpr std::string_view kBlockInput = "input";

// One use of a block.
class BlockUse {
 public:
  BlockUse(const json& use, const json& block, std::string place)
      : use_(use), block_(block), place_(std::move(place)), name_(use.at("name")) {}

  // Its layers, which read `input`.
  json layers(const std::string& input) {
    json result = json::array();
    for (const json& written : block_) {
      if (written.contains("use")) reject("its block uses a block, which none may");
      json layer = with_values(written);
      layer["name"] = layer_name(layer);
      if (layer.contains("inputs")) {
        rename_inputs(layer["inputs"], input);
      } else if (result.empty()) {
        layer["inputs"] = {input};
      }
      result.push_back(std::move(layer));
    }
    check_values();
    return result;
  }

 private:
  // The block's text with the use's values in place of "$names".
  json with_values(const json& written) {
    if (written.is_string()) {
      const auto& text = written.get_ref<const std::string&>();
      return text.starts_with('$') ? value(text.substr(1)) : written;
    }
    if (!written.is_structured()) return written;
    json result = written;
    for (json& part : result) part = with_values(part);
    return result;
  }

  json value(const std::string& key) {
    if (is_own(key) || !use_.contains(key)) {
      reject("the key {} is missing, which its block wants", quote_json(key));
    }
    used_.insert(key);
    return use_.at(key);
  }

  void check_values() const {
    for (const auto& [key, value] : use_.items()) {
      if (!is_own(key) && !used_.contains(key)) {
        reject("unknown key {}, which its block does not take", quote_json(key));
      }
    }
  }

  std::string layer_name(const json& layer) {
    std::string name = layer.value("name", json()).is_string() ? layer.at("name") : json("");
    if (name.empty()) {
      const json kind = layer.value("kind", json());
      name = kind.is_string() ? kind.get<std::string>() : "layer";
      if (const int number = ++unnamed_[name]; number > 1) name += fmt::format("_{}", number);
    }
    return fmt::format("{}.{}", name_, name);
  }

  void rename_inputs(json& inputs, const std::string& input) const {
    if (!inputs.is_array()) return;  // which the schema rejects
    for (json& source : inputs) {
      if (!source.is_string()) continue;
      const auto name = source.get<std::string>();
      source = name == kBlockInput ? input : fmt::format("{}.{}", name_, name);
    }
  }

  // Keys of every use; the others are values.
  static bool is_own(std::string_view key) {
    return key == "use" || key == "name" || key == "inputs";
  }

  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kInput, "{}: {}", place_, fmt::format(format, std::forward<Args>(args)...));
  }

  const json& use_;
  const json& block_;
  std::string place_, name_;
  std::set<std::string> used_;
  std::map<std::string, int> unnamed_;
};

// Names of uses become those of their last layers.
void read_last_layers(json& names, const std::map<std::string, std::string>& last_layers) {
  for (json& name : names) {
    const auto use = last_layers.find(name.get<std::string>());
    if (use != last_layers.end()) name = use->second;
  }
}

// What a use reads: what it names, else the layer before or the network's first input.
std::string input_of(const json& use, const json& layers, const json& document,
                     const std::string& place) {
  if (use.contains("inputs")) return use.at("inputs").at(0);
  if (layers.empty()) {
    return document.contains("inputs") ? document.at("inputs").at(0).at("name") : json("input");
  }
  if (!layers.back().contains("name")) {
    fail(ErrorKind::kInput,
         "{}: it reads the layer before, which has no name: give that one, or \"inputs\"", place);
  }
  return layers.back().at("name");
}

}  // namespace

json without_blocks(const json& document, std::string_view where) {
  const json blocks = document.value("blocks", json::object());
  json layers = json::array();
  std::map<std::string, std::string> last_layers;  // of each use
  for (size_t i = 0; i < document.at("layers").size(); ++i) {
    json layer = document.at("layers")[i];
    if (layer.contains("inputs")) read_last_layers(layer["inputs"], last_layers);
    if (!layer.contains("use")) {
      layers.push_back(std::move(layer));
      continue;
    }
    const std::string place = fmt::format("{}: layers[{}]", where, i);
    const auto block = blocks.find(layer.at("use").get<std::string>());
    if (block == blocks.end()) {
      fail(ErrorKind::kInput, "{}.use: found {}, wanted one of the file's blocks", place,
           quote_json(layer.at("use")));
    }
    if (layers.size() + block->size() > kMostLayers) {
      fail(ErrorKind::kInput, "{}: more than {} layers with those of blocks", place, kMostLayers);
    }
    const std::string input = input_of(layer, layers, document, place);
    for (json& inner : BlockUse(layer, *block, place).layers(input)) {
      layers.push_back(std::move(inner));
    }
    last_layers[layer.at("name").get<std::string>()] = layers.back().at("name");
  }
  json result = document;
  result.erase("blocks");
  if (result.contains("outputs")) read_last_layers(result["outputs"], last_layers);
  result["layers"] = std::move(layers);
  return result;
}

}  // namespace wattgrind
