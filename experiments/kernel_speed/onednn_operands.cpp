#include "experiments/kernel_speed/onednn_operands.h"

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using dnnl::memory;

int64_t elements(const memory::dims& dims) {
  int64_t product = 1;
  for (const int64_t size : dims) product *= size;
  return product;
}

memory::dims map_dims(const FeatureShape& shape, int64_t batch) {
  return {batch, shape.channels, shape.height, shape.width};
}

// The same bytes as a map whose channels lie side by side.
memory as_map(const memory& seen, const FeatureShape& shape, int64_t batch) {
  const memory::desc layout(map_dims(shape, batch), memory::data_type::f32,
                            memory::format_tag::nhwc);
  CHECK(layout.get_size() == seen.get_desc().get_size(), "{} bytes, wanted {}",
        seen.get_desc().get_size(), layout.get_size());
  return {layout, seen.get_engine(), seen.get_data_handle()};
}

void reorder(const memory& from, const memory& to) {
  dnnl::stream stream(to.get_engine());
  memory source = from, destination = to;
  dnnl::reorder(source, destination).execute(stream, source, destination);
  stream.wait();
}

void fill(const memory& chosen, const memory::dims& dims, OperandSeed seed) {
  std::vector<float> values = random_values(elements(dims), seed);
  reorder(memory(plain_layout(dims), chosen.get_engine(), values.data()), chosen);
}

}  // namespace

memory::desc plain_layout(const memory::dims& dims) {
  constexpr memory::format_tag kTags[] = {memory::format_tag::a, memory::format_tag::ab,
                                          memory::format_tag::abc, memory::format_tag::abcd,
                                          memory::format_tag::abcde};
  return {dims, memory::data_type::f32, kTags[dims.size() - 1]};
}

memory filled(const dnnl::engine& engine, const memory::dims& dims, const memory::desc& layout,
              OperandSeed seed) {
  memory chosen(layout, engine);
  fill(chosen, dims, seed);
  return chosen;
}

std::vector<float> values_of(const memory& chosen, const memory::dims& dims) {
  std::vector<float> values(static_cast<size_t>(elements(dims)));
  reorder(chosen, memory(plain_layout(dims), chosen.get_engine(), values.data()));
  return values;
}

memory filled_map(const dnnl::engine& engine, const FeatureShape& shape, int64_t batch,
                  const memory::desc& layout, OperandSeed seed) {
  memory seen(layout, engine);
  fill(as_map(seen, shape, batch), map_dims(shape, batch), seed);
  return seen;
}

std::vector<float> map_values_of(const memory& seen, const FeatureShape& shape, int64_t batch) {
  return values_of(as_map(seen, shape, batch), map_dims(shape, batch));
}

LayerTensors tensors_of(const TimedLayer& timed) {
  const FeatureShape& in = timed.layer.input_shape();
  const FeatureShape& out = timed.layer.output_shape;
  if (const auto* dense = std::get_if<Dense>(&timed.layer.operation)) {
    return {{timed.batch, in.elements()},
            {dense->units, in.elements()},
            {dense->units},
            {timed.batch, dense->units}};
  }
  const auto& conv = std::get<Conv2d>(timed.layer.operation);
  dnnl::memory::dims weights = {conv.filters, in.channels, conv.window.kernel_height,
                                conv.window.kernel_width};
  if (conv.groups > 1) {
    weights = {conv.groups, conv.filters / conv.groups, in.channels / conv.groups,
               conv.window.kernel_height, conv.window.kernel_width};
  }
  return {{timed.batch, in.channels, in.height, in.width},
          weights,
          {conv.filters},
          {timed.batch, out.channels, out.height, out.width}};
}

}  // namespace wattgrind
