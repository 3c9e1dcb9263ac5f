// What the readers of ncnn's layers share. A reader takes a step: it adds the layers that do what
// one of ncnn's does, and returns the blobs that it writes.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "estimator/imports/import_graph.h"
#include "estimator/imports/param_file.h"

namespace wattgrind {

// One of ncnn's blobs, and where its values are.
struct NcnnBlob {
  enum class Values {
    kMap,       // in a feature map
    kConstant,  // in the file of weights
    kLeftOff    // nowhere: what would write them has been left off
  };

  Values values = Values::kMap;
  int dims = 0;  // 1 to 3
  int64_t w = 1, h = 1, c = 1;
  // A map of two dimensions holds its columns as channels, {w, 1, h}, or, as reshaping and
  // permuting blobs make it, its rows: {h, a, b} with a x b = w.
  bool rows_are_channels = false;
  ImportedMap map = {};

  int64_t elements() const { return w * h * c; }
};

NcnnBlob vector_blob(const ImportedMap& map);  // one dimension
NcnnBlob tokens_blob(const ImportedMap& map);  // two, of a map {w, 1, h}
NcnnBlob rows_blob(const ImportedMap& map);    // two, of a map {h, a, b}
NcnnBlob planes_blob(const ImportedMap& map);  // three
// Likewise, of as many dimensions and the same order as another.
NcnnBlob blob_like(const NcnnBlob& blob, const ImportedMap& map);

// "2 dimensions, 768x145", width first, as ncnn's shape hints have it.
std::string to_string(const NcnnBlob& blob);

struct NcnnStep {
  const NcnnLayer& layer;
  std::vector<NcnnBlob> inputs;
  ImportGraph& graph;

  // Adds a layer called as ncnn's is and, behind a dot, a part of it: "attention.query".
  ImportedMap add(const Operation& operation, const std::vector<ImportedMap>& maps,
                  std::string_view part = "");

  // An input, which must be a map; a constant one is rejected.
  const NcnnBlob& map(size_t input) const;
  // The first input, which must have three dimensions.
  const NcnnBlob& planes() const;
  // The same as a vector, as tokens or with its rows as channels; moved by a layer if need be.
  ImportedMap flat(const NcnnBlob& blob, std::string_view part = "flat");
  NcnnBlob as_tokens(const NcnnBlob& blob);
  NcnnBlob as_rows(const NcnnBlob& blob);

  // The values in the order of the blob, innermost last, as a map of the shape.
  ImportedMap reshaped(const NcnnBlob& blob, const FeatureShape& shape, std::string_view part);

  // The axis of ncnn's numbering, outermost first, negative from the end; rejected beyond.
  int axis(int64_t number, int dims) const;
  // The axes of the blob's map that an axis of the blob lies along.
  MapAxes map_axes(const NcnnBlob& blob, int axis) const;

  // What a fused activation (ids 9 and 10) makes of the map.
  ImportedMap activated(const ImportedMap& map, int type_id = 9, int parameters_id = 10);
  // x tanh(ln(1 + e^x)), and x times alpha x + beta between 0 and 1.
  ImportedMap mish(const ImportedMap& map);
  ImportedMap hard_swish(const ImportedMap& map, double alpha, double beta);
};

// Reads a layer, or tells why it cannot: what is not supported, empty where it is. The second sees
// parameters alone, before anything is read.
struct NcnnReader {
  std::vector<NcnnBlob> (*read)(NcnnStep& step);
  size_t least_inputs = 1, most_inputs = 1;
  std::string (*unsupported)(const NcnnLayer& layer) = nullptr;
};
using NcnnReaders = std::map<std::string_view, NcnnReader>;

// By type: layers that slide windows, multiply matrices, move values, and the others.
NcnnReaders ncnn_window_readers();
NcnnReaders ncnn_product_readers();
NcnnReaders ncnn_moving_readers();
NcnnReaders ncnn_elementwise_readers();

// Whether a fused activation of the type is known.
bool is_known_activation(int64_t type);

}  // namespace wattgrind
