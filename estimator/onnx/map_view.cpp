#include "estimator/onnx/map_view.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "estimator/network/map_axes.h"

namespace wattgrind {
namespace {

int64_t extent_of(const ViewAxis& factors) {
  int64_t extent = 1;
  for (const AxisFactor& factor : factors) extent *= factor.extent;
  return extent;
}

// Joins neighbours that step evenly, and drops factors of one value.
ViewAxis joined(const ViewAxis& factors) {
  ViewAxis result;
  for (const AxisFactor& factor : factors) {
    if (factor.extent == 1 && !factor.is_batch) continue;
    if (!result.empty() && !factor.is_batch) {
      AxisFactor& before = result.back();
      if (!before.is_batch && before.axis == factor.axis &&
          before.step == factor.step * factor.extent) {
        before.extent *= factor.extent;
        before.step = factor.step;
        continue;
      }
    }
    result.push_back(factor);
  }
  return result;
}

const std::vector<size_t>& group(const MapForm& form, MapAxis axis) {
  return axis == MapAxis::kChannels ? form.channels
         : axis == MapAxis::kHeight ? form.height
                                    : form.width;
}
std::vector<size_t>& group(MapForm& form, MapAxis axis) {
  return const_cast<std::vector<size_t>&>(group(std::as_const(form), axis));
}

}  // namespace

int64_t product(std::span<const int64_t> extents) {
  int64_t result = 1;
  for (const int64_t extent : extents) result *= extent;
  return result;
}

int64_t MapView::extent(size_t axis) const { return extent_of(axes.at(axis)); }

int64_t MapView::map_extent(size_t axis) const {
  int64_t extent = 1;
  for (const AxisFactor& factor : axes.at(axis)) {
    if (!factor.is_batch) extent *= factor.extent;
  }
  return extent;
}

std::vector<int64_t> MapView::map_dims() const {
  std::vector<int64_t> result;
  for (size_t i = 0; i < axes.size(); ++i) result.push_back(map_extent(i));
  return result;
}

std::vector<int64_t> MapView::dims() const {
  std::vector<int64_t> result;
  for (const ViewAxis& axis : axes) result.push_back(extent_of(axis));
  return result;
}

bool MapView::has_batch(size_t axis) const {
  return std::ranges::any_of(axes.at(axis), &AxisFactor::is_batch);
}

bool MapView::is_batch(size_t axis) const {
  return axes.at(axis).size() == 1 && axes[axis].front().is_batch;
}

std::optional<size_t> MapView::batch_axis() const {
  for (size_t i = 0; i < axes.size(); ++i) {
    if (has_batch(i)) return i;
  }
  return std::nullopt;
}

bool MapView::is_whole() const {
  int64_t values = 1;
  for (const ViewAxis& axis : axes) {
    for (const AxisFactor& factor : axis) {
      if (factor.is_batch) continue;
      if (factor.step <= 0) return false;
      values *= factor.extent;
    }
  }
  return values == shape.elements() && first == std::array<int64_t, 3>{0, 0, 0};
}

std::optional<MapForm> MapView::natural_form() const {
  MapForm form;
  for (size_t i = 0; i < axes.size(); ++i) {
    std::optional<MapAxis> where;
    for (const AxisFactor& factor : axes[i]) {
      if (factor.is_batch) continue;
      if (where && *where != factor.axis) return std::nullopt;
      where = factor.axis;
    }
    if (where) group(form, *where).push_back(i);
  }
  if (!has_form(form)) return std::nullopt;
  return form;
}

MapForm MapView::tokens_form() const {
  std::vector<size_t> kept;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!is_batch(i)) kept.push_back(i);
  }
  MapForm form;
  if (!kept.empty()) {
    form.channels = {kept.back()};
    kept.pop_back();
  }
  if (!kept.empty()) {
    form.width = {kept.back()};
    kept.pop_back();
  }
  form.height = kept;
  return form;
}

MapForm MapView::separating_form(const std::vector<size_t>& set) const {
  const auto in_set = [&](size_t axis) { return std::ranges::find(set, axis) != set.end(); };
  const auto is_separate = [&](const std::vector<size_t>& members) {
    std::vector<size_t> wide;  // axes of more than one value
    std::ranges::copy_if(members, std::back_inserter(wide),
                         [&](size_t axis) { return map_extent(axis) > 1; });
    return std::ranges::all_of(wide, in_set) || std::ranges::none_of(wide, in_set);
  };
  const auto separates = [&](const MapForm& form) {
    return is_separate(form.channels) && is_separate(form.height) && is_separate(form.width);
  };
  if (const auto natural = natural_form(); natural && separates(*natural)) return *natural;
  if (const MapForm tokens = tokens_form(); separates(tokens)) return tokens;
  MapForm form;
  for (size_t i = 0; i < axes.size(); ++i) (in_set(i) ? form.channels : form.width).push_back(i);
  return form;
}

bool MapView::has_form(const MapForm& form) const {
  if (first != std::array<int64_t, 3>{0, 0, 0}) return false;
  return std::ranges::all_of(kMapAxes, [&](MapAxis axis) {
    const int64_t extent = wattgrind::extent(shape, axis);
    const ViewAxis wanted = extent == 1 ? ViewAxis{} : ViewAxis{{extent, false, axis, 1}};
    return group_factors(*this, group(form, axis)) == wanted;
  });
}

ViewAxis group_factors(const MapView& view, std::span<const size_t> axes) {
  ViewAxis factors;
  for (const size_t axis : axes) {
    std::ranges::copy_if(view.axes.at(axis), std::back_inserter(factors),
                         [](const AxisFactor& factor) { return !factor.is_batch; });
  }
  return joined(factors);
}

FeatureShape form_shape(const MapView& view, const MapForm& form) {
  return {extent_of(group_factors(view, form.channels)),
          extent_of(group_factors(view, form.height)), extent_of(group_factors(view, form.width))};
}

MapView in_form(const MapView& view, const MapForm& form, std::string source) {
  MapView result{std::move(source), form_shape(view, form), {0, 0, 0}, view.axes};
  for (const MapAxis axis : kMapAxes) {
    const std::vector<size_t>& members = group(form, axis);
    int64_t step = 1;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      ViewAxis& factors = result.axes.at(*member);
      for (auto factor = factors.rbegin(); factor != factors.rend(); ++factor) {
        if (factor->is_batch) continue;
        *factor = {factor->extent, false, axis, step};
        step *= factor->extent;
      }
      factors = joined(factors);
    }
  }
  return result;
}

std::optional<MapView> reshaped(const MapView& view, std::span<const int64_t> dims) {
  ViewAxis left;
  for (const ViewAxis& axis : view.axes) left.insert(left.end(), axis.begin(), axis.end());
  left = joined(left);
  std::ranges::reverse(left);  // to be taken from the end
  MapView result{view.source, view.shape, view.first, {}};
  for (const int64_t extent : dims) {
    ViewAxis factors;
    int64_t missing = extent;
    while (!left.empty()) {
      AxisFactor& factor = left.back();
      if (missing % factor.extent == 0 && (missing > 1 || factor.is_batch)) {
        missing /= factor.extent;
        factors.push_back(factor);
        left.pop_back();
        continue;
      }
      if (missing == 1) break;
      if (factor.is_batch || factor.extent % missing != 0) return std::nullopt;
      factor.extent /= missing;
      factors.push_back({missing, false, factor.axis, factor.step * factor.extent});
      missing = 1;
    }
    if (missing != 1) return std::nullopt;
    result.axes.push_back(joined(factors));
  }
  // What is left may be the batch of one image, behind all others.
  for (; !left.empty(); left.pop_back()) {
    if (!left.back().is_batch || left.back().extent != 1 || dims.empty()) return std::nullopt;
    result.axes.back().push_back(left.back());
  }
  return result;
}

MapView transposed(const MapView& view, std::span<const size_t> order) {
  MapView result{view.source, view.shape, view.first, {}};
  for (const size_t axis : order) result.axes.push_back(view.axes.at(axis));
  return result;
}

std::optional<MapView> sliced(const MapView& view, size_t axis, int64_t start, int64_t size,
                              int64_t step) {
  MapView result = view;
  ViewAxis& factors = result.axes.at(axis);
  if (start == 0 && step == 1 && size == view.extent(axis)) return result;
  if (factors.size() > 1) return std::nullopt;
  if (factors.empty()) return result;  // one value: whatever is taken of it is itself
  AxisFactor& factor = factors.front();
  if (factor.is_batch) return std::nullopt;
  result.first[static_cast<size_t>(factor.axis)] += start * factor.step;
  factor = {size, false, factor.axis, factor.step * step};
  factors = joined(factors);
  return result;
}

MapView expanded(const MapView& view, std::span<const int64_t> dims) {
  MapView result = view;
  while (result.axes.size() < dims.size()) result.axes.insert(result.axes.begin(), ViewAxis{});
  for (size_t i = 0; i < dims.size(); ++i) {
    if (result.extent(i) != 1 || dims[i] == 1) continue;
    result.axes[i].push_back({dims[i], false, MapAxis::kWidth, 0});
  }
  return result;
}

}  // namespace wattgrind
