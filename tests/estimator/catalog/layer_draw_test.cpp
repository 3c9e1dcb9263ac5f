#include "estimator/catalog/layer_draw.h"

#include <gmock/gmock.h>

#include <set>

#include "estimator/catalog/layer_source.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const DrawnKind& kind_named(const std::vector<DrawnKind>& kinds, std::string_view name) {
  for (const DrawnKind& kind : kinds) {
    if (kind.kind == name) return kind;
  }
  ADD_FAILURE() << name;
  return kinds.front();
}

TEST(LayerDraw, EveryKindDrawsLayersWithinItsWork) {
  for (const DrawnKind& kind : default_draws()) {
    Random random(7);
    std::set<std::string> seen;
    for (int i = 0; i < 20; ++i) {
      const DrawnLayer drawn = draw_layer(kind, random);
      seen.insert(drawn.workload);
      const auto load = find_layer(drawn.workload);
      ASSERT_TRUE(load) << drawn.workload;
      ASSERT_THAT(load->network.layers, SizeIs(1));
      EXPECT_LE(drawn.batch, kind.size("batch").most);
      if (load->network.macs() == 0) continue;
      const auto work = static_cast<int64_t>(load->network.macs()) * drawn.batch;
      EXPECT_GE(2 * work, kind.size("work").least) << drawn.workload;
      EXPECT_LE(work, kind.size("work").most) << drawn.workload;
    }
    EXPECT_GT(seen.size(), 10u) << kind.kind;
  }
}

TEST(LayerDraw, TheSeedDecides) {
  const std::vector<DrawnKind> kinds = default_draws();
  Random one(5), two(5), three(6);
  const DrawnLayer first = draw_layer(kinds[0], one);
  EXPECT_EQ(draw_layer(kinds[0], two).workload, first.workload);
  EXPECT_NE(draw_layer(kinds[0], three).workload, first.workload);
}

TEST(LayerDraw, RangesAndChoicesAreKept) {
  std::vector<DrawnKind> kinds = default_draws();
  change_draw(kinds, "conv2d.kernel=5");
  change_draw(kinds, "conv2d.filters=8..16");
  change_draw(kinds, "conv2d.batch=2,4");
  Random random(1);
  std::set<int64_t> batches;
  for (int i = 0; i < 40; ++i) {
    const DrawnLayer drawn = draw_layer(kind_named(kinds, "conv2d"), random);
    batches.insert(drawn.batch);
    EXPECT_THAT(drawn.workload, HasSubstr("kernel=5,"));
    const auto& conv = std::get<Conv2d>(find_layer(drawn.workload)->network.layers[0].operation);
    EXPECT_GE(conv.filters + conv.groups - 1, 8);  // cut to whole groups
    EXPECT_LE(conv.filters, 16);
  }
  EXPECT_EQ(batches, (std::set<int64_t>{2, 4}));
}

TEST(LayerDraw, WhatCannotBeDrawnIsSaid) {
  const auto error = [](const std::string& text) {
    return error_text(
        [&] {
          std::vector<DrawnKind> kinds = default_draws();
          change_draw(kinds, text);
          Random random(1);
          draw_layer(kind_named(kinds, "dense"), random);
        },
        ErrorKind::kUsage);
  };
  EXPECT_THAT(error("dense.units"), HasSubstr("wanted KIND.SIZE=VALUES"));
  EXPECT_THAT(error("danse.units=1"), HasSubstr("no kind 'danse'"));
  EXPECT_THAT(error("dense.unit=1"), HasSubstr("dense has no 'unit'"));
  EXPECT_THAT(error("dense.units=9..1"), HasSubstr("the range is empty"));
  EXPECT_THAT(error("dense.units=1,x"), HasSubstr("found 'x'"));
  EXPECT_THAT(error("dense.units=0"), HasSubstr("at least 1"));
  EXPECT_THAT(error("dense.work=1"), HasSubstr("dense.work says: widen one of them"));
}

}  // namespace
}  // namespace wattgrind
