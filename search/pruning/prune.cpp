#include "search/pruning/prune.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/pricing/priced_estimate.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

// How many channels of each prunable layer are kept.
using Widths = std::vector<int64_t>;

std::vector<size_t> strongest(const std::vector<double>& strengths, int64_t count) {
  std::vector<size_t> ranked(strengths.size());
  std::iota(ranked.begin(), ranked.end(), size_t{0});
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](size_t a, size_t b) { return strengths[a] > strengths[b]; });
  ranked.resize(static_cast<size_t>(count));
  std::sort(ranked.begin(), ranked.end());
  return ranked;
}

// The largest count from 1 to `most` at which `fits`, which larger counts do not do better; absent
// where 1 does not.
template <typename Fits>
std::optional<int64_t> largest_fitting(int64_t most, const Fits& fits) {
  if (most < 1 || !fits(1)) return std::nullopt;
  int64_t good = 1, bad = most + 1;
  while (bad - good > 1) {
    const int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return good;
}

class Pruning {
 public:
  Pruning(const TrainedNetwork& trained, const DataSet& data, const Machine& machine,
          const PruningOptions& options)
      : data_(data), machine_(machine), options_(options), now_(trained) {
    look();
    whole_widths_ = widths();
  }

  PruningResult run(const PruningProgress& progress);

 private:
  void look() { layers_ = prunable_layers(now_.network); }
  Widths widths() const;
  TrainedNetwork narrowed(const Widths& widths) const;
  double energy_of(const Widths& widths);
  std::optional<Widths> narrower(double most_pj);
  std::optional<Widths> narrower_layer(double most_pj);
  std::optional<Widths> narrower_by_magnitude(double most_pj);
  std::optional<Widths> narrower_evenly(double most_pj);
  std::vector<size_t> by_energy() const;
  PruningStep step(double accuracy);
  double tune(uint64_t epochs);

  const DataSet& data_;
  const Machine& machine_;
  const PruningOptions& options_;
  TrainedNetwork now_;
  std::vector<PrunableLayer> layers_;
  Widths whole_widths_;
  double accuracy_ = 0;
  std::map<Widths, double> energies_;
};

Widths Pruning::widths() const {
  Widths result;
  for (const PrunableLayer& layer : layers_) result.push_back(layer.channels);
  return result;
}

// Layers with one channel left are prunable no more, but their neighbours' numbers stay theirs: a
// width is always one of those that there were at the start.
TrainedNetwork Pruning::narrowed(const Widths& wanted) const {
  TrainedNetwork result = now_;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == layers_[i].channels) continue;
    PrunableLayer layer = layers_[i];
    const std::vector<size_t> kept = strongest(channel_strengths(result, layer), wanted[i]);
    result = keep_channels(result, layer, kept);
  }
  return result;
}

double Pruning::energy_of(const Widths& widths) {
  const auto known = energies_.find(widths);
  if (known != energies_.end()) return known->second;
  const double energy_pj = inference_energy(narrowed(widths).network, machine_).total_pj;
  energies_.emplace(widths, energy_pj);
  return energy_pj;
}

// The prunable layers, the one first that takes most energy.
std::vector<size_t> Pruning::by_energy() const {
  const InferenceEnergy energy = inference_energy(now_.network, machine_);
  std::vector<size_t> order(layers_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return energy.layers_pj[layers_[a].layer] > energy.layers_pj[layers_[b].layer];
  });
  return order;
}

std::optional<Widths> Pruning::narrower_layer(double most_pj) {
  const Widths all = widths();
  const double energy_pj = energy_of(all);
  Trainer trainer(now_.network, data_.train, data_.classes, options_.training);
  std::optional<Widths> best;
  double best_gain = 0;
  for (const size_t i : by_energy()) {
    Widths proposed = all;
    const auto with = [&](int64_t channels) {
      proposed[i] = channels;
      return energy_of(proposed);
    };
    // Where the layer alone cannot make the step, it gives half of what it has.
    proposed[i] = largest_fitting(all[i] - 1, [&](int64_t channels) {
                    return with(channels) <= most_pj;
                  }).value_or(all[i] / 2);
    if (proposed[i] < 1) continue;
    const double saved_pj = energy_pj - with(proposed[i]);
    if (saved_pj <= 0) continue;
    const std::vector<size_t> kept = strongest(channel_strengths(now_, layers_[i]), proposed[i]);
    trainer.set_parameters(mask_channels(now_, layers_[i], kept));
    // No loss is told apart from one image.
    const double lost = std::max(accuracy_ - trainer.accuracy(data_.validation),
                                 1 / static_cast<double>(data_.validation.size()));
    if (best && saved_pj / lost <= best_gain) continue;
    best_gain = saved_pj / lost;
    best = proposed;
  }
  return best;
}

std::optional<Widths> Pruning::narrower_by_magnitude(double most_pj) {
  std::vector<std::pair<double, size_t>> ranked;  // strength, layer
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::vector<double> strengths = channel_strengths(now_, layers_[i]);
    const double sum = std::accumulate(strengths.begin(), strengths.end(), 0.0);
    const double mean = sum > 0 ? sum / static_cast<double>(strengths.size()) : 1;
    for (const double strength : strengths) ranked.emplace_back(strength / mean, i);
  }
  std::stable_sort(ranked.begin(), ranked.end());
  const auto without = [&](int64_t count) {
    Widths left = widths();
    for (const auto& [strength, layer] : std::span(ranked).first(static_cast<size_t>(count))) {
      left[layer] = std::max<int64_t>(left[layer] - 1, 1);
    }
    return left;
  };
  const auto most = static_cast<int64_t>(ranked.size());
  const std::optional<int64_t> kept = largest_fitting(
      most, [&](int64_t count) { return energy_of(without(most - count)) <= most_pj; });
  if (!kept) return std::nullopt;
  return without(most - *kept);
}

std::optional<Widths> Pruning::narrower_evenly(double most_pj) {
  constexpr int64_t kParts = 1000;
  const auto scaled = [&](int64_t part) {
    Widths left = widths();
    for (size_t i = 0; i < left.size(); ++i) {
      left[i] = std::clamp<int64_t>((whole_widths_[i] * part + kParts / 2) / kParts, 1, left[i]);
    }
    return left;
  };
  const std::optional<int64_t> part =
      largest_fitting(kParts, [&](int64_t each) { return energy_of(scaled(each)) <= most_pj; });
  if (!part) return std::nullopt;
  return scaled(*part);
}

std::optional<Widths> Pruning::narrower(double most_pj) {
  switch (options_.order) {
    case PruningOrder::kEnergy:
      return narrower_layer(most_pj);
    case PruningOrder::kMagnitude:
      return narrower_by_magnitude(most_pj);
    case PruningOrder::kUniform:
      return narrower_evenly(most_pj);
  }
  CHECK(false, "order {}", static_cast<int>(options_.order));
}

PruningStep Pruning::step(double accuracy) {
  accuracy_ = accuracy;
  return {energy_of(widths()), now_.network.macs(), now_.network.parameters(), accuracy, widths()};
}

// Trains on, and keeps the parameters that validate best. Returns that accuracy.
double Pruning::tune(uint64_t epochs) {
  Trainer trainer(now_.network, data_.train, data_.classes, options_.training);
  trainer.set_parameters(now_.parameters);
  double best = trainer.accuracy(data_.validation);
  for (uint64_t epoch = 0; epoch < epochs; ++epoch) {
    if (!std::isfinite(trainer.train_epoch().loss)) break;
    const double accuracy = trainer.accuracy(data_.validation);
    if (accuracy < best) continue;
    best = accuracy;
    now_.parameters = trainer.parameters();
  }
  return best;
}

PruningResult Pruning::run(const PruningProgress& progress) {
  if (layers_.empty()) {
    fail(ErrorKind::kInput, "{}: no layer has channels that could go", now_.network.name);
  }
  PruningResult result;
  const auto add = [&](double accuracy) {
    result.steps.push_back(step(accuracy));
    if (progress) progress(result.steps.back());
  };
  add(tune(0));
  const double goal_pj = options_.budget * result.steps[0].energy_pj;
  while (result.steps.back().energy_pj > goal_pj) {
    const double energy_pj = result.steps.back().energy_pj;
    const std::optional<Widths> next = narrower(std::max(goal_pj, (1 - options_.step) * energy_pj));
    if (!next || energy_of(*next) >= energy_pj) {
      fail(
          ErrorKind::kInput,
          "{}: found a budget of {:.3g} of its energy, wanted at least {:.3g}: no channel more can "
          "go",
          now_.network.name, options_.budget, energy_pj / result.steps[0].energy_pj);
    }
    now_ = narrowed(*next);
    for (size_t i = 0; i < layers_.size(); ++i) layers_[i].channels = (*next)[i];
    add(tune(options_.tune_epochs));
  }
  result.steps.back().accuracy = tune(options_.final_epochs);
  result.network = std::move(now_);
  return result;
}

}  // namespace

InferenceEnergy inference_energy(const Network& network, const Machine& machine) {
  const auto source = make_simulation_source(CacheModel::kMachine);
  const auto no_progress = [](std::string_view, uint64_t, uint64_t) {};
  const NetworkCounts counts =
      count_network(network, 1, machine, true, *source, no_progress, nullptr);
  const PriceTable prices = machine_prices(machine);
  InferenceEnergy energy{0, std::vector<double>(network.layers.size())};
  for (const CountedRow& row : counts.rows) {
    const double row_pj = energy_pj(row.counts, row.operations, prices).total().value();
    energy.total_pj += row_pj;
    const auto layer = std::ranges::find(network.layers, row.name, &Layer::name);
    if (layer == network.layers.end()) continue;  // `runtime`
    energy.layers_pj[static_cast<size_t>(layer - network.layers.begin())] += row_pj;
  }
  return energy;
}

PruningResult prune(const TrainedNetwork& trained, const DataSet& data, const Machine& machine,
                    const PruningOptions& options, const PruningProgress& progress) {
  CHECK(options.budget > 0 && options.budget < 1, "a budget of {}", options.budget);
  return Pruning(trained, data, machine, options).run(progress);
}

}  // namespace wattgrind
