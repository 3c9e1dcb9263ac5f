// A layer's operands as oneDNN's memory objects: random values in, results out.
//
// Values are [image][channel][row][column] on this side, whatever layout a primitive chose. A
// primitive may also see a map as other dimensions than its own, for example as a matrix of pixels
// by channels; the map's values then lie channels side by side.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "estimator/network/network.h"
#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

// The dimensions of a convolution's or dense layer's tensors.
struct LayerTensors {
  dnnl::memory::dims source, weights, bias, destination;
};
LayerTensors tensors_of(const TimedLayer& timed);

dnnl::memory::desc plain_layout(const dnnl::memory::dims& dims);

// Random values of a seed in the layout the primitive chose; what pads the layout stays zero.
dnnl::memory filled(const dnnl::engine& engine, const dnnl::memory::dims& dims,
                    const dnnl::memory::desc& layout, OperandSeed seed);
std::vector<float> values_of(const dnnl::memory& memory, const dnnl::memory::dims& dims);

// The same for a batch of maps that the primitive sees as `layout`, which holds as many values.
dnnl::memory filled_map(const dnnl::engine& engine, const FeatureShape& shape, int64_t batch,
                        const dnnl::memory::desc& layout, OperandSeed seed);
std::vector<float> map_values_of(const dnnl::memory& memory, const FeatureShape& shape,
                                 int64_t batch);

// The primitive with its arguments; output() reads DNNL_ARG_DST by `values`.
template <typename Values>
PreparedLayer prepared_primitive(const dnnl::engine& engine, const char* implementation,
                                 const dnnl::primitive& primitive,
                                 const std::unordered_map<int, dnnl::memory>& arguments,
                                 const Values& values) {
  return {implementation,
          [stream = dnnl::stream(engine), primitive, arguments]() mutable {
            primitive.execute(stream, arguments);
            stream.wait();
          },
          [destination = arguments.at(DNNL_ARG_DST), values] { return values(destination); }};
}

}  // namespace wattgrind
