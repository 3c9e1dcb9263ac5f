// The trials that a store has read, handed out without copying them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "search/space/trial.h"

namespace wattgrind {

// The first trials of a store, by number, as they were when it was taken. Any thread may read it.
class TrialSnapshot {
 public:
  TrialSnapshot() = default;
  TrialSnapshot(std::shared_ptr<const std::vector<Trial>> trials, size_t size)
      : trials_(std::move(trials)), size_(size) {}

  const Trial* begin() const { return trials_ ? trials_->data() : nullptr; }
  const Trial* end() const { return begin() + size_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<const std::vector<Trial>> trials_;
  size_t size_ = 0;
};

// One thread at a time.
class KnownTrials {
 public:
  std::span<const Trial> all() const { return *trials_; }
  size_t size() const { return trials_->size(); }
  const Trial& operator[](size_t number) const { return (*trials_)[number]; }

  TrialSnapshot first(size_t count) const { return {trials_, count}; }

  // To be changed: while somebody holds a snapshot, a copy takes their place. The reference is good
  // until the next call of a member.
  std::vector<Trial>& change();

 private:
  std::shared_ptr<std::vector<Trial>> trials_ = std::make_shared<std::vector<Trial>>();
};

}  // namespace wattgrind
