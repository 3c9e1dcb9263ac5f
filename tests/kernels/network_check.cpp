#include "tests/kernels/network_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/program/engine_plan.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/network_run.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

using Images = std::vector<float>;

// Sums of n products of values in [-1, 1], rounded once each: errors grow like sqrt(n).
double tolerance(const Layer& layer) {
  const double products =
      1.0 + static_cast<double>(layer.macs) / static_cast<double>(layer.output_shape.elements());
  return 4e-6 * std::sqrt(products) + 4e-6;
}

void expect_near(const Images& found, const Images& wanted, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], tolerance * (1 + std::abs(wanted[i])))
        << what << ", value " << i;
  }
}

// A network's values, computed layer by layer.
struct ReferenceRun {
  std::vector<ReferenceParameters> parameters;
  std::vector<Images> inputs, outputs;
  double bound = 0;  // of the relative error of the last layers

  ReferenceRun(const Network& network, int64_t batch) {
    for (const NetworkInput& input : network.inputs) {
      inputs.push_back(random_values(static_cast<size_t>(batch * input.shape.elements()),
                                     1000 * inputs.size() + 1));
    }
    for (const Layer& layer : network.layers) {
      parameters.push_back(random_parameters(layer, 10 * parameters.size() + 2));
      std::vector<Images> read;
      for (const int source : layer.inputs) {
        read.push_back(is_network_input(source) ? inputs[input_number(source)]
                                                : outputs[static_cast<size_t>(source)]);
      }
      outputs.push_back(reference_layer(layer, batch, read, parameters.back()));
      bound += tolerance(layer);
    }
  }
};

// Holds the outputs of a planned inference to the reference's, of whose layers `outputs` are. What
// shares memory holds no numbers before.
void check_inference(const PlannedInference& planned, const Target& target, int64_t batch,
                     const std::vector<ReferenceParameters>& parameters,
                     const std::vector<int>& outputs, const ReferenceRun& wanted,
                     const std::string& where) {
  const Network& network = planned.network;
  const Program& program = planned.program;
  NetworkMemory memory(program);
  if (planned.memory.bytes > 0) memory.poison();
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    memory.write_map(program.inputs[i], batch, wanted.inputs[i]);
  }
  write_parameters(network, program, parameters, memory);
  run_natively(program, target.fuse, memory);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto own = static_cast<size_t>(network.outputs[i]);
    const std::string name = where + ", " + network.layers[own].name;
    expect_near(memory.read_map(program.outputs[own], batch),
                wanted.outputs[static_cast<size_t>(outputs[i])], wanted.bound, name);
    if (planned.memory.bytes > 0) continue;  // others may have lain between the images
    EXPECT_TRUE(memory.surroundings_are_zero(program.outputs[own], batch)) << name;
  }
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    EXPECT_EQ(memory.read_map(program.inputs[i], batch), wanted.inputs[i])
        << where << ": input overwritten";
  }
}

std::vector<ReferenceParameters> parameters_of(const PlannedInference& planned,
                                               const ReferenceRun& reference) {
  std::vector<ReferenceParameters> result;
  for (size_t i = 0; i < planned.network.layers.size(); ++i) {
    std::vector<LayerParameters> parts;
    for (const int part : planned.parts[i]) {
      parts.push_back(reference.parameters[static_cast<size_t>(part)]);
    }
    result.push_back(fused_parameters(planned.network.layers[i], parts));
  }
  return result;
}

}  // namespace

void check_network(const Network& network, int64_t batch, const PlanRequest& plan,
                   const std::string& what, double slack) {
  ReferenceRun wanted(network, batch);
  wanted.bound *= slack;
  for (const Target& target : targets()) {
    const std::string where =
        fmt::format("{}, batch {}, {}{}, plan {}", what, batch, traits(target.isa).name,
                    target.fuse ? " fused" : "", name(plan.plan));
    const PlannedInference planned = plan_inference(network, plan, target.isa, batch);
    check_inference(planned, target, batch, parameters_of(planned, wanted), network.outputs, wanted,
                    where);
    if (testing::Test::HasFatalFailure()) return;
  }
}

void check_network(const Network& network, int64_t batch, const std::string& what) {
  for (const Plan plan : {Plan::kLayers, Plan::kFused}) check_network(network, batch, plan, what);
}

}  // namespace wattgrind
