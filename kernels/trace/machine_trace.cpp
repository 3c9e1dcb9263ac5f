#include "kernels/trace/machine_trace.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/run/executable_memory.h"
#include "kernels/trace/trace_entry.h"

namespace wattgrind {
namespace {

enum class MappedAt { kAnywhere, kBelow2GiB };

class MappedMemory {
 public:
  // The memory is zeroed. Its pages are taken from the system when they are touched.
  explicit MappedMemory(uint64_t bytes, MappedAt place = MappedAt::kAnywhere)
      : bytes_(std::max<uint64_t>(1, bytes)),
        begin_(place == MappedAt::kAnywhere ? map(nullptr, 0) : map_below_2_gib()) {
    if (begin_ == MAP_FAILED) {
      fail(ErrorKind::kFailed, "no memory for a trace: {} bytes{}: {}", bytes_,
           place == MappedAt::kAnywhere ? "" : " below 2 GiB", std::strerror(errno));
    }
  }
  ~MappedMemory() { munmap(begin_, bytes_); }
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  void* begin() const { return begin_; }
  uint64_t address() const { return reinterpret_cast<uint64_t>(begin_); }
  uint64_t size() const { return bytes_; }

 private:
  void* map(void* wanted, int flags) const {
    return mmap(wanted, bytes_, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  }

  // At the first multiple of 1 MiB where nothing is, above what static executables and Linux keep
  // to themselves. A system that does not know MAP_FIXED_NOREPLACE takes the place for a wish.
  void* map_below_2_gib() const {
    constexpr uint64_t kFirst = uint64_t{1} << 28, kStep = uint64_t{1} << 20;
    for (uint64_t address = kFirst; address + bytes_ <= INT32_MAX; address += kStep) {
      void* const wanted = reinterpret_cast<void*>(address);
      void* const begin = map(wanted, MAP_FIXED_NOREPLACE);
      if (begin == wanted) return begin;
      if (begin != MAP_FAILED) munmap(begin, bytes_);
    }
    return MAP_FAILED;
  }

  const uint64_t bytes_;
  void* const begin_;
};

// Memory that lies at `here` while it is traced and at `there` in the executable.
struct Region {
  uint64_t here = 0, there = 0, bytes = 0;

  bool holds(uint64_t address) const { return address - here < bytes; }
  uint64_t moved(uint64_t address) const { return address - here + there; }
};

std::vector<KernelCall> rebased(std::vector<KernelCall> calls, uint64_t arena_address) {
  for (KernelCall& call : calls) {
    for (uint64_t& address : call.buffer_addresses) address += arena_address - kArenaAddress;
  }
  return calls;
}

}  // namespace

class MachineTrace::Run {
 public:
  explicit Run(const TraceSpec& spec)
      : arena_(spec.arena_bytes),
        stack_(kStackBytes),
        frame_memory_(sizeof(TraceFrame), MappedAt::kBelow2GiB),
        frame_(new (frame_memory_.begin()) TraceFrame),
        arena_region_{arena_.address(), kArenaAddress, arena_.size()},
        stack_region_{stack_.address(), kStackAddress, kStackBytes} {
    TracedChain chain = generate_traced_chain(rebased(spec.calls, arena_.address()), spec.options,
                                              frame_memory_.address());
    const MachineCode entry =
        assemble_trace_entry({.isa = spec.options.isa,
                              .frame = frame_,
                              .stack_pointer = stack_.address() + kStackPointerOffset,
                              .drain = &Run::drain,
                              .context = this});
    place(std::move(chain.code), entry);
    records_.resize(std::max(spec.buffer_records, chain.most_records + 1));
    frame_->limit = records_.data() + (records_.size() - chain.most_records);
  }

  void run(const TraceConsumer& consumer) {
    consumer_ = &consumer;
    call_ = 0;
    frame_->next = records_.data();
    enter_(chain_address_);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    hand_over();
  }

  std::span<uint8_t> arena() const {
    return {static_cast<uint8_t*>(arena_.begin()), static_cast<size_t>(arena_.size())};
  }

 private:
  void place(MachineCode chain, const MachineCode& entry) {
    code_ = std::make_unique<ExecutableMemory>(chain.text.size() + entry.text.size());
    chain_address_ = reinterpret_cast<uint64_t>(code_->begin());
    const uint64_t entry_address = chain_address_ + chain.text.size();
    const auto address_of = [&](std::string_view name) {
      const auto at = std::ranges::find(entry.functions, name, &CodeSymbol::name);
      CHECK(at != entry.functions.end(), "no function {}", name);
      return entry_address + at->offset_bytes;
    };
    fill_addresses(chain, chain_address_, address_of(kTraceLeave));
    code_->write(0, chain.text);
    code_->write(chain.text.size(), entry.text);
    code_->make_executable();
    enter_ = reinterpret_cast<TraceEnter>(address_of(kTraceEnter));
    frame_->flush = address_of(kTraceFlush);
  }

  // The traced code calls this. No exception can pass through that code, so it is kept for run().
  static bool drain(void* context) {
    Run& self = *static_cast<Run*>(context);
    try {
      self.hand_over();
      return true;
    } catch (...) {
      self.failure_ = std::current_exception();
      return false;
    }
  }

  // Hands the records in the buffer to the consumer. The call that ran until now wrote them.
  void hand_over() {
    const auto count = static_cast<size_t>(frame_->next - records_.data());
    frame_->next = records_.data();
    const std::span<TraceRecord> written(records_.data(), count);
    for (TraceRecord& record : written) record.address = address_there(record.address);
    if (!written.empty()) (*consumer_)(call_, written);
    call_ = frame_->function;
  }

  uint64_t address_there(uint64_t address) const {
    if (arena_region_.holds(address)) return arena_region_.moved(address);
    CHECK(stack_region_.holds(address), "a kernel touches {:#x}, outside its arena and stack",
          address);
    return stack_region_.moved(address);
  }

  MappedMemory arena_, stack_, frame_memory_;
  TraceFrame* frame_;
  Region arena_region_, stack_region_;
  std::unique_ptr<ExecutableMemory> code_;
  uint64_t chain_address_ = 0;
  TraceEnter enter_ = nullptr;
  std::vector<TraceRecord> records_;
  const TraceConsumer* consumer_ = nullptr;
  size_t call_ = 0;
  std::exception_ptr failure_;
};

MachineTrace::MachineTrace(const TraceSpec& spec) : run_(std::make_unique<Run>(spec)) {}

MachineTrace::~MachineTrace() = default;

void MachineTrace::run(const TraceConsumer& consumer) { run_->run(consumer); }

std::span<uint8_t> MachineTrace::arena() const { return run_->arena(); }

}  // namespace wattgrind
