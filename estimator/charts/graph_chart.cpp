#include "estimator/charts/graph_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace wattgrind {
namespace {

constexpr double kNodeHeight = 22, kRankPitch = 38, kGraphTop = 14, kGraphMargin = 14;
constexpr double kLane = 6;        // between edges that go on in the next column
constexpr size_t kMostRanks = 34;  // of a column

// A node is as wide as its text wants, but narrow where many stand beside each other.
double node_width(const LayeredLayout& layout) {
  double low = 0, high = 0;
  for (const double x : layout.x) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
  return high - low < 3.5 ? 172 : high - low < 6 ? 148 : 124;
}

// The ranks at which columns begin. Near an even division, a column ends where the fewest edges go
// on.
std::vector<size_t> column_starts(const LayeredLayout& layout,
                                  const std::vector<GraphEdge>& edges) {
  const size_t columns = (layout.ranks + kMostRanks - 1) / kMostRanks;
  std::vector<size_t> crossing(layout.ranks + 1);  // edges from above a rank to it or below
  for (const GraphEdge& edge : edges) {
    for (size_t r = layout.rank[edge.from] + 1; r <= layout.rank[edge.to]; ++r) ++crossing[r];
  }
  std::vector<size_t> starts = {0};
  for (size_t i = 1; i < columns; ++i) {
    const size_t even = i * layout.ranks / columns;
    constexpr size_t kWindow = 5;
    size_t best = even;
    for (size_t r = even - kWindow; r <= even + kWindow; ++r) {
      if (r <= starts.back() || r >= layout.ranks) continue;
      const auto distance = [&](size_t at) { return at > even ? at - even : even - at; };
      if (crossing[r] < crossing[best] ||
          (crossing[r] == crossing[best] && distance(r) < distance(best))) {
        best = r;
      }
    }
    starts.push_back(best);
  }
  return starts;
}

// Places of ranks in columns, in pixels.
class FoldedRanks {
 public:
  FoldedRanks(const LayeredLayout& layout, const std::vector<GraphEdge>& edges)
      : width_(node_width(layout)), starts_(column_starts(layout, edges)) {
    const size_t columns = starts_.size();
    lows_.assign(columns, std::numeric_limits<double>::max());
    std::vector<double> highs(columns, std::numeric_limits<double>::lowest());
    const auto widen = [&](size_t rank, double x, double half) {
      const size_t c = column(rank);
      lows_[c] = std::min(lows_[c], x * width_ - half);
      highs[c] = std::max(highs[c], x * width_ + half);
    };
    for (size_t i = 0; i < layout.x.size(); ++i) widen(layout.rank[i], layout.x[i], width_ / 2);
    lanes_.assign(columns, 0);
    for (size_t e = 0; e < edges.size(); ++e) {
      const size_t first = layout.rank[edges[e].from];
      for (size_t i = 1; i + 1 < layout.paths[e].size(); ++i) {
        widen(first + i, layout.paths[e][i], 4);
      }
      for (size_t c = 1; c < columns; ++c) {
        if (first < starts_[c] && layout.rank[edges[e].to] >= starts_[c]) ++lanes_[c];
      }
    }
    double at = kGraphMargin;
    for (size_t c = 0; c < columns; ++c) {
      if (c > 0) at += 24 + kLane * static_cast<double>(lanes_[c]);
      lefts_.push_back(at);
      at += highs[c] - lows_[c];
      const size_t end = c + 1 < columns ? starts_[c + 1] : layout.ranks;
      tallest_ = std::max(tallest_, end - starts_[c]);
    }
    right_ = at + kGraphMargin;
    most_lanes_ = *std::max_element(lanes_.begin(), lanes_.end());
  }

  double node() const { return width_; }
  double width() const { return right_; }
  size_t columns() const { return starts_.size(); }
  size_t column(size_t rank) const {
    return static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), rank) -
                               starts_.begin()) -
           1;
  }
  size_t ranks_in(size_t column, size_t ranks) const {
    return (column + 1 < starts_.size() ? starts_[column + 1] : ranks) - starts_[column];
  }
  double x(size_t rank, double of) const {
    const size_t c = column(rank);
    return lefts_[c] + of * width_ - lows_[c];
  }
  double left(size_t column) const { return lefts_[column]; }
  double top() const { return kGraphTop + kLane * static_cast<double>(most_lanes_); }
  // Of the upper side of the rank's nodes.
  double y(size_t rank) const {
    return top() + kRankPitch * static_cast<double>(rank - starts_[column(rank)]);
  }
  double bottom() const { return top() + kRankPitch * static_cast<double>(tallest_); }
  double height() const { return bottom() + kLane * static_cast<double>(most_lanes_) + 8; }

 private:
  double width_;
  std::vector<size_t> starts_, lanes_;
  std::vector<double> lows_, lefts_;
  size_t tallest_ = 0, most_lanes_ = 0;
  double right_ = 0;
};

std::string draw_node(const GraphNode& node, double x, double y, double width) {
  std::string classes = node.shades.empty() ? "plain" : "node";
  std::string texts;
  double widest = 0;
  for (size_t m = 0; m < node.shades.size(); ++m) {
    const NodeShade& shade = node.shades[m];
    classes += fmt::format(" m{}-{}", m, shade.step);
    widest = std::max(widest, text_width(shade.text, 11));
    texts += svg_text(x + width / 2 - 6, y + 15, TextAnchor::kEnd, shade.text,
                      fmt::format("small m{}", m));
  }
  const std::string row = node.row < 0 ? "" : fmt::format(" data-row=\"{}\"", node.row);
  std::string svg = fmt::format("<g class=\"{}\"{}>{}", classes, row, svg_title(node.tip));
  svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" class=\"box\"/>",
                     pixels(x - width / 2), pixels(y), pixels(width), pixels(kNodeHeight));
  svg += svg_text(x - width / 2 + 6, y + 15, TextAnchor::kStart,
                  fitted_text(node.label, width - 18 - widest, 11, TextCut::kStart), "small");
  return svg + texts + "</g>\n";
}

// The way of an edge from one column to the next: below the column, up between the two, and above
// the next.
std::string way_to_next_column(const FoldedRanks& folded, double next_x, double next_y,
                               size_t column, size_t lane) {
  const double offset = kLane * static_cast<double>(lane);
  const double below = folded.bottom() - 8 + offset;
  const double between = folded.left(column) - 14 - offset;
  const double above = folded.top() - 9 - offset;
  return fmt::format("V{}H{}V{}H{}V{}", pixels(below), pixels(between), pixels(above),
                     pixels(next_x), pixels(next_y));
}

std::string draw_edge(const LayeredLayout& layout, const FoldedRanks& folded, const GraphEdge& edge,
                      const std::vector<double>& path, std::vector<size_t>& lanes) {
  size_t rank = layout.rank[edge.from];
  double x = folded.x(rank, path[0]);
  std::string d = fmt::format("M{} {}", pixels(x), pixels(folded.y(rank) + kNodeHeight));
  for (size_t i = 1; i < path.size(); ++i) {
    const double from_y = folded.y(rank) + kNodeHeight;
    ++rank;
    const double next_x = folded.x(rank, path[i]), next_y = folded.y(rank);
    const size_t column = folded.column(rank);
    if (column != folded.column(rank - 1)) {
      d += way_to_next_column(folded, next_x, next_y, column, lanes[column]++);
    } else if (std::abs(next_x - x) < 0.5) {
      d += fmt::format("V{}", pixels(next_y));
    } else {
      const double middle = (from_y + next_y) / 2;
      d += fmt::format("C{0} {1} {2} {1} {2} {3}", pixels(x), pixels(middle), pixels(next_x),
                       pixels(next_y));
    }
    if (i + 1 < path.size()) d += fmt::format("V{}", pixels(next_y + kNodeHeight));
    x = next_x;
  }
  return fmt::format("<path d=\"{}\" class=\"edge\"/>\n", d);
}

}  // namespace

std::optional<std::string> to_svg(const GraphChart& chart, SvgUse use) {
  constexpr size_t kMostNodes = 3000, kMostVertices = 30'000;
  if (chart.nodes.empty() || chart.nodes.size() > kMostNodes ||
      layout_size(chart.nodes.size(), chart.edges) > kMostVertices) {
    return std::nullopt;
  }
  const LayeredLayout layout = lay_out_graph(chart.nodes.size(), chart.edges);
  const FoldedRanks folded(layout, chart.edges);
  std::vector<size_t> lanes(folded.columns());
  std::string svg;
  for (size_t e = 0; e < chart.edges.size(); ++e) {
    svg += draw_edge(layout, folded, chart.edges[e], layout.paths[e], lanes);
  }
  for (size_t i = 0; i < chart.nodes.size(); ++i) {
    svg += draw_node(chart.nodes[i], folded.x(layout.rank[i], layout.x[i]),
                     folded.y(layout.rank[i]), folded.node());
  }
  return svg_document(folded.width(), folded.height(), chart.title, svg, use);
}

}  // namespace wattgrind
