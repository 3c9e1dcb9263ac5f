#include "cachesim/program/access_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Int128 = __int128;

std::string address_text(const AccessProgram& program, const Access& access) {
  std::string text = program.buffers[access.buffer].name + "[";
  for (const AccessStride& stride : access.strides) {
    text += fmt::format("{}*i{} + ", stride.bytes, stride.loop);
  }
  return text + fmt::format("{}]", access.offset_bytes);
}

void append_text(const AccessProgram& program, const std::vector<AccessStep>& body, int depth,
                 std::string& text) {
  for (const AccessStep& step : body) {
    text.append(2 * static_cast<size_t>(depth), ' ');
    if (const Access* access = std::get_if<Access>(&step.node)) {
      text += fmt::format("{}{} {}\n", access->is_write ? "write" : "read", access->bytes,
                          address_text(program, *access));
    } else {
      const AccessLoop& loop = std::get<AccessLoop>(step.node);
      text += fmt::format("for i{} in {}  # {}\n", loop.id, loop.trips, loop.name);
      append_text(program, loop.body, depth + 1, text);
    }
  }
}

class Validator {
 public:
  explicit Validator(const AccessProgram& program)
      : program_(program), trips_(program.loop_count, 0) {}

  void check_buffers() const {
    std::vector<const AccessBuffer*> sorted;
    for (const AccessBuffer& buffer : program_.buffers) {
      if (buffer.address > std::numeric_limits<uint64_t>::max() - buffer.bytes) {
        fail(ErrorKind::kInput, "{}: buffer {}: {} bytes at {:#x} end past the address space",
             program_.name, buffer.name, buffer.bytes, buffer.address);
      }
      sorted.push_back(&buffer);
    }
    std::ranges::sort(sorted, {}, &AccessBuffer::address);
    for (size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i - 1]->address + sorted[i - 1]->bytes > sorted[i]->address) {
        fail(ErrorKind::kInput, "{}: buffers {} and {} overlap at {:#x}", program_.name,
             sorted[i - 1]->name, sorted[i]->name, sorted[i]->address);
      }
    }
  }

  // The body runs `repeats` times in all.
  void check_body(const std::vector<AccessStep>& body, uint64_t repeats) {
    for (const AccessStep& step : body) {
      if (const Access* access = std::get_if<Access>(&step.node)) {
        check_access(*access, repeats);
      } else {
        check_loop(std::get<AccessLoop>(step.node), repeats);
      }
    }
  }

 private:
  void check_loop(const AccessLoop& loop, uint64_t repeats) {
    if (loop.id >= program_.loop_count || trips_[loop.id] != 0) {
      fail(ErrorKind::kInput, "{}: loop {} ({}): its number is not its own below {}", program_.name,
           loop.id, loop.name, program_.loop_count);
    }
    if (loop.trips == 0) {
      fail(ErrorKind::kInput, "{}: loop {} ({}): found 0 trips, wanted at least 1", program_.name,
           loop.id, loop.name);
    }
    uint64_t inner = 0;
    if (__builtin_mul_overflow(repeats, loop.trips, &inner)) {
      fail(ErrorKind::kInput, "{}: loop {} ({}): more than 2^64 iterations", program_.name, loop.id,
           loop.name);
    }
    trips_[loop.id] = loop.trips;
    check_body(loop.body, inner);
    trips_[loop.id] = 0;
  }

  void check_access(const Access& access, uint64_t repeats) {
    if (access.buffer >= program_.buffers.size()) {
      fail(ErrorKind::kInput, "{}: a reference names buffer {}, there are {}", program_.name,
           access.buffer, program_.buffers.size());
    }
    const AccessBuffer& buffer = program_.buffers[access.buffer];
    Int128 low = access.offset_bytes;
    Int128 high = low + access.bytes;
    for (const AccessStride& stride : access.strides) {
      if (stride.loop >= trips_.size() || trips_[stride.loop] == 0) {
        fail(ErrorKind::kInput, "{}: {}: loop {} does not enclose this reference", program_.name,
             address_text(program_, access), stride.loop);
      }
      const Int128 span = Int128{stride.bytes} * (trips_[stride.loop] - 1);
      (span < 0 ? low : high) += span;
    }
    if (access.bytes == 0 || low < 0 || high > Int128{buffer.bytes}) {
      fail(ErrorKind::kInput, "{}: {}: the reference leaves buffer {} of {} bytes", program_.name,
           address_text(program_, access), buffer.name, buffer.bytes);
    }
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(repeats, uint64_t{access.bytes}, &bytes) ||
        __builtin_add_overflow(bytes_, bytes, &bytes_)) {
      fail(ErrorKind::kInput, "{}: more than 2^64 bytes are referenced", program_.name);
    }
  }

  const AccessProgram& program_;
  std::vector<uint64_t> trips_;  // by loop; 0 where it is not around the current step
  uint64_t bytes_ = 0;
};

void count_body(const std::vector<AccessStep>& body, uint64_t repeats,
                std::vector<ReferenceCounts>& by_buffer) {
  for (const AccessStep& step : body) {
    if (const Access* access = std::get_if<Access>(&step.node)) {
      ReferenceCounts& counts = by_buffer[access->buffer];
      (access->is_write ? counts.writes : counts.reads) += repeats;
      (access->is_write ? counts.written_bytes : counts.read_bytes) += repeats * access->bytes;
    } else {
      const AccessLoop& loop = std::get<AccessLoop>(step.node);
      count_body(loop.body, repeats * loop.trips, by_buffer);
    }
  }
}

}  // namespace

std::string to_text(const AccessProgram& program) {
  std::string text = "program " + program.name + "\n";
  for (const AccessBuffer& buffer : program.buffers) {
    text += fmt::format("  {} {} {} bytes at {:#x}\n", name(buffer.role), buffer.name, buffer.bytes,
                        buffer.address);
  }
  append_text(program, program.body, 1, text);
  return text;
}

void validate(const AccessProgram& program) {
  Validator validator(program);
  validator.check_buffers();
  validator.check_body(program.body, 1);
}

std::vector<ReferenceCounts> count_references_by_buffer(const AccessProgram& program) {
  std::vector<ReferenceCounts> by_buffer(program.buffers.size());
  count_body(program.body, 1, by_buffer);
  return by_buffer;
}

ReferenceCounts count_references(const AccessProgram& program) {
  ReferenceCounts total;
  for (const ReferenceCounts& counts : count_references_by_buffer(program)) {
    total.reads += counts.reads;
    total.writes += counts.writes;
    total.read_bytes += counts.read_bytes;
    total.written_bytes += counts.written_bytes;
  }
  return total;
}

}  // namespace wattgrind
