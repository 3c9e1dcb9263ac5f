// Executables of a few tile products, for tests to run.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "estimator/system/atomic_file.h"
#include "estimator/system/process.h"
#include "kernels/executable/executable.h"
#include "kernels/program/program.h"
#include "tests/kernels/sample_nests.h"
#include "tests/places.h"

namespace wattgrind {

// Nests to call, each on its own part of the arena.
class CallList {
 public:
  explicit CallList(Isa isa) {
    spec_.isa = isa;
    spec_.arena_address = kArenaAddress;
  }

  void add(std::string symbol, LoopNest nest) {
    KernelCall call = {.symbol = std::move(symbol)};
    for (const Buffer& buffer : nest.buffers) {
      call.buffer_addresses.push_back(spec_.arena_address + spec_.arena_bytes);
      spec_.arena_bytes += (buffer.bytes + 63) / 64 * 64;
    }
    spec_.calls.push_back(std::move(call));
    nests_.push_back(std::move(nest));
    for (size_t i = 0; i < nests_.size(); ++i) spec_.calls[i].nest = &nests_[i];
  }

  ExecutableSpec& spec() { return spec_; }
  const std::vector<LoopNest>& nests() const { return nests_; }

 private:
  ExecutableSpec spec_;
  std::vector<LoopNest> nests_;
};

class ExecutableTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "executable.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const ExecutableSpec& spec) {
    const std::vector<uint8_t> bytes = make_executable(spec);
    const std::filesystem::path path = folder_ / "network";
    write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
               FileKind::kExecutable);
    return path;
  }

  // What runs it: under the emulator that runs this test, if one does.
  std::vector<std::string> command(const ExecutableSpec& spec) {
    std::vector<std::string> words = emulator();
    words.push_back(write(spec));
    return words;
  }

  int exit_status(const std::vector<std::string>& argv, std::vector<std::string> environment = {}) {
    environment.push_back(search_path());
    const ProcessResult result =
        processes_->run({.argv = argv, .environment = environment, .working_directory = folder_});
    const auto* exited = std::get_if<ProcessExited>(&result.end);
    if (exited == nullptr) ADD_FAILURE() << argv[0] << " did not exit: " << result.error;
    return exited == nullptr ? -1 : exited->status;
  }

  std::filesystem::path folder_;
  std::unique_ptr<ProcessRunner> processes_ = make_process_runner();
};

inline CallList tiles(Isa isa, int rows) {
  CallList calls(isa);
  calls.add("layer:conv1", tile_product(isa, rows, 2, 363));
  calls.add("fc 6", tile_product(isa, rows, 2, 64));
  calls.add("one", tile_product(isa, 1, 1, 1));
  calls.add("tempting", tempting_references(isa));
  return calls;
}

}  // namespace wattgrind
