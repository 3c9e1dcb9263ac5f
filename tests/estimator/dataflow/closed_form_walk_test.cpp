// The mappings of closed forms, executed loop by loop with explicit counters: where tiles of pixels
// divide the output, the forms come to the same.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "estimator/dataflow/dataflow.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

using Sizes = std::map<std::string, uint64_t>;

// Calls body(first, size) for tiles of 0..all.
void tiled(uint64_t all, uint64_t tile, const std::function<void(uint64_t, uint64_t)>& body) {
  for (uint64_t first = 0; first < all; first += tile) body(first, std::min(tile, all - first));
}

// Partial sums by output: how often each was taken up before, and what that costs.
class Sums {
 public:
  // A sum that lives in a place is written on every visit, and read on all but the first.
  void visit(uint64_t output, uint64_t& counter) { counter += visits_[output]++ == 0 ? 0 : 2; }

 private:
  std::map<uint64_t, uint64_t> visits_;
};

AccessCounts walk_weight_stationary(const LayerProblem& p, Sizes x) {
  AccessCounts k;
  Sums sums;
  tiled(p.filters, x["t"], [&](uint64_t m0, uint64_t ms) {
    k.at(kDram, kW) += ms * p.channels * p.filter_rows * p.filter_columns;
    tiled(p.ofmap_columns, x["f"], [&](uint64_t f0, uint64_t fs) {
      k.at(kDram, kI) += p.images * p.channels * p.ifmap_rows() * p.strip_columns(fs);
      tiled(p.channels, x["r"], [&](uint64_t, uint64_t cs) {
        for (uint64_t n = 0; n < p.images; ++n) {
          for (uint64_t m = m0; m < m0 + ms; ++m) {
            for (uint64_t e = 0; e < p.ofmap_rows; ++e) {
              for (uint64_t f = f0; f < f0 + fs; ++f) {
                const uint64_t output =
                    ((n * p.filters + m) * p.ofmap_rows + e) * p.ofmap_columns + f;
                for (uint64_t r = 0; r < p.filter_rows; ++r) {
                  sums.visit(output, k.at(kBuffer, kO));
                  const uint64_t products = cs * p.filter_columns;
                  k.at(kArray, kO) += products - 1;
                  k.at(kArray, kI) += products;
                  k.at(kRegisters, kW) += products;
                }
              }
            }
          }
        }
      });
    });
  });
  k.at(kDram, kO) = p.words(kO);
  return k;
}

// The three output-stationary walks differ in how pixels and filters are grouped.
AccessCounts walk_output_stationary(const LayerProblem& p, uint64_t ms_tile, uint64_t ns_tile,
                                    uint64_t e_tile, uint64_t f_tile, uint64_t parallel) {
  AccessCounts k;
  tiled(p.filters, ms_tile, [&](uint64_t, uint64_t ms) {
    const uint64_t kernel = p.channels * p.filter_rows * p.filter_columns;
    k.at(kDram, kW) += ms * kernel;
    tiled(p.images, ns_tile, [&](uint64_t, uint64_t ns) {
      tiled(p.ofmap_rows, e_tile, [&](uint64_t, uint64_t es) {
        tiled(p.ofmap_columns, f_tile, [&](uint64_t, uint64_t fs) {
          const uint64_t map = ns * p.channels * p.strip_rows(es) * p.strip_columns(fs);
          k.at(kDram, kI) += map;
          tiled(ms, parallel, [&](uint64_t, uint64_t ps) {
            k.at(kBuffer, kI) += map;
            k.at(kBuffer, kW) += ps * kernel;
            for (uint64_t output = 0; output < ps * ns * es * fs; ++output) {
              for (uint64_t product = 0; product < kernel; ++product) {
                ++k.at(kArray, kI);
                ++k.at(kArray, kW);
                k.at(kRegisters, kO) += product == 0 ? 0 : 2;
              }
              ++k.at(kDram, kO);
            }
          });
        });
      });
    });
  });
  return k;
}

AccessCounts walk_no_reuse(const LayerProblem& p, Sizes x) {
  AccessCounts k;
  Sums sums;
  tiled(p.images, x["n"], [&](uint64_t n0, uint64_t ns) {
    tiled(p.ofmap_rows, x["e"], [&](uint64_t e0, uint64_t es) {
      tiled(p.ofmap_columns, x["f"], [&](uint64_t f0, uint64_t fs) {
        tiled(p.filters, x["m"], [&](uint64_t m0, uint64_t ms) {
          k.at(kDram, kI) += ns * p.channels * p.strip_rows(es) * p.strip_columns(fs);
          k.at(kDram, kW) += ms * p.channels * p.filter_rows * p.filter_columns;
          tiled(p.channels, x["q"], [&](uint64_t, uint64_t cs) {
            for (uint64_t tap = 0; tap < p.filter_rows * p.filter_columns; ++tap) {
              for (uint64_t n = n0; n < n0 + ns; ++n) {
                for (uint64_t e = e0; e < e0 + es; ++e) {
                  for (uint64_t f = f0; f < f0 + fs; ++f) {
                    tiled(ms, x["p"], [&](uint64_t p0, uint64_t ps) {
                      k.at(kBuffer, kI) += cs;
                      for (uint64_t m = m0 + p0; m < m0 + p0 + ps; ++m) {
                        const uint64_t output =
                            ((n * p.filters + m) * p.ofmap_rows + e) * p.ofmap_columns + f;
                        sums.visit(output, k.at(kBuffer, kO));
                        k.at(kBuffer, kW) += cs;
                        k.at(kArray, kI) += cs;
                        k.at(kArray, kO) += cs - 1;
                      }
                    });
                  }
                }
              }
            }
          });
        });
      });
    });
  });
  k.at(kDram, kO) = p.words(kO);
  return k;
}

AccessCounts walk_row_stationary(const LayerProblem& p, Sizes x) {
  AccessCounts k;
  Sums sums;
  tiled(p.filters, x["m"], [&](uint64_t m0, uint64_t ms) {
    tiled(p.images, x["n"], [&](uint64_t n0, uint64_t ns) {
      tiled(p.ofmap_columns, x["f"], [&](uint64_t f0, uint64_t fs) {
        k.at(kDram, kI) += ns * p.channels * p.ifmap_rows() * p.strip_columns(fs);
        tiled(p.channels, x["q"] * x["r"], [&](uint64_t, uint64_t cs) {
          k.at(kDram, kW) += ms * cs * p.filter_rows * p.filter_columns;
          tiled(ms, x["p"] * x["t"], [&](uint64_t pass0, uint64_t passed) {
            k.at(kBuffer, kI) += ns * cs * p.ifmap_rows() * p.strip_columns(fs);
            tiled(passed, x["p"], [&](uint64_t own0, uint64_t own) {
              // A row of weights goes to an element in each of the strip's columns.
              k.at(kArray, kW) += own * cs * p.filter_rows * p.filter_columns * fs;
              // An element takes the words of every window of its input row.
              k.at(kArray, kI) += ns * cs * p.ifmap_rows() * fs * p.filter_columns;
              for (uint64_t m = m0 + pass0 + own0; m < m0 + pass0 + own0 + own; ++m) {
                for (uint64_t n = n0; n < n0 + ns; ++n) {
                  for (uint64_t e = 0; e < p.ofmap_rows; ++e) {
                    for (uint64_t f = f0; f < f0 + fs; ++f) {
                      const uint64_t output =
                          ((n * p.filters + m) * p.ofmap_rows + e) * p.ofmap_columns + f;
                      sums.visit(output, k.at(kBuffer, kO));
                      uint64_t elements = 0;
                      tiled(cs, x["q"], [&](uint64_t, uint64_t qs) {
                        for (uint64_t r = 0; r < p.filter_rows; ++r, ++elements) {
                          const uint64_t products = qs * p.filter_columns;
                          k.at(kRegisters, kW) += products;
                          k.at(kRegisters, kI) += products;
                          k.at(kRegisters, kO) += 2 * (products - 1);
                        }
                      });
                      k.at(kArray, kO) += elements - 1;
                    }
                  }
                }
              }
            });
          });
        });
      });
    });
  });
  k.at(kDram, kO) = p.words(kO);
  return k;
}

AccessCounts walk(const std::string& name, const LayerProblem& p, Sizes x) {
  if (name == "ws") return walk_weight_stationary(p, x);
  if (name == "os_soc_mop") {
    return walk_output_stationary(p, x["m"], x["n"], x["e"], x["f"], 1);
  }
  if (name == "os_moc_mop") return walk_output_stationary(p, x["m"], x["n"], 1, x["f"], x["p"]);
  if (name == "os_moc_sop") return walk_output_stationary(p, x["m"], x["n"], 1, 1, x["p"]);
  if (name == "nlr") return walk_no_reuse(p, x);
  return walk_row_stationary(p, x);
}

// Whether the forms are exact for these tiles: they divide the output's pixels, and groups of
// filters side by side do not straddle those in the buffer.
bool is_exact(const std::string& name, const LayerProblem& p, Sizes x) {
  for (const auto& [tile, size] : {std::pair{"e", p.ofmap_rows}, {"f", p.ofmap_columns}}) {
    if (x.count(tile) != 0 && size % x[tile] != 0) return false;
  }
  // Windows that leave gaps are taken as a whole.
  if (p.span_rows < p.stride_rows || p.span_columns < p.stride_columns) return false;
  if (x.count("m") == 0 || x["m"] == p.filters) return true;
  // Weights that stream past the buffer, and psums on the array, are per filter and need no more.
  const uint64_t side_by_side = name == "rs_reuse" ? x["p"] * x["t"] : x.count("p") ? x["p"] : 1;
  return x["m"] % side_by_side == 0 && (name != "rs_reuse" || x["m"] % x["p"] == 0);
}

TEST(ClosedFormWalk, CountsAreThoseOfTheLoopsExecuted) {
  std::mt19937_64 generator(3);
  const auto draw = [&](uint64_t least, uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(least, most)(generator);
  };
  std::map<std::string, int> compared;
  for (int round = 0; round < 400; ++round) {
    LayerProblem problem = square_conv(draw(1, 3), draw(1, 5), draw(1, 6), 1, 1, 1);
    problem.ofmap_rows = draw(1, 6);
    problem.ofmap_columns = draw(1, 6);
    problem.filter_rows = problem.span_rows = draw(1, 3);
    problem.filter_columns = problem.span_columns = draw(1, 3);
    problem.stride_rows = problem.stride_columns = draw(1, 2);
    const Accelerator accelerator =
        test_accelerator(draw(1, 4), draw(2, 8), static_cast<double>(draw(60, 500)),
                         static_cast<double>(draw(12, 60)));
    for (const auto& dataflow : dataflows()) {
      const std::string name(dataflow->name());
      if (name == "rs") continue;
      const MappingResult result =
          dataflow->map(problem, accelerator, word_prices(accelerator, AcceleratorUnit::kMacs),
                        MappingObjective::kEnergy);
      const auto* mapped = std::get_if<MappedLayer>(&result);
      if (mapped == nullptr) continue;
      Sizes tiles;
      for (const MappingParameter& tile : mapped->mapping.parameters) {
        tiles[tile.name] = tile.value;
      }
      if (!is_exact(name, problem, tiles)) continue;
      ++compared[name];
      const AccessCounts walked = walk(name, problem, tiles);
      for (size_t level = 0; level < kStorageLevels; ++level) {
        for (size_t kind = 0; kind < kDataKinds; ++kind) {
          ASSERT_EQ(
              mapped->counts.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind)),
              walked.at(static_cast<StorageLevel>(level), static_cast<DataKind>(kind)))
              << name << " " << to_string(problem) << " " << kStorageLevelNames[level] << " "
              << kDataKindNames[kind];
        }
      }
    }
  }
  EXPECT_EQ(compared.size(), 6u);
  for (const auto& [name, times] : compared) EXPECT_GT(times, 20) << name;
}

}  // namespace
}  // namespace wattgrind
