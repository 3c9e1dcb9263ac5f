// A cache of values by key that threads share and that holds the newest `capacity` values.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace wattgrind {

template <typename Value>
class BoundedCache {
 public:
  explicit BoundedCache(size_t capacity) : capacity_(capacity) {}

  std::optional<Value> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

  // Where the key is there already, its value stays, since two threads may have worked out the
  // same.
  void insert(const std::string& key, const Value& value) {
    const std::lock_guard lock(mutex_);
    if (!values_.emplace(key, value).second) return;
    keys_.push_back(key);
    if (keys_.size() <= capacity_) return;
    values_.erase(keys_.front());
    keys_.pop_front();
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
  std::deque<std::string> keys_;  // from the oldest to the newest
};

}  // namespace wattgrind
