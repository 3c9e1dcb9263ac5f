#include "estimator/imports/ncnn.h"

#include <set>
#include <utility>

#include "estimator/formats/json_text.h"
#include "estimator/imports/ncnn_step.h"

namespace wattgrind {
namespace {

constexpr int kShapeHints = 30;

// Layers that work on a network's results.
const std::set<std::string_view>& detection_heads() {
  static const std::set<std::string_view> kHeads = {"DetectionOutput", "PriorBox",
                                                    "Yolov3DetectionOutput", "YoloDetectionOutput"};
  return kHeads;
}

const NcnnReaders& readers() {
  static const NcnnReaders kReaders = [] {
    NcnnReaders all = ncnn_window_readers();
    for (NcnnReaders more :
         {ncnn_product_readers(), ncnn_moving_readers(), ncnn_elementwise_readers()}) {
      all.merge(more);
    }
    return all;
  }();
  return kReaders;
}

std::string title(const NcnnLayer& layer) {
  return fmt::format("{} {}", quote_json(layer.type), quote_json(layer.name));
}

// Whether a layer has scales for computing with 8 bits.
bool is_quantized(const NcnnLayer& layer) {
  static const std::set<std::string_view> kAlways = {"Quantize", "Dequantize", "Requantize"};
  static const std::set<std::string_view> kById8 = {"Convolution", "ConvolutionDepthWise",
                                                    "InnerProduct"};
  return kAlways.contains(layer.type) || (kById8.contains(layer.type) && layer.integer(8, 0) != 0);
}

class NcnnImport {
 public:
  NcnnImport(std::string_view text, const std::string& name, std::string_view where,
             const std::map<std::string, int64_t>& sizes)
      : where_(where), layers_(read_param_file(text, where)), sizes_(sizes), graph_(name) {}

  Network read() && {
    check_support();
    for (const NcnnLayer& layer : layers_) read_layer(layer);
    Network network = std::move(graph_).build(where_);
    if (!left_off_.empty()) {
      network.notes.push_back(fmt::format("left off, for it works on the network's results: {}",
                                          list_names(left_off_)));
    }
    if (is_quantized_) {
      network.notes.emplace_back(
          "its scales for computing with 8 bits are read over: the layers are in single precision");
    }
    return network;
  }

 private:
  // Rejects the file where it has layers that no reader takes, naming them all.
  void check_support() {
    std::vector<std::string> unsupported;
    for (const NcnnLayer& layer : layers_) {
      if (layer.type == "Input" || layer.type == "MemoryData") continue;
      if (detection_heads().contains(layer.type)) continue;
      const auto reader = readers().find(layer.type);
      std::string why;
      if (reader == readers().end()) {
        unsupported.push_back(title(layer));
      } else if (reader->second.unsupported != nullptr) {
        why = reader->second.unsupported(layer);
      }
      if (!why.empty()) unsupported.push_back(fmt::format("{} {}", title(layer), why));
    }
    if (unsupported.empty()) return;
    fail(ErrorKind::kInput, "{}: {} of {} layers are not supported: {}", where_, unsupported.size(),
         layers_.size(), list_names(unsupported));
  }

  void read_layer(const NcnnLayer& layer) {
    graph_.at(layer.place);
    NcnnStep step{layer, {}, graph_};
    size_t absent = 0;
    for (const std::string& input : layer.inputs) {
      const auto blob = blobs_.find(input);
      if (blob == blobs_.end()) {
        graph_.reject("it reads {}, which no layer before it writes", quote_json(input));
      }
      step.inputs.push_back(blob->second);
      if (blob->second.values == NcnnBlob::Values::kLeftOff) ++absent;
    }
    const bool is_head = detection_heads().contains(layer.type);
    if (is_head || (absent > 0 && absent == layer.inputs.size())) {
      left_off_.push_back(title(layer));
      const NcnnBlob nothing{.values = NcnnBlob::Values::kLeftOff};
      for (const std::string& output : layer.outputs) blobs_[output] = nothing;
      return;
    }
    if (absent > 0) graph_.reject("it reads what is left off, and other maps");
    write(layer, outputs_of(step));
  }

  std::vector<NcnnBlob> outputs_of(NcnnStep& step) {
    const NcnnLayer& layer = step.layer;
    if (layer.type == "Input") return {read_input(layer)};
    if (layer.type == "MemoryData") return {read_constant(layer)};
    const NcnnReader& reader = readers().at(layer.type);
    if (layer.inputs.size() < reader.least_inputs || layer.inputs.size() > reader.most_inputs) {
      graph_.reject("found {} inputs, wanted {} to {}", layer.inputs.size(), reader.least_inputs,
                    reader.most_inputs);
    }
    is_quantized_ = is_quantized_ || is_quantized(layer);
    return reader.read(step);
  }

  NcnnBlob read_input(const NcnnLayer& layer) {
    const NcnnBlob told = read_constant(layer);
    const auto size_of = [&](std::string_view what, int64_t otherwise) {
      const auto found = sizes_.find(fmt::format("{}.{}", layer.name, what));
      return found == sizes_.end() ? otherwise : found->second;
    };
    if (told.dims == 0) {
      const FeatureShape given{size_of("channels", 0), size_of("height", 0), size_of("width", 0)};
      if (given.channels == 0 || given.height == 0 || given.width == 0) {
        fail(ErrorKind::kUsage, "is wanted for {}: {} leaves {}.channels, .height and .width open",
             where_, title(layer), layer.name);
      }
      return planes_blob(graph_.add_input(layer.name, given));
    }
    if (told.dims == 1) return vector_blob(graph_.add_input(layer.name, {told.w, 1, 1}));
    if (told.dims == 2) return tokens_blob(graph_.add_input(layer.name, {told.w, 1, told.h}));
    return planes_blob(graph_.add_input(layer.name, {told.c, told.h, told.w}));
  }

  // The shape that ids 0 to 2 tell, of a constant; of no dimensions where they tell none.
  NcnnBlob read_constant(const NcnnLayer& layer) const {
    NcnnBlob blob{.values = NcnnBlob::Values::kConstant};
    if (layer.integer(11, 0) != 0) graph_.reject("found 4 dimensions, wanted at most 3");
    for (const auto& [id, size] : {std::pair{0, &blob.w}, {1, &blob.h}, {2, &blob.c}}) {
      const int64_t told = layer.integer(id, 0);
      if (told == 0) break;
      if (told < 0) graph_.reject("{}={}: found a negative size", id, told);
      *size = told;
      ++blob.dims;
    }
    if (layer.type == "MemoryData" && blob.dims == 0) graph_.reject("found no size");
    if (static_cast<__int128>(blob.w) * blob.h * blob.c > kMaxNetworkBytes / sizeof(float)) {
      graph_.reject("{} does not fit in memory", to_string(blob));
    }
    return blob;
  }

  void write(const NcnnLayer& layer, const std::vector<NcnnBlob>& outputs) {
    if (outputs.size() != layer.outputs.size()) {
      graph_.reject("found {} outputs, wanted {}", layer.outputs.size(), outputs.size());
    }
    for (size_t i = 0; i < outputs.size(); ++i) blobs_[layer.outputs[i]] = outputs[i];
    const auto hints = layer.integers(kShapeHints);
    if (!hints) return;
    if (hints->size() != 4 * outputs.size()) {
      graph_.reject("-23330: found {} values, wanted 4 for each output", hints->size());
    }
    for (size_t i = 0; i < outputs.size(); ++i) check_hint(outputs[i], &(*hints)[4 * i]);
  }

  void check_hint(const NcnnBlob& blob, const int64_t* hint) const {
    const NcnnBlob told{
        .dims = static_cast<int>(hint[0]), .w = hint[1], .h = hint[2], .c = hint[3]};
    if (told.dims == blob.dims && told.w == blob.w && told.h == blob.h && told.c == blob.c) return;
    if (told.dims < 1 || told.dims > 3) graph_.reject("-23330: found {} dimensions", told.dims);
    graph_.reject("the file says that its output has {}; from its inputs follows {}",
                  to_string(told), to_string(blob));
  }

  std::string_view where_;
  std::vector<NcnnLayer> layers_;
  const std::map<std::string, int64_t>& sizes_;
  ImportGraph graph_;
  std::map<std::string, NcnnBlob> blobs_;
  std::vector<std::string> left_off_;
  bool is_quantized_ = false;
};

}  // namespace

Network read_ncnn(std::string_view text, const std::string& name, std::string_view where,
                  const std::map<std::string, int64_t>& sizes) {
  return NcnnImport(text, name, where, sizes).read();
}

}  // namespace wattgrind
