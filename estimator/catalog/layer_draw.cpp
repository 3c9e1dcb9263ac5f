#include "estimator/catalog/layer_draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/catalog/layer_source.h"
#include "estimator/formats/key_values.h"

namespace wattgrind {
namespace {

// Ranges of sizes may not reach all of the work: then another one is drawn.
constexpr int kMostWorks = 100, kTriesOfAWork = 200;
// Of a map with its batch: its values take 16 MiB.
constexpr double kMostElements = 1 << 22;

int64_t drawn(const DrawnSize& size, Random& random) {
  if (!size.choices.empty()) return size.choices[random.below(size.choices.size())];
  // Half a step beyond both ends, so that the ends are as likely as their neighbours.
  const double low = static_cast<double>(size.least) - 0.5;
  const double high = static_cast<double>(size.most) + 0.5;
  const auto value = std::llround(low * std::pow(high / low, random.uniform()));
  return std::clamp<int64_t>(value, size.least, size.most);
}

DrawnKind with_window(std::string kind, std::vector<DrawnSize> more, int64_t most_channels,
                      int64_t most_work) {
  DrawnKind result{std::move(kind),
                   {{"batch", 1, 16},
                    {"channels", 1, most_channels},
                    {"size", 7, 224},
                    {"work", 10000, most_work}}};
  result.sizes.insert(result.sizes.end(), more.begin(), more.end());
  return result;
}

// A kind that has no sizes but its map's.
DrawnKind plain(std::string kind) {
  return {std::move(kind),
          {{"batch", 1, 16}, {"channels", 4, 1024}, {"size", 1, 112}, {"work", 1000, 3300000}}};
}

// What a candidate's sizes are: drawn one after the other, in this order, as arguments need not be.
class DrawnCandidate {
 public:
  DrawnCandidate(const DrawnKind& kind, Random& random) : kind_(kind), random_(random) {}

  // Its text, which may be no layer: a kernel larger than its map.
  std::string text() {
    if (kind_.kind == "dense") return dense();
    if (kind_.kind == "matmul") return product();
    if (kind_.kind == "rearrange") return rearrangement();
    if (kind_.kind == "embedding") return lookup();
    channels_ = value("channels");
    size_ = value("size");
    if (kind_.kind == "conv2d") return convolution(value("groups"));
    if (kind_.kind == "depthwise_conv2d") return convolution(channels_);
    if (kind_.kind == "maxpool2d" || kind_.kind == "avgpool2d") return pooling();
    if (kind_.kind == "channel_shuffle") {
      return fmt::format("channel_shuffle:groups={},input={}", value("groups"), map(channels_));
    }
    if (kind_.kind == "slice") {
      return fmt::format("slice:axis=channels,start=0,size={},input={}", (channels_ + 1) / 2,
                         map(channels_));
    }
    if (kind_.kind == "clip") return "clip:low=0,high=6,input=" + map(channels_);
    if (kind_.kind == "binary") {
      return fmt::format("binary:function=add,input={0},second={0}", map(channels_));
    }
    if (kind_.kind == "concat") {
      return fmt::format("concat:input={},second={}", map(channels_), map(value("channels")));
    }
    if (kind_.kind == "normalization") {
      return fmt::format("normalization:axes=channels,affine={}x1x1,input={}", channels_,
                         map(channels_));
    }
    return fmt::format("{}:input={}", kind_.kind, map(channels_));
  }

 private:
  int64_t value(std::string_view key) { return drawn(kind_.size(key), random_); }
  std::string map(int64_t channels) const { return fmt::format("{0}x{1}x{1}", channels, size_); }

  std::string dense() {
    const int64_t units = value("units"), inputs = value("inputs");
    return fmt::format("dense:units={},input={}x1x1", units, inputs);
  }

  std::string product() {
    const int64_t heads = value("heads"), rows = value("rows"), inner = value("inner");
    return fmt::format("matmul:transpose_b=true,input={0}x{1}x{2},second={0}x{1}x{3}", inner, heads,
                       rows, value("columns"));
  }

  // As attention has them: channels cut into heads, or heads joined to channels.
  std::string rearrangement() {
    const int64_t heads = value("heads"), inner = value("inner"), rows = value("rows");
    if (random_.below(2) == 0) {
      return fmt::format(
          "rearrange:channels={1}*channels,height={0}*channels*{1},width={2}*width,input={3}x1x{2}",
          heads, inner, rows, heads * inner);
    }
    return fmt::format(
        "rearrange:channels={0}*height+{1}*channels,width={2}*width,input={1}x{0}x{2}", heads,
        inner, rows);
  }

  std::string lookup() {
    const int64_t rows = value("rows"), features = value("features");
    return fmt::format("embedding:rows={},features={},input=1x1x{}", rows, features,
                       value("tokens"));
  }

  // Channels and filters are cut to whole groups.
  std::string convolution(int64_t groups) {
    const auto whole = [&](int64_t count) { return std::max(groups, count / groups * groups); };
    const bool is_depthwise = kind_.kind == "depthwise_conv2d";
    const int64_t filters = is_depthwise ? channels_ : whole(value("filters"));
    const int64_t kernel = value("kernel"), stride = value("stride");
    return fmt::format("conv:filters={}{},kernel={},stride={}{},input={}", filters,
                       groups > 1 ? fmt::format(",groups={}", groups) : "", kernel, stride,
                       random_.below(2) == 0 ? ",padding=same" : "", map(whole(channels_)));
  }

  std::string pooling() {
    const int64_t kernel = value("kernel"), stride = value("stride");
    return fmt::format("{}:kernel={},stride={},input={}", kind_.kind, kernel, stride,
                       map(channels_));
  }

  const DrawnKind& kind_;
  Random& random_;
  int64_t channels_ = 1, size_ = 1;
};

// Absent where the candidate is no layer, or its maps are too large.
std::optional<double> work_of(const std::string& text, int64_t batch) {
  try {
    const std::optional<LayerLoad> load = find_layer(text);
    CHECK(load, "{} is no layer", text);
    const Layer& layer = load->network.layers.front();
    double read = 0;
    for (const FeatureShape& input : layer.input_shapes) {
      read += static_cast<double>(batch) * static_cast<double>(input.elements());
    }
    const double written =
        static_cast<double>(batch) * static_cast<double>(layer.output_shape.elements());
    if (read > kMostElements || written > kMostElements) return std::nullopt;
    return layer.macs > 0 ? static_cast<double>(batch) * static_cast<double>(layer.macs) : read;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

const DrawnSize& DrawnKind::size(std::string_view key) const {
  const auto found =
      std::find_if(sizes.begin(), sizes.end(), [&](const DrawnSize& s) { return s.key == key; });
  CHECK(found != sizes.end(), "{} has no {}", kind, key);
  return *found;
}

std::vector<DrawnKind> default_draws() {
  const DrawnSize strides{"stride", 1, 1, {1, 1, 2}};
  std::vector<DrawnKind> kinds = {
      with_window("conv2d",
                  {{"filters", 4, 512},
                   {"kernel", 1, 1, {1, 1, 3, 3, 5, 7}},
                   {"groups", 1, 1, {1, 1, 1, 1, 1, 2, 3, 4}},
                   strides},
                  512, 1000000000),
      with_window("depthwise_conv2d", {{"kernel", 1, 1, {3, 3, 5}}, strides}, 1024, 100000000),
      {"dense",
       {{"batch", 1, 16}, {"inputs", 16, 32768}, {"units", 10, 8192}, {"work", 1000, 110000000}}}};
  const DrawnSize pool_strides{"stride", 1, 1, {1, 2, 2}};
  for (const char* kind : {"maxpool2d", "avgpool2d"}) {
    kinds.push_back(plain(kind));
    std::vector<DrawnSize>& sizes = kinds.back().sizes;
    sizes.push_back({"kernel", 1, 1, {2, 3}});
    sizes.push_back(pool_strides);
  }
  kinds.push_back({"matmul",
                   {{"batch", 1, 4},
                    {"heads", 1, 12},
                    {"rows", 16, 512},
                    {"inner", 16, 512},
                    {"columns", 16, 512},
                    {"work", 10000, 300000000}}});
  kinds.push_back({"rearrange",
                   {{"batch", 1, 4},
                    {"heads", 1, 12},
                    {"rows", 16, 512},
                    {"inner", 16, 128},
                    {"work", 1000, 400000}}});
  kinds.push_back({"embedding",
                   {{"batch", 1, 8},
                    {"rows", 2, 32768},
                    {"features", 16, 512},
                    {"tokens", 1, 512},
                    {"work", 4, 4096}}});
  kinds.push_back(
      {"softmax",
       {{"batch", 1, 16}, {"channels", 10, 4096}, {"size", 1, 14}, {"work", 100, 1000000}}});
  for (const char* kind : {"globalavgpool2d", "relu", "clip", "tanh", "gelu", "batch_norm", "lrn",
                           "normalization", "binary", "concat"}) {
    kinds.push_back(plain(kind));
  }
  change_draw(kinds, "lrn.channels=32..512");
  kinds.push_back(plain("channel_shuffle"));
  kinds.back().sizes.push_back({"groups", 2, 8});
  kinds.push_back(plain("slice"));
  return kinds;
}

void change_draw(std::vector<DrawnKind>& kinds, const std::string& text) {
  const size_t dot = text.find('.'), equals = text.find('=');
  if (dot == std::string::npos || equals == std::string::npos || dot > equals) {
    fail(ErrorKind::kUsage, "{}: wanted KIND.SIZE=VALUES, as in conv2d.kernel=1,3,5", text);
  }
  const std::string kind_name = text.substr(0, dot);
  const std::string key = text.substr(dot + 1, equals - dot - 1);
  std::vector<std::string_view> known;
  for (const DrawnKind& kind : kinds) known.push_back(kind.kind);
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const DrawnKind& k) { return k.kind == kind_name; });
  if (kind == kinds.end()) {
    fail(ErrorKind::kUsage, "{}: no kind '{}'; {}", text, kind_name, suggest(kind_name, known));
  }
  known.clear();
  for (const DrawnSize& size : kind->sizes) known.push_back(size.key);
  const auto size = std::find_if(kind->sizes.begin(), kind->sizes.end(),
                                 [&](const DrawnSize& s) { return s.key == key; });
  if (size == kind->sizes.end()) {
    fail(ErrorKind::kUsage, "{}: {} has no '{}'; {}", text, kind_name, key, suggest(key, known));
  }
  const auto whole = [&](std::string_view part) {
    const std::optional<int64_t> number = parse_integer(part);
    if (!number || *number < 1) {
      fail(ErrorKind::kUsage, "{}: found '{}', wanted a whole number of at least 1", text, part);
    }
    return *number;
  };
  const std::string_view values = std::string_view(text).substr(equals + 1);
  if (const size_t dots = values.find(".."); dots != std::string_view::npos) {
    *size = {key, whole(values.substr(0, dots)), whole(values.substr(dots + 2)), {}};
    if (size->most < size->least) fail(ErrorKind::kUsage, "{}: the range is empty", text);
    return;
  }
  *size = {key, 1, 1, {}};
  for (const std::string_view part : split(values, ',')) size->choices.push_back(whole(part));
}

DrawnLayer draw_layer(const DrawnKind& kind, Random& random) {
  for (int i = 0; i < kMostWorks; ++i) {
    const auto wanted = static_cast<double>(drawn(kind.size("work"), random));
    for (int j = 0; j < kTriesOfAWork; ++j) {
      DrawnLayer layer;
      layer.batch = drawn(kind.size("batch"), random);
      layer.workload = DrawnCandidate(kind, random).text();
      const std::optional<double> work = work_of(layer.workload, layer.batch);
      if (work && *work > wanted / 2 && *work <= wanted) return layer;
    }
  }
  fail(ErrorKind::kUsage,
       "{0}: in {1} tries its ranges gave no layer of as much work as {0}.work says: widen one of "
       "them",
       kind.kind, kMostWorks * kTriesOfAWork);
}

}  // namespace wattgrind
