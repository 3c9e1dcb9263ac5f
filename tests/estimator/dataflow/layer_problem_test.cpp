#include "estimator/dataflow/layer_problem.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "estimator/dataflow/dataflow_task.h"
#include "estimator/dataflow/mit_file.h"
#include "estimator/network/network_file.h"
#include "tests/estimator/dataflow/oracle_layers.h"

namespace wattgrind {
namespace {

struct TransposedLayer {
  int64_t inputs = 1, kernel = 1, stride = 1, dilation = 1, padding = 0, output_padding = 0;
};

Network transposed_network(const TransposedLayer& layer) {
  return read_network(
      fmt::format(R"({{"schema": "wattgrind/network/1", "name": "up", "input": [6, {0}, {0}],
        "layers": [{{"kind": "conv_transpose2d", "name": "up1", "filters": 4, "groups": 2,
                     "kernel": [{1}, {1}], "stride": [{2}, {2}], "dilation": [{3}, {3}],
                     "padding": [{4}, {4}], "output_padding": [{5}, {5}]}}]}})",
                  layer.inputs, layer.kernel, layer.stride, layer.dilation, layer.padding,
                  layer.output_padding),
      "up.json");
}

// Along one axis: which taps of the kernel fall on each output, input by input.
TEST(LayerProblem, TransposedConvolutionsAreTheirPhases) {
  std::mt19937_64 generator(31);
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(generator);
  };
  for (int round = 0; round < 200; ++round) {
    TransposedLayer up{draw(6, 9), draw(1, 5), draw(1, 3), draw(1, 2), 0, 0};
    up.padding = draw(0, (up.kernel - 1) * up.dilation / 2);
    up.output_padding = draw(0, up.stride - 1);
    const Network network = transposed_network(up);
    const LayerProblem problem = layer_problem(network.layers[0], 3).value();
    const int64_t outputs = network.layers[0].output_shape.height;
    std::map<int64_t, std::set<int64_t>> taps;  // by an output's place within the stride
    std::map<int64_t, uint64_t> places;
    for (int64_t output = 0; output < outputs; ++output) {
      ++places[output % up.stride];
      for (int64_t tap = 0; tap < up.kernel; ++tap) {
        if ((output + up.padding - tap * up.dilation) % up.stride == 0) {
          taps[output % up.stride].insert(tap);
        }
      }
    }
    uint64_t most_taps = 0, most_span = 0, most_outputs = 0;
    for (const auto& [place, of] : taps) {
      const int64_t distance = (*of.rbegin() - *of.begin()) * up.dilation / up.stride;
      most_taps = std::max<uint64_t>(most_taps, of.size());
      most_span = std::max(most_span, static_cast<uint64_t>(distance) + 1);
      most_outputs = std::max(most_outputs, places[place]);
    }
    const std::string where = to_string(problem) + " round " + std::to_string(round);
    EXPECT_EQ(problem.filters, 2 * taps.size() * taps.size()) << where;
    EXPECT_EQ(problem.filter_rows, most_taps) << where;
    EXPECT_EQ(problem.span_columns, most_span) << where;
    EXPECT_LE(most_outputs, problem.ofmap_rows) << where;
    EXPECT_LE(problem.ofmap_rows, most_outputs + 1) << where;
    EXPECT_EQ(problem.groups, 2u) << where;
    EXPECT_EQ(problem.channels, 3u) << where;
  }
}

// Where windows do not overlap, the multiply-accumulates are the layer's own.
TEST(LayerProblem, TransposedConvolutionsMultiplyNoZerosBetweenInputs) {
  const Network network = transposed_network({8, 2, 2, 1, 0, 0});
  const LayerProblem problem = layer_problem(network.layers[0], 1).value();
  EXPECT_EQ(problem.macs(), network.layers[0].macs);
  EXPECT_EQ(problem.words(DataKind::kPsum),
            static_cast<uint64_t>(network.layers[0].output_shape.elements()));
  EXPECT_EQ(problem.words(DataKind::kWeights), 6u * 2 * 2 * 2);
}

// A file of MIT's tool is refused where its sizes do not fit each other.
TEST(LayerProblem, TransposedConvolutionsGoThroughMitFiles) {
  for (const TransposedLayer& up :
       {TransposedLayer{8, 4, 2, 1, 1, 0}, {7, 3, 2, 1, 1, 1}, {6, 2, 2, 1, 1, 0}}) {
    const DataflowTasks tasks = tasks_of(transposed_network(up), 1);
    const Accelerator accelerator = test_accelerator(4, 4, 1000, 100);
    const DataflowTasks read = read_mit_file(write_mit_file(tasks, accelerator), "up.mit.csv");
    EXPECT_EQ(read.layers.at(0).problem, tasks.layers.at(0).problem);
  }
}

}  // namespace
}  // namespace wattgrind
