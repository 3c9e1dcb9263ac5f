#include "search/samplers/sampler.h"

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "search/samplers/fidelity.h"
#include "search/samplers/grid_sampler.h"
#include "search/samplers/hyperopt_sampler.h"
#include "search/samplers/random_sampler.h"
#include "search/samplers/tpe_sampler.h"

namespace wattgrind {
namespace {

void expect_tpe(bool is_tpe, std::string_view key, std::string_view where) {
  if (!is_tpe) {
    fail(ErrorKind::kInput, "{}: belongs to the sampler \"tpe\" alone, remove it",
         join_key(where, key));
  }
}

SamplerKind parse_kind(const nlohmann::ordered_json& json, const std::string& where) {
  const std::string kind = expect_string(json, where);
  if (kind == "random") return SamplerKind::kRandom;
  if (kind == "grid") return SamplerKind::kGrid;
  if (kind == "tpe") return SamplerKind::kTpe;
  fail(ErrorKind::kInput, "{}: found \"{}\", wanted \"random\", \"grid\" or \"tpe\"", where, kind);
}

}  // namespace

SamplerOptions parse_sampler_options(const nlohmann::ordered_json& json, std::string_view where) {
  expect_keys(json, {"kind", "variant", "noisy", "fidelity", "points"}, where);
  SamplerOptions options;
  if (json.contains("kind")) options.kind = parse_kind(json["kind"], join_key(where, "kind"));
  if (json.contains("variant")) {
    const std::string at = join_key(where, "variant");
    expect_tpe(options.kind == SamplerKind::kTpe, "variant", where);
    if (expect_string(json["variant"], at) != "hyperopt") {
      fail(ErrorKind::kInput, "{}: found {}, wanted \"hyperopt\" or no such key", at,
           json["variant"].dump());
    }
    options.hyperopt = true;
  }
  if (json.contains("noisy")) {
    expect_tpe(options.kind == SamplerKind::kTpe && !options.hyperopt, "noisy", where);
    options.noisy = expect_boolean(json["noisy"], join_key(where, "noisy"));
  }
  if (json.contains("fidelity")) {
    const std::string at = join_key(where, "fidelity");
    expect_tpe(options.kind == SamplerKind::kTpe && !options.hyperopt, "fidelity", where);
    if (expect_string(json["fidelity"], at) != "epochs") {
      fail(ErrorKind::kInput, "{}: found {}, wanted \"epochs\" or no such key", at,
           json["fidelity"].dump());
    }
    options.by_epochs = true;
  }
  if (json.contains("points")) {
    const std::string at = join_key(where, "points");
    const int64_t points = expect_integer(json["points"], at);
    if (options.kind != SamplerKind::kGrid || points < 1 || points > 1'000'000) {
      fail(ErrorKind::kInput, "{}: found {}, wanted 1 to 1000000, with the sampler \"grid\"", at,
           points);
    }
    options.grid_points = static_cast<int>(points);
  }
  return options;
}

std::unique_ptr<Sampler> make_sampler(const SamplerOptions& options, Space space, uint64_t seed) {
  if (options.kind == SamplerKind::kGrid) {
    return std::make_unique<GridSampler>(space, seed, options.grid_points);
  }
  if (options.kind == SamplerKind::kRandom) {
    return std::make_unique<RandomSampler>(std::move(space), seed);
  }
  if (options.hyperopt) return std::make_unique<HyperoptSampler>(std::move(space), seed);
  auto tpe = std::make_unique<TpeSampler>(std::move(space), seed, options.noisy);
  if (!options.by_epochs) return tpe;
  return std::make_unique<FidelitySampler>(std::move(tpe), options.epochs);
}

}  // namespace wattgrind
