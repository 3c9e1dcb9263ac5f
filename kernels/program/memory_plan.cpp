#include "kernels/program/memory_plan.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "estimator/base/random.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {
namespace {

// Up to so many buffers every order is tried: 5,040 of them.
constexpr size_t kFewBuffers = 7;
// About how many comparisons of two buffers the search among changed orders takes: some 20 ms.
constexpr size_t kComparisons = 10'000'000;
constexpr uint64_t kSeed = 1;

using Order = std::vector<size_t>;

class BufferPlacement {
 public:
  explicit BufferPlacement(std::span<const Lifetime> buffers) : buffers_(buffers) {
    for (size_t i = 0; i < buffers.size(); ++i) {
      std::vector<size_t>& together = together_.emplace_back();
      for (size_t j = 0; j < buffers.size(); ++j) {
        if (j != i && buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last) {
          together.push_back(j);
        }
      }
    }
  }

  // Places the buffers in this order and returns where each lies.
  std::pair<std::vector<uint64_t>, uint64_t> place(const Order& order) const {
    std::vector<std::optional<uint64_t>> offsets(buffers_.size());
    uint64_t end = 0;
    std::vector<std::pair<uint64_t, uint64_t>> taken;
    for (const size_t buffer : order) {
      taken.clear();
      for (const size_t other : together_[buffer]) {
        if (offsets[other]) taken.emplace_back(*offsets[other], *offsets[other] + size(other));
      }
      std::ranges::sort(taken);
      offsets[buffer] = tightest_gap(taken, size(buffer));
      end = std::max(end, *offsets[buffer] + size(buffer));
    }
    std::vector<uint64_t> result;
    for (const auto& offset : offsets) result.push_back(*offset);
    return {result, end};
  }

  uint64_t size(size_t buffer) const { return whole_lines(buffers_[buffer].bytes); }

  // How many pairs of buffers live together, each counted twice.
  size_t pairs() const {
    size_t sum = 0;
    for (const std::vector<size_t>& together : together_) sum += together.size();
    return sum;
  }

 private:
  static uint64_t tightest_gap(const std::vector<std::pair<uint64_t, uint64_t>>& taken,
                               uint64_t bytes) {
    std::optional<std::pair<uint64_t, uint64_t>> best;  // (size of the gap, its begin)
    uint64_t free_from = 0;
    for (const auto& [begin, end] : taken) {
      if (begin >= free_from + bytes && (!best || begin - free_from < best->first)) {
        best = {begin - free_from, free_from};
      }
      free_from = std::max(free_from, end);
    }
    return best ? best->second : free_from;
  }

  const std::span<const Lifetime> buffers_;
  std::vector<std::vector<size_t>> together_;  // by buffer, those that live when it does
};

uint64_t most_alive(std::span<const Lifetime> buffers) {
  // Something is born when the most is alive.
  uint64_t most = 0;
  for (const Lifetime& at : buffers) {
    uint64_t alive = 0;
    for (const Lifetime& other : buffers) {
      if (other.first <= at.first && at.first <= other.last) alive += whole_lines(other.bytes);
    }
    most = std::max(most, alive);
  }
  return most;
}

class Search {
 public:
  explicit Search(std::span<const Lifetime> buffers) : placement_(buffers), buffers_(buffers) {
    plan_.lower_bound = most_alive(buffers);
    plan_.bytes = UINT64_MAX;
  }

  MemoryPlan run() && {
    Order order(buffers_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    best_ = order;
    attempt(order);
    attempt(sorted(order, [&](size_t i) { return placement_.size(i); }));
    attempt(sorted(order, [&](size_t i) { return buffers_[i].last - buffers_[i].first; }));
    attempt(sorted(order, [&](size_t i) {
      return placement_.size(i) * (1 + buffers_[i].last - buffers_[i].first);
    }));
    if (buffers_.size() <= kFewBuffers) {
      do {
        attempt(order);
      } while (!is_least() && std::next_permutation(order.begin(), order.end()));
    } else {
      change_orders();
    }
    return std::move(plan_);
  }

 private:
  bool is_least() const { return plan_.bytes == plan_.lower_bound; }

  template <typename Key>
  static Order sorted(Order order, const Key& key) {
    std::ranges::stable_sort(order, std::greater<>(), key);
    return order;
  }

  bool attempt(const Order& order) {
    if (is_least()) return false;
    auto [offsets, bytes] = placement_.place(order);
    if (bytes > plan_.bytes) return false;
    best_ = order;
    plan_.offsets = std::move(offsets);
    return std::exchange(plan_.bytes, bytes) > bytes;
  }

  void change_orders() {
    Random random(kSeed);
    const size_t count = buffers_.size();
    const size_t attempts = kComparisons / (count + placement_.pairs());
    for (size_t i = 0; i < attempts && !is_least(); ++i) {
      Order order = best_;
      // A buffer that found its place too late goes before another.
      const size_t from = random.below(count), to = random.below(from + 1);
      std::rotate(order.begin() + static_cast<std::ptrdiff_t>(to),
                  order.begin() + static_cast<std::ptrdiff_t>(from),
                  order.begin() + static_cast<std::ptrdiff_t>(from) + 1);
      attempt(order);
    }
  }

  const BufferPlacement placement_;
  const std::span<const Lifetime> buffers_;
  Order best_;
  MemoryPlan plan_;
};

}  // namespace

uint64_t whole_lines(uint64_t bytes) {
  constexpr auto kLine = static_cast<uint64_t>(kLineBytes);
  return (bytes + kLine - 1) / kLine * kLine;
}

MemoryPlan plan_memory(std::span<const Lifetime> buffers) {
  if (buffers.empty()) return {};
  return Search(buffers).run();
}

}  // namespace wattgrind
