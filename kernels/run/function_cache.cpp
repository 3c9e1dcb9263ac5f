#include "kernels/run/function_cache.h"

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace wattgrind {
namespace {

// Everything that decides a nest's code, as bytes. Names of nests, buffers and loops do not.
class Content {
 public:
  Content(const LoopNest& nest, const CodegenOptions& options) {
    add(options.isa);
    add(options.fuse_multiply_add);
    add(options.byte_dots);
    add(nest.isa);
    add(nest.loop_count);
    add(nest.buffers.size());
    add(nest.register_lanes.size());
    for (const int lanes : nest.register_lanes) add(lanes);
    add(nest.body);
  }

  std::string bytes() && { return std::move(bytes_); }

 private:
  template <typename Value>
  void add(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(const std::vector<Statement>& body) {
    add(body.size());
    for (const Statement& statement : body) {
      add(statement.node.index());
      std::visit([this](const auto& node) { add(node); }, statement.node);
    }
  }
  void add(const Loop& loop) {
    add(loop.id);
    add(loop.trips);
    add(loop.body);
  }
  void add(const Instruction& instruction) {
    add(instruction.opcode);
    add(instruction.lanes);
    add(instruction.dst);
    for (const Register source : instruction.src) add(source);
    add(instruction.immediate);
    add(instruction.table.count);
    add(instruction.table.row_bytes);
    add(instruction.address.buffer);
    add(instruction.address.offset_bytes);
    add(instruction.address.strides.size());
    for (const Stride& stride : instruction.address.strides) {
      add(stride.loop);
      add(stride.bytes);
    }
  }

  std::string bytes_;
};

class FunctionCache {
 public:
  // Returns the function of a content, or a null one where none is kept.
  CompiledFunction find(const std::string& content) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(content);
    if (at == entries_.end()) return {};
    recent_.splice(recent_.begin(), recent_, at->second.place);
    return at->second.compiled;
  }

  void keep(const std::string& content, CompiledFunction compiled, size_t code_bytes) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = entries_.try_emplace(content);
    if (!is_new) return;  // another thread compiled it meanwhile
    recent_.push_front(&at->first);
    at->second = {std::move(compiled), code_bytes, recent_.begin()};
    code_bytes_ += code_bytes;
    while (code_bytes_ > kKeptCodeBytes && recent_.size() > 1) {
      const auto oldest = entries_.find(*recent_.back());
      code_bytes_ -= oldest->second.code_bytes;
      recent_.pop_back();
      entries_.erase(oldest);
    }
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    recent_.clear();
    code_bytes_ = 0;
  }

 private:
  using Recent = std::list<const std::string*>;  // keys of entries_, the last used first
  struct Entry {
    CompiledFunction compiled;
    size_t code_bytes = 0;
    Recent::iterator place;
  };

  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  Recent recent_;
  size_t code_bytes_ = 0;
};

FunctionCache& function_cache() {
  static FunctionCache cache;
  return cache;
}

}  // namespace

std::vector<CompiledFunction> compiled_functions(std::span<const LoopNest* const> nests,
                                                 const CodegenOptions& options) {
  std::unordered_map<std::string, CompiledFunction> found;
  std::vector<std::string> contents, missing_contents;
  std::vector<const LoopNest*> missing;
  for (const LoopNest* nest : nests) {
    contents.push_back(Content(*nest, options).bytes());
    if (found.contains(contents.back())) continue;
    CompiledFunction& kept = found[contents.back()];
    kept = function_cache().find(contents.back());
    if (kept.function != nullptr) continue;
    missing.push_back(nest);
    missing_contents.push_back(contents.back());
  }
  if (!missing.empty()) {
    const auto kernels = std::make_shared<NativeKernels>(missing, options);
    for (size_t i = 0; i < missing.size(); ++i) {
      CompiledFunction& compiled = found[missing_contents[i]];
      compiled = {kernels->function(i), kernels};
      function_cache().keep(missing_contents[i], compiled, kernels->code_bytes() / missing.size());
    }
  }
  std::vector<CompiledFunction> result;
  for (const std::string& content : contents) result.push_back(found.at(content));
  return result;
}

void forget_compiled_functions() { function_cache().clear(); }

}  // namespace wattgrind
