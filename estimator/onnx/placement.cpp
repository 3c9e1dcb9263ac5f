#include "estimator/onnx/placement.h"

#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Calls visit(place) for each value of the tensor in its order; `place` is the index of the value
// among images one behind the other.
template <typename Visit>
void for_each_place(const MapView& view, int64_t batch, const Visit& visit) {
  const FeatureShape& shape = view.shape;
  const auto step_of = [&](const AxisFactor& factor) {
    if (factor.is_batch) return shape.elements();
    switch (factor.axis) {
      case MapAxis::kChannels:
        return factor.step * shape.height * shape.width;
      case MapAxis::kHeight:
        return factor.step * shape.width;
      case MapAxis::kWidth:
        return factor.step;
    }
    CHECK(false, "axis {}", static_cast<int>(factor.axis));
  };
  std::vector<int64_t> extents, steps;
  for (const ViewAxis& axis : view.axes) {
    for (const AxisFactor& factor : axis) {
      extents.push_back(factor.is_batch ? batch : factor.extent);
      steps.push_back(step_of(factor));
    }
  }
  std::vector<int64_t> index(extents.size(), 0);
  int64_t place = (view.first[0] * shape.height + view.first[1]) * shape.width + view.first[2];
  for (int64_t i = 0, total = product(extents); i < total; ++i) {
    visit(static_cast<size_t>(place));
    for (size_t axis = extents.size(); axis-- > 0;) {
      place += steps[axis];
      if (++index[axis] < extents[axis]) break;
      place -= steps[axis] * extents[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

std::vector<int64_t> dims_for_batch(const MapView& view, int64_t batch) {
  std::vector<int64_t> dims = view.map_dims();
  if (const auto axis = view.batch_axis()) dims[*axis] *= batch;
  return dims;
}

std::vector<float> to_images(const MapView& view, int64_t batch, std::span<const float> tensor) {
  const auto image = static_cast<size_t>(view.shape.elements());
  std::vector<float> images(static_cast<size_t>(batch) * image);
  const bool has_batch = view.batch_axis().has_value();
  size_t next = 0;
  for_each_place(view, batch, [&](size_t place) { images.at(place) = tensor[next++]; });
  for (size_t n = 1; !has_batch && n < static_cast<size_t>(batch); ++n) {
    for (size_t i = 0; i < image; ++i) images[n * image + i] = images[i];
  }
  return images;
}

std::vector<float> to_tensor(const MapView& view, int64_t batch, std::span<const float> images) {
  std::vector<float> tensor;
  for_each_place(view, batch, [&](size_t place) { tensor.push_back(images[place]); });
  return tensor;
}

MapView framework_view(std::string source, const FeatureShape& shape) {
  MapView view{std::move(source), shape, {0, 0, 0}, {{{1, true, MapAxis::kChannels, 1}}}};
  const auto add = [&](MapAxis axis, int64_t extent) {
    view.axes.push_back(extent > 1 ? ViewAxis{{extent, false, axis, 1}} : ViewAxis{});
  };
  add(MapAxis::kChannels, shape.channels);
  if (!shape.is_vector()) {
    add(MapAxis::kHeight, shape.height);
    add(MapAxis::kWidth, shape.width);
  }
  return view;
}

}  // namespace wattgrind
