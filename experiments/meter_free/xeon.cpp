// Layers and networks that PyTorch ran on one core of a Xeon Gold 5120 (Getzner et al. 2023).
#include <fmt/format.h>

#include <cmath>

#include "estimator/catalog/machine_source.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/methods.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"
#include "experiments/meter_free/xeon_networks.h"

namespace wattgrind {
namespace {

constexpr double kJoulesAKilowattHour = 3.6e6;
// Two packages of 105 W: RAPL's counter wrapped, or was not read, where the power is none or more.
constexpr double kMostWatts = 210;
constexpr double kTdpWatts = 105;  // of the package that works (Intel ARK)

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

struct LayerFile {
  const char* name;
  FeatureShape (*input)(const LayerRow&);
  Operation (*operation)(const LayerRow&);
};

const LayerFile kFiles[] = {
    {"conv2d", map_of,
     [](const LayerRow& row) -> Operation {
       Conv2d conv;
       conv.filters = row.size("out_channels");
       conv.window = window_of(row);
       return conv;
     }},
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

double map_bytes(const Network& layer) {
  const int64_t elements = layer.input().elements() + layer.layers[0].output_shape.elements();
  return 4 * static_cast<double>(elements);
}

// The convolution on an image of fewer rows.
Network with_output_rows(const Network& layer, int64_t rows) {
  const Window2d& window = std::get<Conv2d>(layer.layers[0].operation).window;
  FeatureShape input = layer.input();
  input.height = (rows - 1) * window.stride_height + window.kernel_height - 2 * window.pad_top;
  return build_network(layer.name, input, {{"layer", layer.layers[0].operation}}, layer.name);
}

// A piece of a layer that is worth simulating: some images or, of a layer with much work in one
// image, some rows of one.
constexpr double kMostMacsOfPiece = 2e9;
constexpr int64_t kFewestRows = 8;

Pieces pieces_of(const Network& layer, int64_t batch, const Machine& machine) {
  const double images = std::ceil(inner_cache_bytes(machine) / map_bytes(layer));
  Pieces pieces;
  pieces.pieces = static_cast<double>(batch) / images;
  pieces.one = layer;
  pieces.images_of_one = pieces.images_of_two = std::llround(images);
  pieces.images_of_two *= 2;
  pieces.two = layer;
  const double macs = static_cast<double>(layer.macs()) * images;
  const Conv2d* conv = std::get_if<Conv2d>(&layer.layers[0].operation);
  if (conv == nullptr || macs <= kMostMacsOfPiece) return pieces;
  const int64_t all_rows = layer.layers[0].output_shape.height;
  const double share = kMostMacsOfPiece / static_cast<double>(layer.macs());
  const int64_t rows =
      std::max<int64_t>(kFewestRows, std::llround(share * static_cast<double>(all_rows)));
  if (2 * rows >= all_rows) return pieces;
  pieces.pieces = static_cast<double>(batch * all_rows) / static_cast<double>(rows);
  pieces.one = with_output_rows(layer, rows);
  pieces.two = with_output_rows(layer, 2 * rows);
  pieces.images_of_one = pieces.images_of_two = 1;
  return pieces;
}

// Of the layers that are extended every so many are simulated whole as well, if that is affordable.
constexpr double kMostMacsChecked = 1e11;
constexpr double kMostBytesChecked = 2e9;
constexpr size_t kCheckEvery = 12;

class XeonLayers {
 public:
  XeonLayers(const Options& options, const Machine& machine)
      : options_(options), machine_(machine) {}

  void run(const LayerFile& file) {
    const std::string name = fmt::format("xeon5120_layers/{}.csv", file.name);
    const CsvTable table = parse_csv(read_file(published(options_, name)), name);
    Group times{file.name, {}}, energies{file.name, {}};
    for (size_t i = 0; i < table.rows.size(); i += options_.every) {
      fmt::print(stderr, "\r{} {}/{}   ", file.name, i, table.rows.size());
      const LayerRow row(table, table.rows[i]);
      const int64_t batch = row.size("batch_size");
      const std::string label = fmt::format("{} line {}", file.name, table.rows[i].line);
      const Network layer =
          build_network(label, file.input(row), {{"layer", file.operation(row)}}, name);
      const Prediction predicted = predict(count(layer, batch), machine_);
      times.rows.push_back({label, predicted.time.seconds,
                            row.number("duration") / row.number("forward_passes"),
                            predicted.time_factor});
      if (std::holds_alternative<Conv2d>(layer.layers[0].operation))
        add_by_intensity(layer, times.rows.back());
      const double watts = row.number("cpu_power");
      if (watts <= 0 || watts > kMostWatts) continue;
      const double read_j = row.number("cpu_energy") * kJoulesAKilowattHour;
      energies.rows.push_back({label, predicted.machine_j, read_j, predicted.energy_factor});
      rows_.push_back({label, read_j, predicted.machine_j, predicted.energy_factor,
                       predicted.time.seconds, kTdpWatts,
                       static_cast<double>(layer.macs()) * static_cast<double>(batch),
                       predicted.events_j});
    }
    times_.push_back(std::move(times));
    energies_.push_back(std::move(energies));
    save_rows(options_, "xeon_times", times_);
    save_rows(options_, "xeon_energies", energies_);
  }

  const std::vector<Group>& times() const { return times_; }
  const std::vector<Group>& convolutions() const { return convolutions_; }
  const std::vector<EnergyRow>& rows() const { return rows_; }
  const std::vector<Group>& energies() const { return energies_; }

  void print_check() const {
    if (checked_times_.empty()) return;
    fmt::print("\n{} layers of {} extended from two batches, {} of them simulated whole, too: ",
               extended_, extended_ + whole_, checked_times_.size());
    for (const auto& [what, rows] :
         {std::pair("time", &checked_times_), std::pair("lines of DRAM", &checked_lines_)}) {
      double most = 0;
      for (const Compared& row : *rows) most = std::max(most, std::abs(row.ratio() - 1));
      fmt::print("{} {:.1f} % at most; ", what, 100 * most);
    }
    fmt::print("\n");
  }

 private:
  // Frameworks move a convolution's maps into a layout of their own and back: so many
  // multiply-accumulates take as long as moving a value at 12 GB/s both ways, or five times that.
  void add_by_intensity(const Network& layer, const Compared& time) {
    const double intensity = 4 * static_cast<double>(layer.macs()) / map_bytes(layer);
    convolutions_[intensity < 60 ? 0 : intensity < 300 ? 1 : 2].rows.push_back(time);
  }

  NetworkCounts count(const Network& layer, int64_t batch) {
    if (static_cast<double>(batch) * map_bytes(layer) <= 2 * cache_bytes(machine_)) {
      ++whole_;
      return count_steady(layer, batch, machine_);
    }
    NetworkCounts counts =
        count_beyond_caches(layer, batch, pieces_of(layer, batch, machine_), machine_);
    const double macs = static_cast<double>(layer.macs()) * static_cast<double>(batch);
    const double bytes = static_cast<double>(batch) * map_bytes(layer);
    if (++extended_ % kCheckEvery == 0 && macs < kMostMacsChecked && bytes < kMostBytesChecked) {
      const NetworkCounts whole = count_steady(layer, batch, machine_);
      checked_times_.push_back({layer.name, predict(counts, machine_).time.seconds,
                                predict(whole, machine_).time.seconds});
      checked_lines_.push_back(
          {layer.name, dram_lines(counts.rows[0].counts), dram_lines(whole.rows[0].counts)});
    }
    return counts;
  }

  static double dram_lines(const EventCounts& counts) {
    return static_cast<double>(counts.dram.reads + counts.dram.write_backs.value_or(0));
  }

  const Options& options_;
  const Machine& machine_;
  std::vector<Group> times_, energies_;
  std::vector<Group> convolutions_ = {{"conv2d, below 60 MACs a value of its maps", {}},
                                      {"conv2d, 60 to 300", {}},
                                      {"conv2d, 300 and more", {}}};
  std::vector<EnergyRow> rows_;
  std::vector<Compared> checked_times_, checked_lines_;
  size_t extended_ = 0, whole_ = 0;
};

// At most six colours: both functions of an exponential as one.
std::vector<Group> drawn(const std::vector<Group>& groups) {
  std::vector<Group> result;
  for (const Group& group : groups) {
    if (group.name == "tanh") {
      result.back().name += ", tanh";
      result.back().rows.insert(result.back().rows.end(), group.rows.begin(), group.rows.end());
    } else {
      result.push_back(group);
    }
  }
  return result;
}

}  // namespace

void run_xeon(const Options& options) {
  const Machine machine = builtin_machine("xeon_gold_5120");
  XeonLayers layers(options, machine);
  for (const LayerFile& file : kFiles) layers.run(file);
  fmt::print(stderr, "\n");
  print_agreement("time of one pass", layers.times());
  fmt::print("\n");
  print_agreement("time, by work for what is moved", layers.convolutions());
  fmt::print("\n");
  print_agreement("energy of one pass, both packages", layers.energies());
  fmt::print("\n");
  print_agreement("energy of one pass, all layers", by_method(layers.rows()));
  layers.print_check();
  draw("xeon_times", "PyTorch's layers, one core of a Xeon Gold 5120", "s", drawn(layers.times()));
  draw("xeon_energies", "PyTorch's layers, two packages of Xeon Gold 5120", "J",
       drawn(layers.energies()));

  const XeonNetworks networks = xeon_networks(options, machine);
  fmt::print("\n");
  print_agreement("time of one pass, every batch", networks.times);
  fmt::print("\n");
  print_agreement("energy of one pass, both packages", networks.energies);
  draw("xeon_networks", "PyTorch's networks, two packages of Xeon Gold 5120", "J",
       networks.energies);
  save_rows(options, "xeon_networks_times", networks.times);
  save_rows(options, "xeon_networks_energies", networks.energies);
}

}  // namespace wattgrind
