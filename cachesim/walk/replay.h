// Counting::kReplayed: iterations of an outer loop that are proved to repeat earlier ones, up to a
// shift of every buffer's lines, are replayed instead of walked.
//
// If each buffer moves by a whole number of lines a period of iterations, and all by whole rounds
// of the first level's sets, then the references of one period are those of the period before with
// every line shifted within its buffer, and each set is referenced by the shifted lines. If
// moreover each set of the first level
//   - holds after one period exactly what it held after the period before, shifted (same recency,
//     same dirty lines), or
//   - missed nothing in the period, and was referenced only by lines that stay where they are:
//     what else it holds, maybe for long, is never referenced,
// then its misses in the next period are those of the last, shifted; and so on to the end of the
// loop. This is Morelli and Reineke's warping (PLDI 2022) for one level, set by set: the misses are
// fed to the levels below, which are simulated in full, so nothing about them needs to repeat.
//
// Where a level below is inclusive, it may take a line out of the first one, which ends the
// repetition. While a period is replayed the first level is therefore kept up to date as to what it
// holds; when a line is taken out, the period is walked from its beginning, without passing on what
// has been, and from there on as if nothing had been replayed.
//
// The proof is by comparing states, so it holds whatever the caches held before. It needs buffers
// that share no line, one stride a buffer, and a first level that is handed no dirty lines
// (LruHierarchy::can_replay).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

class Replay {
 public:
  // Loops of fewer references a period are left alone: comparing states costs about as much as
  // walking some thousand references.
  static constexpr uint64_t kFewestReferences = 1u << 11;

  Replay(LruHierarchy& caches, uint32_t line_bytes, uint64_t fewest_references)
      : caches_(caches), line_bytes_(line_bytes), fewest_references_(fewest_references) {}

  // For the program to be walked next; both must outlive its walk.
  void start_program(const FlatProgram& program, const LineOwners& owners);

  // Runs the loop if it might repeat, and says so; `walk_iterations(n)` walks its next n
  // iterations, `skip_iterations(n)` only moves the addresses on.
  bool run(const FlatLoop& loop, const std::function<void(uint64_t)>& walk_iterations,
           const std::function<void(uint64_t)>& skip_iterations);

  uint64_t replayed_references() const { return replayed_references_; }

 private:
  // How a loop moves its buffers.
  struct Period {
    uint64_t iterations = 0;
    std::vector<int64_t> shifts;  // lines, by buffer; the last is of lines elsewhere: 0
  };
  // After a period.
  struct Snapshot {
    std::vector<LruEntry> entries;
    uint64_t straddling = 0;
    uint64_t invalidations = 0;
    std::vector<uint8_t> stays;  // by set: 1 where what it holds is not shifted in periods to come
  };

  // A loop that did not repeat is left alone for a while, the longer the more often it did not.
  struct Attempts {
    uint32_t failed = 0;   // since it last repeated
    uint32_t to_omit = 0;  // runs of the loop to come
  };

  std::optional<Period> period_of(const FlatLoop& loop) const;
  Snapshot take_snapshot();
  LruEntry shifted(LruEntry entry, const Period& period, int64_t periods) const;
  bool repeats(const Snapshot& before, Snapshot& now, const Period& period, UseTime begin) const;
  bool set_stays(std::span<const LruEntry> before, std::span<const LruEntry> now,
                 const Period& period, uint32_t used) const;
  uint64_t periods_inside(const Snapshot& now, const Period& period, uint64_t wanted) const;
  uint64_t replay(const Snapshot& now, const Period& period, uint64_t periods);
  bool replay_next_period(const Period& period, uint64_t& misses);
  bool replay_one_by_one(std::span<FirstLevelMiss> log, const Period& period, uint64_t& misses);
  std::vector<LruEntry> shifted(const Snapshot& now, const Period& period, uint64_t periods) const;

  LruHierarchy& caches_;
  uint32_t line_bytes_;
  uint64_t fewest_references_;
  const FlatProgram* program_ = nullptr;
  const LineOwners* owners_ = nullptr;
  size_t buffers_ = 0;
  uint64_t replayed_references_ = 0;
  std::vector<Attempts> attempts_;  // by loop
  bool is_running_ = false;         // loops inside one that is being recorded are walked
};

}  // namespace wattgrind
