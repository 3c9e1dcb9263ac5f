#include "estimator/imports/paleo.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"
#include "estimator/imports/import_graph.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

// A layer of the file, out of its block.
struct PaleoLayer {
  std::string name, type;
  const ordered_json* json = nullptr;
  std::string place;
  std::vector<std::string> parents;
};

std::vector<int64_t> expect_integers(const ordered_json& json, size_t size,
                                     std::string_view where) {
  if (!json.is_array() || json.size() != size) {
    fail(ErrorKind::kInput, "{}: found {}, wanted {} integers", where, quote_ordered_json(json),
         size);
  }
  std::vector<int64_t> integers;
  for (const ordered_json& value : json) integers.push_back(expect_integer(value, where));
  return integers;
}

const ordered_json& member(const ordered_json& json, const std::string& key,
                           std::string_view where) {
  const auto found = json.find(key);
  if (found == json.end()) {
    fail(ErrorKind::kInput, "{}: the key {} is missing", where, quote_json(key));
  }
  return *found;
}

class PaleoImport {
 public:
  PaleoImport(const ordered_json& document, std::string_view where)
      : where_(where), graph_(expect_string(member(document, "name", where), where)) {
    expect_keys(document, {"name", "layers"}, where);
    const ordered_json& layers = member(document, "layers", where);
    expect_object(layers, where);
    for (const auto& [name, layer] : layers.items()) add_entry(name, layer);
  }

  Network read() && {
    check_support();
    for (const size_t index : order()) read_layer(layers_[index]);
    return std::move(graph_).build(where_);
  }

 private:
  using Reader = ImportedMap (PaleoImport::*)(const PaleoLayer&, const std::vector<ImportedMap>&);

  static const std::map<std::string_view, Reader>& readers() {
    static const std::map<std::string_view, Reader> kReaders = {
        {"Input", &PaleoImport::read_input},
        {"Convolution", &PaleoImport::read_convolution},
        {"Pooling", &PaleoImport::read_pooling},
        {"AvgPool", &PaleoImport::read_pooling},
        {"InnerProduct", &PaleoImport::read_inner_product},
        {"Concatenate", &PaleoImport::read_concatenate},
        {"Elementwise", &PaleoImport::read_elementwise},
        {"Reshape", &PaleoImport::read_reshape},
        {"Dropout", &PaleoImport::read_dropout},
        {"LRN", &PaleoImport::read_lrn},
        {"Softmax", &PaleoImport::read_softmax}};
    return kReaders;
  }

  std::string place_of(const std::string& name) const {
    return fmt::format("{}: layers: {}", where_, quote_json(name));
  }

  std::vector<std::string> parents_of(const ordered_json& layer, const std::string& place) const {
    std::vector<std::string> parents;
    const ordered_json& written = member(layer, "parents", place);
    if (!written.is_array()) {
      fail(ErrorKind::kInput, "{}: parents: found {}, wanted an array of names", place,
           quote_ordered_json(written));
    }
    for (const ordered_json& parent : written) {
      parents.push_back(expect_string(parent, place + ": parents"));
    }
    return parents;
  }

  PaleoLayer layer_of(const std::string& name, const ordered_json& json) const {
    const std::string place = place_of(name);
    expect_object(json, place);
    return {name, expect_string(member(json, "type", place), place + ": type"), &json, place,
            parents_of(json, place)};
  }

  void add_entry(const std::string& name, const ordered_json& json) {
    PaleoLayer entry = layer_of(name, json);
    if (entry.type != "Block") {
      add_layer(std::move(entry));
      return;
    }
    expect_keys(json, {"type", "parents", "endpoint", "layers"}, entry.place);
    const ordered_json& inner = member(json, "layers", entry.place);
    expect_object(inner, entry.place);
    for (const auto& [inner_name, inner_json] : inner.items()) {
      PaleoLayer layer = layer_of(name + "/" + inner_name, inner_json);
      for (std::string& parent : layer.parents) parent = name + "/" + parent;
      if (layer.parents.empty()) layer.parents = entry.parents;
      add_layer(std::move(layer));
    }
    if (json.contains("endpoint")) {
      endpoints_[name] =
          name + "/" + expect_string(json.at("endpoint"), entry.place + ": endpoint");
    }
  }

  void add_layer(PaleoLayer layer) {
    if (!indices_.emplace(layer.name, layers_.size()).second) {
      fail(ErrorKind::kInput, "{}: the name is there twice", layer.place);
    }
    layers_.push_back(std::move(layer));
  }

  void check_support() const {
    std::vector<std::string> unsupported;
    for (const PaleoLayer& layer : layers_) {
      if (!readers().contains(layer.type)) {
        unsupported.push_back(fmt::format("{} {}", quote_json(layer.type), quote_json(layer.name)));
      }
    }
    if (unsupported.empty()) return;
    fail(ErrorKind::kInput, "{}: {} of {} layers are not supported: {}", where_, unsupported.size(),
         layers_.size(), list_names(unsupported));
  }

  // The layers after their parents, otherwise as the file has them.
  std::vector<size_t> order() {
    std::vector<std::vector<size_t>> readers_of(layers_.size());
    std::vector<size_t> missing(layers_.size(), 0);
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
    for (size_t i = 0; i < layers_.size(); ++i) {
      for (std::string& parent : layers_[i].parents) {
        const auto endpoint = endpoints_.find(parent);
        if (endpoint != endpoints_.end()) parent = endpoint->second;
        const auto found = indices_.find(parent);
        if (found == indices_.end()) {
          fail(ErrorKind::kInput, "{}: parents: found {}, wanted the name of a layer",
               layers_[i].place, quote_json(parent));
        }
        readers_of[found->second].push_back(i);
      }
      missing[i] = layers_[i].parents.size();
      if (missing[i] == 0) ready.push(i);
    }
    std::vector<size_t> ordered;
    while (!ready.empty()) {
      const size_t next = ready.top();
      ready.pop();
      ordered.push_back(next);
      for (const size_t reader : readers_of[next]) {
        if (--missing[reader] == 0) ready.push(reader);
      }
    }
    if (ordered.size() != layers_.size()) {
      const auto stuck = static_cast<size_t>(
          std::ranges::find_if(missing, [](size_t count) { return count > 0; }) - missing.begin());
      fail(ErrorKind::kInput, "{}: its parents stand in a circle", layers_[stuck].place);
    }
    return ordered;
  }

  void read_layer(const PaleoLayer& layer) {
    graph_.at(layer.place);
    std::vector<ImportedMap> inputs;
    for (const std::string& parent : layer.parents) inputs.push_back(maps_.at(parent));
    const bool takes_many = layer.type == "Concatenate" || layer.type == "Elementwise";
    const size_t wanted = layer.type == "Input" ? 0 : 1;
    if (takes_many ? inputs.empty() : inputs.size() != wanted) {
      graph_.reject("found {} parents, wanted {}", inputs.size(),
                    takes_many ? "one or more" : fmt::to_string(wanted));
    }
    maps_[layer.name] = (this->*readers().at(layer.type))(layer, inputs);
  }

  // A member of the layer, and what to call it in errors.
  const ordered_json& value(const PaleoLayer& layer, const std::string& key) const {
    return member(*layer.json, key, layer.place);
  }
  std::vector<int64_t> integers(const PaleoLayer& layer, const std::string& key,
                                size_t size) const {
    return expect_integers(value(layer, key), size, layer.place + ": " + key);
  }
  std::string word(const PaleoLayer& layer, const std::string& key) const {
    return expect_string(value(layer, key), layer.place + ": " + key);
  }

  // Strides and padding of a window of that kernel. TensorFlow's SAME has its surplus at the end.
  Window2d read_window(const PaleoLayer& layer, const FeatureShape& input, int64_t kernel_height,
                       int64_t kernel_width) const {
    const std::vector<int64_t> strides = integers(layer, "strides", 4);
    if (strides[0] != 1 || strides[3] != 1) {
      graph_.reject("strides: found {}, wanted 1 over images and channels",
                    quote_ordered_json(value(layer, "strides")));
    }
    Window2d window;
    window.kernel_height = kernel_height;
    window.kernel_width = kernel_width;
    window.stride_height = strides[1];
    window.stride_width = strides[2];
    const std::string padding = word(layer, "padding");
    if (padding != "SAME" && padding != "VALID") {
      graph_.reject("padding: found {}, wanted \"SAME\" or \"VALID\"", quote_json(padding));
    }
    if (padding == "SAME" && strides[1] > 0 && strides[2] > 0) {
      const auto pad = [](int64_t extent, int64_t kernel, int64_t stride) {
        return std::max<int64_t>((extent - 1) / stride * stride + kernel - extent, 0);
      };
      const int64_t rows = pad(input.height, kernel_height, strides[1]);
      const int64_t columns = pad(input.width, kernel_width, strides[2]);
      window.pad_top = rows / 2;
      window.pad_bottom = rows - rows / 2;
      window.pad_left = columns / 2;
      window.pad_right = columns - columns / 2;
    }
    return window;
  }

  ImportedMap read_input(const PaleoLayer& layer, const std::vector<ImportedMap>&) {
    expect_keys(*layer.json, {"type", "parents", "tensor"}, layer.place);
    const std::vector<int64_t> tensor = integers(layer, "tensor", 4);
    return graph_.add_input(layer.name, {tensor[3], tensor[1], tensor[2]});
  }

  ImportedMap read_convolution(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json,
                {"type", "parents", "filter", "padding", "strides", "activation_fn", "bias",
                 "normalizer_fn"},
                layer.place);
    const std::vector<int64_t> filter = integers(layer, "filter", 4);
    const ImportedMap& input = inputs[0];
    if (filter[2] != -1 && filter[2] != input.shape.channels) {
      graph_.reject("filter: found {} channels, wanted {}, which reach it", filter[2],
                    input.shape.channels);
    }
    const auto told = [&](const std::string& key, const std::string& otherwise) {
      const auto found = layer.json->find(key);
      if (found == layer.json->end()) return otherwise;
      return found->is_null() ? std::string() : expect_string(*found, layer.place + ": " + key);
    };
    const std::string normalizer = told("normalizer_fn", "");
    const std::string activation = told("activation_fn", "relu");
    if (!normalizer.empty() && normalizer != "batch_norm") {
      graph_.reject("normalizer_fn: found {}, wanted \"batch_norm\" or null",
                    quote_json(normalizer));
    }
    if (!activation.empty() && activation != "relu") {
      graph_.reject("activation_fn: found {}, wanted \"relu\" or null", quote_json(activation));
    }
    Conv2d conv;
    conv.filters = filter[3];
    conv.window = read_window(layer, input.shape, filter[0], filter[1]);
    conv.bias = normalizer.empty();
    ImportedMap map = graph_.add(layer.name, conv, {input});
    if (!normalizer.empty()) map = graph_.add(layer.name + ".norm", BatchNorm{}, {map});
    if (!activation.empty()) map = graph_.add(layer.name + ".relu", Relu{}, {map});
    return map;
  }

  ImportedMap read_pooling(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "ksize", "padding", "strides"}, layer.place);
    const std::vector<int64_t> kernel = integers(layer, "ksize", 4);
    if (kernel[0] != 1 || kernel[3] != 1) {
      graph_.reject("ksize: found {}, wanted 1 over images and channels",
                    quote_ordered_json(value(layer, "ksize")));
    }
    const Window2d window = read_window(layer, inputs[0].shape, kernel[1], kernel[2]);
    if (layer.type == "AvgPool") {
      return graph_.add(layer.name, AvgPool2d{.window = window}, inputs);
    }
    return graph_.add(layer.name, MaxPool2d{.window = window}, inputs);
  }

  ImportedMap read_inner_product(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "num_outputs"}, layer.place);
    const int64_t outputs =
        expect_integer(value(layer, "num_outputs"), layer.place + ": num_outputs");
    const ImportedMap vector = graph_.vector_of(layer.name + ".flat", inputs[0]);
    return graph_.add(layer.name, Dense{outputs, true}, {vector});
  }

  ImportedMap read_concatenate(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "dim"}, layer.place);
    const int64_t dim = expect_integer(value(layer, "dim"), layer.place + ": dim");
    if (dim < 1 || dim > 3) graph_.reject("dim: found {}, wanted 1, 2 or 3", dim);
    if (inputs.size() == 1) return inputs[0];
    const MapAxis axis = dim == 1   ? MapAxis::kHeight
                         : dim == 2 ? MapAxis::kWidth
                                    : MapAxis::kChannels;
    return graph_.add(layer.name, Concat{axis}, inputs);
  }

  ImportedMap read_elementwise(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents"}, layer.place);
    ImportedMap sum = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i].shape != sum.shape) {
        graph_.reject("found the maps {} and {}, wanted one shape", to_string(sum.shape),
                      to_string(inputs[i].shape));
      }
      const bool is_last = i + 1 == inputs.size();
      const std::string name = is_last ? layer.name : fmt::format("{}.{}", layer.name, i);
      sum = graph_.add(name, of_maps(BinaryFunction::kAdd), {sum, inputs[i]});
    }
    return sum;
  }

  ImportedMap read_reshape(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "output_shape"}, layer.place);
    const std::vector<int64_t> shape = integers(layer, "output_shape", 2);
    if (shape[1] != -1 && shape[1] != inputs[0].shape.elements()) {
      graph_.reject("output_shape: found {} values, wanted {}, which reach it", shape[1],
                    inputs[0].shape.elements());
    }
    return graph_.vector_of(layer.name, inputs[0]);
  }

  ImportedMap read_dropout(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "dropout_keep_prob"}, layer.place);
    const double kept =
        expect_number(value(layer, "dropout_keep_prob"), layer.place + ": dropout_keep_prob");
    if (!(kept > 0 && kept <= 1)) {
      graph_.reject("dropout_keep_prob: found {}, wanted above 0 and at most 1", kept);
    }
    return graph_.add(layer.name, Dropout{1 - kept}, inputs);
  }

  ImportedMap read_lrn(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents"}, layer.place);
    return graph_.add(layer.name, Lrn{}, inputs);
  }

  ImportedMap read_softmax(const PaleoLayer& layer, const std::vector<ImportedMap>& inputs) {
    expect_keys(*layer.json, {"type", "parents", "num_classes"}, layer.place);
    if (layer.json->contains("num_classes")) {
      const int64_t classes =
          expect_integer(value(layer, "num_classes"), layer.place + ": num_classes");
      if (classes != inputs[0].shape.channels) {
        graph_.reject("num_classes: found {}, wanted {}, which reach it", classes,
                      inputs[0].shape.channels);
      }
    }
    return graph_.add(layer.name, Softmax{}, inputs);
  }

  std::string where_;
  ImportGraph graph_;
  std::vector<PaleoLayer> layers_;
  std::map<std::string, size_t> indices_;
  std::map<std::string, std::string> endpoints_;
  std::map<std::string, ImportedMap> maps_;
};

}  // namespace

Network read_paleo(const ordered_json& document, std::string_view where) {
  return PaleoImport(document, where).read();
}

}  // namespace wattgrind
