// Simulates the caches of a machine one reference at a time. This is the textbook model: whoever
// wants to know what a faster way of counting must come to reads it here.
//
// A reference is looked up level by level until one holds the line. On the way back every level
// above that is not a victim level is filled, the lowest first, and evicts into the level below:
//   - a victim level takes in every line the level above evicts, is not filled on misses, and gives
//     up a line it hits (whose dirty state moves up with it);
//   - an inclusive level takes the line it evicts out of the levels above;
//   - any other evicted line is dropped, or, if dirty, written back to the next level that holds
//     it, else to DRAM. A write-back allocates nowhere and is not a use, so what a non-inclusive
//     level holds does not depend on writes.
// A reference that straddles lines looks them up one after the other. There is no prefetching, and
// lines still dirty at the end are not written back.
#pragma once

#include <cstdint>
#include <memory>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

struct Reference {
  uint64_t address = 0;
  uint32_t bytes = 0;
  uint32_t buffer = 0;
  bool is_write = false;
};

class ReferenceModel {
 public:
  virtual ~ReferenceModel() = default;

  // Counts go to `traffic`, whose buffers are those of `owners`, until the next call. Both must
  // outlive the accesses in between.
  void count_into(ProgramTraffic& traffic, const LineOwners& owners) {
    traffic_ = &traffic;
    owners_ = &owners;
  }
  virtual void access(const Reference& reference) = 0;

 protected:
  // The traffic of the buffer the line belongs to in the current program.
  BufferTraffic& owner(uint64_t line) const {
    const size_t buffer = owners_->owner(line);
    return buffer < traffic_->buffers.size() ? traffic_->buffers[buffer] : traffic_->elsewhere;
  }
  BufferTraffic& requester(const Reference& reference) const {
    return traffic_->buffers[reference.buffer];
  }

 private:
  ProgramTraffic* traffic_ = nullptr;
  const LineOwners* owners_ = nullptr;
};

// The model that config.model names, its caches empty. The config must be valid.
std::unique_ptr<ReferenceModel> make_reference_model(const HierarchyConfig& config);

}  // namespace wattgrind
