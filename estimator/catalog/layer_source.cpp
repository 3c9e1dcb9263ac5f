#include "estimator/catalog/layer_source.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "estimator/formats/json_text.h"
#include "estimator/formats/key_values.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/network_file.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

struct ShortWord {
  std::string_view word, kind;
};
constexpr std::array<ShortWord, 3> kShortWords = {
    {{"conv", "conv2d"}, {"maxpool", "maxpool2d"}, {"avgpool", "avgpool2d"}}};
constexpr std::array<std::string_view, 4> kSquareKeys = {"kernel", "stride", "padding", "dilation"};

// The layer's kind as network files have it; absent for any other word.
std::optional<ordered_json> layer_of(std::string_view word) {
  for (const ShortWord& known : kShortWords) {
    if (known.word == word) word = known.kind;
  }
  if (find_unary_function(word)) return ordered_json{{"kind", "activation"}, {"function", word}};
  if (find_layer_kind(word) == nullptr) return std::nullopt;
  return ordered_json{{"kind", word}};
}

std::vector<int64_t> read_sizes(const KeyValues& values, std::string_view key,
                                std::string_view text) {
  std::vector<int64_t> sizes;
  for (const std::string_view part : split(text, 'x')) {
    const std::optional<int64_t> size = parse_integer(part);
    if (!size) values.reject("{}: found {}, wanted whole numbers joined by x", key, text);
    sizes.push_back(*size);
  }
  return sizes;
}

// "4*height+64*channels*2"
ordered_json read_factors(const KeyValues& values, std::string_view key, std::string_view list) {
  ordered_json factors = ordered_json::array();
  for (const std::string_view text : split(list, '+')) {
    const std::vector<std::string_view> parts = split(text, '*');
    const auto extent = parse_integer(parts[0]);
    const auto step = parts.size() == 3 ? parse_integer(parts[2]) : std::optional<int64_t>(1);
    if (parts.size() < 2 || parts.size() > 3 || !extent || !step) {
      values.reject("{}: found {}, wanted EXTENT*AXIS or EXTENT*AXIS*STEP, joined by +", key, text);
    }
    factors.push_back({{"extent", *extent}, {"axis", parts[1]}, {"step", *step}});
  }
  return factors;
}

ordered_json read_value(const KeyValues& values, std::string_view key, std::string_view text) {
  const bool is_square =
      std::find(kSquareKeys.begin(), kSquareKeys.end(), key) != kSquareKeys.end();
  if (is_square && text != "same") {
    std::vector<int64_t> sizes = read_sizes(values, key, text);
    if (sizes.size() == 1) sizes.push_back(sizes.front());
    return sizes;
  }
  if (key == "axes") {
    ordered_json axes = ordered_json::array();
    for (const std::string_view axis : split(text, '+')) axes.push_back(axis);
    return axes;
  }
  if (text == "true" || text == "false") return text == "true";
  if (const std::optional<int64_t> number = parse_integer(text)) return *number;
  if (text.find('x') != std::string_view::npos) return read_sizes(values, key, text);
  return text;
}

std::vector<std::string_view> keys_of(std::string_view list) {
  std::vector<std::string_view> keys = {"input", "batch", "second"};
  for (const std::string_view part : split(list, ','))
    keys.push_back(part.substr(0, part.find('=')));
  return keys;
}

}  // namespace

std::optional<LayerLoad> find_layer(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  std::optional<ordered_json> layer = layer_of(std::string_view(text).substr(0, colon));
  if (!layer) return std::nullopt;
  const std::string_view list = std::string_view(text).substr(colon + 1);
  const std::vector<std::string_view> keys = keys_of(list);
  const KeyValues values(text, keys);
  const auto input = values.find("input");
  if (!input) values.reject("input: missing: add input=CxHxW");
  LayerLoad load;
  if (values.find("batch")) load.batch = values.integer("batch");
  if (load.batch < 1) values.reject("batch: found {}, wanted at least 1", load.batch);
  std::string name = text.substr(0, colon + 1);
  for (size_t i = 3; i < keys.size(); ++i) {
    if (keys[i] == "batch") continue;
    if (name.back() != ':') name += ',';
    name += fmt::format("{}={}", keys[i], *values.find(keys[i]));
    if (keys[i] == "input" || keys[i] == "second") continue;
    const bool is_loops = layer->at("kind") == "rearrange" && keys[i] != "first";
    const std::string_view value = *values.find(keys[i]);
    (*layer)[std::string(keys[i])] =
        is_loops ? read_factors(values, keys[i], value) : read_value(values, keys[i], value);
  }
  ordered_json network = {{"schema", "wattgrind/network/1"}, {"name", name}};
  if (const auto second = values.find("second")) {
    network["inputs"] = {{{"name", "input"}, {"shape", read_sizes(values, "input", *input)}},
                         {{"name", "second"}, {"shape", read_sizes(values, "second", *second)}}};
    (*layer)["inputs"] = {"input", "second"};
  } else {
    network["input"] = read_sizes(values, "input", *input);
  }
  network["layers"] = {*layer};
  load.network = read_network(compact_json(network), values.quoted());
  return load;
}

}  // namespace wattgrind
