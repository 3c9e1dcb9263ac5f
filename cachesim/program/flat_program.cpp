#include "cachesim/program/flat_program.h"

#include <utility>

namespace wattgrind {
namespace {

class Flattener {
 public:
  Flattener(const AccessProgram& program, FlatProgram& flat) : program_(program), flat_(flat) {}

  // Returns the references of one run of the body.
  uint64_t flatten(const std::vector<AccessStep>& body, std::vector<FlatStep>& steps) {
    uint64_t references = 0;
    for (const AccessStep& step : body) {
      if (const Access* access = std::get_if<Access>(&step.node)) {
        const bool follows = !steps.empty() && !steps.back().is_loop;
        steps.push_back({false, add_access(*access, follows)});
        ++references;
      } else {
        const AccessLoop& loop = std::get<AccessLoop>(step.node);
        const uint32_t index = add_loop(loop);
        steps.push_back({true, index});
        references += flat_.loops[index].trips * flat_.loops[index].body_references;
      }
    }
    return references;
  }

 private:
  uint32_t add_access(const Access& access, bool follows) {
    const AccessBuffer& buffer = program_.buffers[access.buffer];
    flat_.accesses.push_back({buffer.address + static_cast<uint64_t>(access.offset_bytes),
                              access.bytes, access.buffer, access.is_write,
                              follows && access.strides == source_.back()->strides});
    source_.push_back(&access);
    return static_cast<uint32_t>(flat_.accesses.size() - 1);
  }

  uint32_t add_loop(const AccessLoop& loop) {
    const size_t index = flat_.loops.size();
    flat_.loops.emplace_back();
    FlatLoop flat;
    flat.trips = loop.trips;
    flat.first_access = static_cast<uint32_t>(flat_.accesses.size());
    flat.body_references = flatten(loop.body, flat.body);
    flat.is_innermost = flat_.loops.size() == index + 1;
    for (size_t i = flat.first_access; i < source_.size(); ++i) {
      int64_t bytes = 0;
      for (const AccessStride& stride : source_[i]->strides) {
        bytes += stride.loop == loop.id ? stride.bytes : 0;
      }
      flat.strides.push_back(bytes);
    }
    flat_.loops[index] = std::move(flat);
    return static_cast<uint32_t>(index);
  }

  const AccessProgram& program_;
  FlatProgram& flat_;
  std::vector<const Access*> source_;  // by flat access
};

}  // namespace

FlatProgram::FlatProgram(const AccessProgram& program) {
  Flattener(program, *this).flatten(program.body, body);
}

Addresses::Addresses(const FlatProgram& program) {
  for (const FlatAccess& access : program.accesses) {
    addresses_.push_back(access.address);
  }
}

}  // namespace wattgrind
