// Counting layers and networks that are too large to simulate whole.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/network/network.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// What a pass does in the steady state: the second of two, simulated whole.
NetworkCounts count_steady(const Network& network, int64_t batch, const Machine& machine,
                           const PlanRequest& plan = {});

// The bytes of all levels below the first, and of those without the last.
double cache_bytes(const Machine& machine);
double inner_cache_bytes(const Machine& machine);

// A steady pass of any batch, by the straight line through two batches: beyond the caches each
// further image moves the lines that the one before it moved. Instructions, cycles of the core,
// references and operations are those of the batch asked for, exactly; lines are the line's.
class CountsByBatch {
 public:
  // Simulates a steady pass of each batch; between two of them, and beyond the last, a line goes
  // through the nearest two. At least two batches, ascending.
  CountsByBatch(const Network& network, const Machine& machine, std::vector<int64_t> batches);

  NetworkCounts at(int64_t batch) const;

 private:
  const Network& network_;
  const Machine& machine_;
  std::vector<int64_t> batches_;
  std::vector<NetworkCounts> counts_;
};

// A layer as so many pieces, each of which moves the same lines as the one before it: some images,
// or some rows of an image.
struct Pieces {
  double pieces = 1;
  Network one;  // a piece, and two of them in a row
  Network two;
  int64_t images_of_one = 1;
  int64_t images_of_two = 2;
};

// A steady pass of one layer and a batch whose maps exceed the caches many times, by passes over a
// piece and over two that start with empty ones: nothing of the pass before is found again. The
// maps of a piece must fill all levels but the last. Each line of the output goes back to memory
// once, or as often as seen where that is more.
NetworkCounts count_beyond_caches(const Network& layer, int64_t batch, const Pieces& pieces,
                                  const Machine& machine);

}  // namespace wattgrind
