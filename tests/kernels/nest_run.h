// Runs one loop nest natively on buffers of its own, each on a line and zero before.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// What this computer runs: the width and form of each instruction set.
struct Target {
  Isa isa;
  bool fuse;
};
std::vector<Target> targets();

class NestRun {
 public:
  explicit NestRun(LoopNest nest);

  // `index` tells apart buffers of one operand.
  std::span<float> buffer(Operand operand, uint32_t index = 0);
  bool has(Operand operand, uint32_t index = 0) const;
  void write_map(Operand operand, const MapLayout& layout, int64_t batch,
                 const std::vector<float>& images, uint32_t index = 0);
  std::vector<float> read_map(Operand operand, const MapLayout& layout, int64_t batch);
  // Whether everything in the map's buffer that is no value of the map is zero.
  bool surroundings_are_zero(Operand operand, const MapLayout& layout, int64_t batch);

  void run(bool fuse_multiply_add);

 private:
  struct FreeLines {
    void operator()(float* lines) const;
  };

  LoopNest nest_;
  std::vector<std::unique_ptr<float[], FreeLines>> memory_;  // by buffer
};

}  // namespace wattgrind
