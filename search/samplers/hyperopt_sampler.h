// Tree-structured Parzen estimators as the package hyperopt has them (Bergstra et al. 2011;
// hyperopt 0.2.7, tpe.py): what powerML searched with, here to compare with.
//
// 20 random trials; then, for each parameter on its own, the values of the ceil(sqrt(N) / 4) best
// trials (25 at most) and those of the rest make two densities l and g, and of 24 draws from l the
// one with the highest l / g is taken. An int is hyperopt's quniform (qloguniform with log), a
// choice its categorical. Configurations may come again; only complete trials are learned from.
#pragma once

#include "search/samplers/sampler.h"
#include "search/space/unit_space.h"

namespace wattgrind {

class HyperoptSampler : public Sampler {
 public:
  HyperoptSampler(Space space, uint64_t seed) : space_(std::move(space)), seed_(seed) {}

  std::optional<Configuration> ask(uint64_t number, std::span<const Trial> history) override;

 private:
  UnitSpace space_;
  uint64_t seed_;
};

}  // namespace wattgrind
