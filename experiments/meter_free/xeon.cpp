// Layers and networks that PyTorch ran on one core of a Xeon Gold 5120 (Getzner et al. 2023).
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <future>
#include <thread>

#include "estimator/catalog/machine_source.h"
#include "experiments/meter_free/counting.h"
#include "experiments/meter_free/methods.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"
#include "experiments/meter_free/xeon_layers.h"
#include "experiments/meter_free/xeon_networks.h"

namespace wattgrind {
namespace {

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
constexpr double kMostMacsOfPiece = 5e8;
constexpr int64_t kFewestRows = 4;

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
  const int64_t fewest = kFewestRows + 2 * conv->window.pad_top;  // not of padding alone
  const int64_t rows =
      std::max<int64_t>(fewest, std::llround(share * static_cast<double>(all_rows)));
  if (2 * rows >= all_rows) return pieces;
  pieces.pieces = static_cast<double>(batch * all_rows) / static_cast<double>(rows);
  pieces.one = with_output_rows(layer, rows);
  pieces.two = with_output_rows(layer, 2 * rows);
  pieces.images_of_one = pieces.images_of_two = 1;
  return pieces;
}

// Of the layers that are extended, every so many are simulated whole as well, if that is
// affordable.
constexpr double kMostMacsChecked = 1e11;
constexpr double kMostBytesChecked = 2e9;
constexpr size_t kCheckEvery = 12;

// A layer's prediction, and how it was come by.
struct LayerPrediction {
  PredictedCost prediction;
  bool extended = false;                                // from two pieces of it
  std::optional<Compared> checked_time, checked_lines;  // against the layer simulated whole
};

double dram_lines(const NetworkCounts& counts) {
  const DramCounts& dram = counts.rows[0].counts.dram;
  return static_cast<double>(dram.reads + dram.write_backs.value_or(0));
}

LayerPrediction predict_layer(const XeonLayer& layer, bool check, const Machine& machine) {
  const Network& network = layer.network;
  const double bytes = static_cast<double>(layer.batch) * map_bytes(network);
  if (bytes <= 2 * cache_bytes(machine)) {
    return {predict(count_steady(network, layer.batch, machine), machine)};
  }
  const NetworkCounts counts =
      count_beyond_caches(network, layer.batch, pieces_of(network, layer.batch, machine), machine);
  LayerPrediction result{predict(counts, machine), true};
  const double macs = static_cast<double>(network.macs()) * static_cast<double>(layer.batch);
  if (check && macs < kMostMacsChecked && bytes < kMostBytesChecked) {
    const NetworkCounts whole = count_steady(network, layer.batch, machine);
    result.checked_time = {network.name, result.prediction.time.seconds,
                           predict(whole, machine).time.seconds};
    result.checked_lines = {network.name, dram_lines(counts), dram_lines(whole)};
  }
  return result;
}

// As many layers at a time as this computer has cores.
std::vector<LayerPrediction> predict_layers(const std::vector<XeonLayer>& layers,
                                            const std::string& kind, const Machine& machine) {
  std::vector<LayerPrediction> predictions(layers.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < layers.size(); i = next++) {
      fmt::print(stderr, "\r{} {}/{}   ", kind, i, layers.size());
      predictions[i] = predict_layer(layers[i], i % kCheckEvery == 0, machine);
    }
  };
  std::vector<std::future<void>> workers(std::max(1U, std::thread::hardware_concurrency()));
  for (std::future<void>& worker : workers) worker = std::async(std::launch::async, work);
  for (std::future<void>& worker : workers) worker.get();
  fmt::print(stderr, "\n");
  return predictions;
}

// What the tables and plots are made of.
class XeonLayers {
 public:
  void add(const std::string& kind, const std::vector<XeonLayer>& layers,
           const std::vector<LayerPrediction>& predictions) {
    times.push_back({kind, {}});
    energies.push_back({kind, {}});
    for (size_t i = 0; i < layers.size(); ++i) add(layers[i], predictions[i]);
  }

  void print_check() const {
    fmt::print("{} layers of {} extended from two pieces of them; {} of these simulated whole, too",
               extended_, count_, checked_times_.size());
    for (const auto& [what, rows] :
         {std::pair("time", &checked_times_), std::pair("lines of DRAM", &checked_lines_)}) {
      double most = 0;
      for (const Compared& row : *rows) most = std::max(most, std::abs(row.ratio() - 1));
      fmt::print("; {} off by {:.1f} % at most", what, 100 * most);
    }
    fmt::print("\n");
  }

  std::vector<Group> times, energies;  // by kind
  // Frameworks move a convolution's maps into a layout of their own and back: so many
  // multiply-accumulates take as long as moving a value at 12 GB/s both ways, or five times that.
  std::vector<Group> convolutions = {{"conv2d, below 60 MACs a value of its maps", {}},
                                     {"conv2d, 60 to 300", {}},
                                     {"conv2d, 300 and more", {}}};
  std::vector<EnergyRow> energy_rows;

 private:
  void add(const XeonLayer& layer, const LayerPrediction& predicted) {
    const std::string& name = layer.network.name;
    const PredictedCost& prediction = predicted.prediction;
    ++count_;
    extended_ += predicted.extended ? 1 : 0;
    if (predicted.checked_time) checked_times_.push_back(*predicted.checked_time);
    if (predicted.checked_lines) checked_lines_.push_back(*predicted.checked_lines);
    const Compared time{name, prediction.time.seconds, layer.read_s, prediction.time_factor};
    times.back().rows.push_back(time);
    const auto macs = static_cast<double>(layer.network.macs());
    if (std::holds_alternative<Conv2d>(layer.network.layers[0].operation)) {
      const double intensity = 4 * macs / map_bytes(layer.network);
      convolutions[intensity < 60 ? 0 : intensity < 300 ? 1 : 2].rows.push_back(time);
    }
    if (!layer.read_j) return;
    energies.back().rows.push_back(
        {name, prediction.machine_j, *layer.read_j, prediction.energy_factor});
    energy_rows.push_back({name, *layer.read_j, prediction.machine_j, prediction.energy_factor,
                           prediction.time.seconds, kXeonTdpW,
                           macs * static_cast<double>(layer.batch), prediction.events_j});
  }

  size_t count_ = 0, extended_ = 0;
  std::vector<Compared> checked_times_, checked_lines_;
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

void run_layers(const Options& options, const Machine& machine) {
  XeonLayers all;
  for (const std::string& kind : xeon_layer_kinds()) {
    const std::vector<XeonLayer> layers = read_xeon_layers(options, kind);
    all.add(kind, layers, predict_layers(layers, kind, machine));
    save_rows(options, "xeon_times", all.times);
    save_rows(options, "xeon_energies", all.energies);
  }
  print_agreement("time of one pass", all.times);
  fmt::print("\n");
  print_agreement("time, by work for what is moved", all.convolutions);
  fmt::print("\n");
  print_agreement("energy of one pass, both packages", all.energies);
  fmt::print("\n");
  print_agreement("energy of one pass, all layers", by_method(all.energy_rows));
  fmt::print("\n");
  all.print_check();
  draw("xeon_times", "PyTorch's layers, one core of a Xeon Gold 5120", "s", drawn(all.times));
  draw("xeon_energies", "PyTorch's layers, two packages of Xeon Gold 5120", "J",
       drawn(all.energies));
}

void run_networks(const Options& options, const Machine& machine) {
  const XeonNetworks networks = xeon_networks(options, machine);
  print_agreement("time of one pass, every batch", networks.times);
  fmt::print("\n");
  print_agreement("energy of one pass, both packages", networks.energies);
  draw("xeon_networks", "PyTorch's networks, two packages of Xeon Gold 5120", "J",
       networks.energies);
  save_rows(options, "xeon_networks_times", networks.times);
  save_rows(options, "xeon_networks_energies", networks.energies);
}

}  // namespace

void run_xeon(const Options& options) {
  const Machine machine = builtin_machine("xeon_gold_5120");
  run_layers(options, machine);
  fmt::print("\n");
  run_networks(options, machine);
}

}  // namespace wattgrind
