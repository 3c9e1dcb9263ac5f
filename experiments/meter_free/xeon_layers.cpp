#include "experiments/meter_free/xeon_layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

// A counter wrapped, or was not read, where the power is none, or more than both packages' TDP.
constexpr double kMostW = 2 * kXeonTdpW;

// One line of a file.
class LayerRow {
 public:
  LayerRow(const CsvTable& table, const CsvRow& row) : table_(table), row_(row) {}

  double number(const char* column) const { return table_.number(row_, table_.column(column)); }
  int64_t size(const char* column) const { return std::llround(number(column)); }

 private:
  const CsvTable& table_;
  const CsvRow& row_;
};

FeatureShape vector_of(const LayerRow& row) { return {row.size("input_size"), 1, 1}; }
FeatureShape map_of(const LayerRow& row) {
  return {row.size("in_channels"), row.size("image_size"), row.size("image_size")};
}

Window2d window_of(const LayerRow& row) {
  Window2d window;
  window.kernel_height = window.kernel_width = row.size("kernel_size");
  window.stride_height = window.stride_width = row.size("stride");
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = row.size("padding");
  return window;
}

Operation convolution_of(const LayerRow& row) {
  Conv2d conv;
  conv.filters = row.size("out_channels");
  conv.window = window_of(row);
  return conv;
}

struct LayerFile {
  std::string kind;
  FeatureShape (*input)(const LayerRow&);
  Operation (*operation)(const LayerRow&);
};

const LayerFile kFiles[] = {
    {"conv2d", map_of, convolution_of},
    {"linear", vector_of,
     [](const LayerRow& row) -> Operation { return Dense{row.size("output_size")}; }},
    {"maxpool2d", map_of,
     [](const LayerRow& row) -> Operation { return MaxPool2d{window_of(row)}; }},
    {"relu", vector_of, [](const LayerRow&) -> Operation { return Relu{}; }},
    {"sigmoid", vector_of,
     [](const LayerRow&) -> Operation { return Activation{UnaryFunction::kSigmoid}; }},
    {"tanh", vector_of,
     [](const LayerRow&) -> Operation { return Activation{UnaryFunction::kTanh}; }},
    {"softmax", vector_of, [](const LayerRow&) -> Operation { return Softmax{}; }}};

}  // namespace

std::vector<std::string> xeon_layer_kinds() {
  std::vector<std::string> kinds;
  for (const LayerFile& file : kFiles) kinds.push_back(file.kind);
  return kinds;
}

std::vector<XeonLayer> read_xeon_layers(const Options& options, const std::string& kind) {
  const auto file = std::ranges::find(kFiles, kind, &LayerFile::kind);
  CHECK(file != std::end(kFiles), "layers of kind {}", kind);
  const std::string name = fmt::format("xeon5120_layers/{}.csv", kind);
  const CsvTable table = parse_csv(read_file(published(options, name)), name);
  std::vector<XeonLayer> layers;
  for (size_t i = 0; i < table.rows.size(); i += options.every) {
    const LayerRow row(table, table.rows[i]);
    XeonLayer layer;
    layer.network = build_network(fmt::format("{} line {}", kind, table.rows[i].line),
                                  file->input(row), {{"layer", file->operation(row)}}, name);
    layer.batch = row.size("batch_size");
    layer.read_s = row.number("duration") / row.number("forward_passes");
    const double watts = row.number("cpu_power");
    if (watts > 0 && watts <= kMostW) {
      layer.read_j = row.number("cpu_energy") * kJoulesAKilowattHour;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace wattgrind
