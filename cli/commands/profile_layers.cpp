#include "cli/commands/profile_layers.h"

#include <algorithm>
#include <map>

#include "estimator/base/error.h"
#include "estimator/catalog/layer_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/models/layer_point.h"
#include "estimator/network/network_part.h"

namespace wattgrind {
namespace {

// Of a range that has few layers most may be known: then it counts as used up.
constexpr size_t kMostKnownDraws = 200;

class DrawnProfileLayers : public ProfileLayers {
 public:
  DrawnProfileLayers(std::vector<DrawnKind> kinds, uint64_t seed, KnownLayers known)
      : kinds_(std::move(kinds)), known_(std::move(known)) {
    // Each kind has its own numbers, so that how many layers one got does not change another's.
    for (size_t i = 0; i < kinds_.size(); ++i) streams_.emplace_back(derive_seed(seed, i));
  }

  std::vector<std::string> kinds() const override {
    std::vector<std::string> names;
    for (const DrawnKind& kind : kinds_) {
      if (!used_up_.contains(kind.kind)) names.push_back(kind.kind);
    }
    return names;
  }

  std::optional<ProfiledLayer> next(const std::string& kind) override {
    size_t i = 0;
    while (kinds_[i].kind != kind) ++i;
    for (size_t draw = 0; draw < kMostKnownDraws + known_.size(); ++draw) {
      const DrawnLayer drawn = draw_layer(kinds_[i], streams_[i]);
      if (!known_.emplace(drawn.workload, drawn.batch).second) continue;
      return ProfiledLayer{drawn.workload, drawn.batch, find_layer(drawn.workload)->network};
    }
    used_up_.insert(kind);
    return std::nullopt;
  }

 private:
  std::vector<DrawnKind> kinds_;
  std::vector<Random> streams_;
  KnownLayers known_;
  std::set<std::string> used_up_;
};

class NetworkProfileLayers : public ProfileLayers {
 public:
  NetworkProfileLayers(const std::vector<std::string>& networks, int64_t batch,
                       const std::vector<std::string>& kinds, uint64_t seed,
                       const KnownLayers& known) {
    for (const std::string& name : networks) add_network(name, batch, kinds, known);
    Random random(seed);
    for (auto& [kind, layers] : left_) {
      for (size_t i = layers.size(); i > 1; --i) std::swap(layers[i - 1], layers[random.below(i)]);
    }
  }

  std::vector<std::string> kinds() const override {
    std::vector<std::string> names;
    for (const auto& [kind, layers] : left_) {
      if (!layers.empty()) names.push_back(kind);
    }
    return names;
  }

  std::optional<ProfiledLayer> next(const std::string& kind) override {
    std::vector<ProfiledLayer>& layers = left_.at(kind);
    if (layers.empty()) return std::nullopt;
    ProfiledLayer layer = std::move(layers.back());
    layers.pop_back();
    return layer;
  }

 private:
  void add_network(const std::string& name, int64_t batch, const std::vector<std::string>& kinds,
                   const KnownLayers& known) {
    const Network network = find_network(name);
    std::set<std::pair<std::string, std::vector<double>>> seen;
    for (size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      if (is_free(layer)) continue;
      const LayerPoint point = layer_point(layer, static_cast<uint64_t>(batch));
      if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), point.kind) == kinds.end()) {
        continue;
      }
      if (!seen.emplace(point.kind, point.sizes).second) continue;
      Network alone = layer_alone(network, i, name);
      std::vector<ProfiledLayer>& layers = left_[point.kind];
      if (known.contains({alone.name, batch})) continue;
      std::string workload = alone.name;
      layers.push_back({std::move(workload), batch, std::move(alone)});
    }
  }

  std::map<std::string, std::vector<ProfiledLayer>> left_;
};

}  // namespace

std::unique_ptr<ProfileLayers> drawn_layers(std::vector<DrawnKind> kinds, uint64_t seed,
                                            KnownLayers known) {
  CHECK(!kinds.empty(), "no kinds");
  return std::make_unique<DrawnProfileLayers>(std::move(kinds), seed, std::move(known));
}

std::unique_ptr<ProfileLayers> network_layers(const std::vector<std::string>& networks,
                                              int64_t batch, const std::vector<std::string>& kinds,
                                              uint64_t seed, KnownLayers known) {
  return std::make_unique<NetworkProfileLayers>(networks, batch, kinds, seed, known);
}

}  // namespace wattgrind
