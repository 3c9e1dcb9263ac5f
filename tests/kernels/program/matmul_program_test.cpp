#include "kernels/program/matmul_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "estimator/base/error.h"
#include "kernels/program/program.h"

namespace wattgrind {
namespace {

// Buffer, byte offset, is it a write.
using Touch = std::tuple<uint32_t, int64_t, bool>;

void walk(const std::vector<AccessStep>& body, std::vector<uint64_t>& iteration,
          std::vector<Touch>& touches) {
  for (const AccessStep& step : body) {
    if (const auto* loop = std::get_if<AccessLoop>(&step.node)) {
      for (iteration[loop->id] = 0; iteration[loop->id] < loop->trips; ++iteration[loop->id]) {
        walk(loop->body, iteration, touches);
      }
      continue;
    }
    const Access& access = std::get<Access>(step.node);
    int64_t offset = access.offset_bytes;
    for (const AccessStride& stride : access.strides) {
      offset += stride.bytes * static_cast<int64_t>(iteration[stride.loop]);
    }
    touches.emplace_back(access.buffer, offset, access.is_write);
  }
}

std::vector<Touch> touches_of(const AccessProgram& program) {
  std::vector<uint64_t> iteration(program.loop_count);
  std::vector<Touch> touches;
  walk(program.body, iteration, touches);
  return touches;
}

// The loops as anybody would write them.
class NaiveLoops {
 public:
  explicit NaiveLoops(const Matmul& matmul) : matmul_(matmul) {}

  std::vector<Touch> ijk() {
    for (uint64_t i = 0; i < matmul_.m; ++i) {
      for (uint64_t j = 0; j < matmul_.n; ++j) {
        for (uint64_t k = 0; k < matmul_.k; ++k) {
          a(i, k);
          b(k, j);
        }
        c(i, j, true);
      }
    }
    return touches_;
  }

  std::vector<Touch> blocked(uint64_t block) {
    for (uint64_t i = 0; i < matmul_.m; ++i) {
      for (uint64_t j = 0; j < matmul_.n; ++j) c(i, j, true);
    }
    for (uint64_t ii = 0; ii < matmul_.m; ii += block) {
      for (uint64_t kk = 0; kk < matmul_.k; kk += block) {
        for (uint64_t jj = 0; jj < matmul_.n; jj += block) block_at(ii, kk, jj, block);
      }
    }
    return touches_;
  }

 private:
  void block_at(uint64_t ii, uint64_t kk, uint64_t jj, uint64_t block) {
    for (uint64_t i = ii; i < std::min(ii + block, matmul_.m); ++i) {
      for (uint64_t k = kk; k < std::min(kk + block, matmul_.k); ++k) {
        a(i, k);
        for (uint64_t j = jj; j < std::min(jj + block, matmul_.n); ++j) {
          b(k, j);
          c(i, j, false);
          c(i, j, true);
        }
      }
    }
  }
  void touch(uint32_t buffer, uint64_t index, bool is_write) {
    touches_.emplace_back(buffer, static_cast<int64_t>(index * element_bytes(matmul_.type)),
                          is_write);
  }
  void a(uint64_t i, uint64_t k) { touch(0, i * matmul_.k + k, false); }
  void b(uint64_t k, uint64_t j) { touch(1, k * matmul_.n + j, false); }
  void c(uint64_t i, uint64_t j, bool is_write) { touch(2, i * matmul_.n + j, is_write); }

  Matmul matmul_;
  std::vector<Touch> touches_;
};

TEST(MatmulProgram, TouchesWhatThePlainLoopsDo) {
  for (const ElementType type : {ElementType::kFloat32, ElementType::kInt64}) {
    for (const uint64_t m : {1u, 3u}) {
      for (const uint64_t n : {1u, 5u}) {
        const Matmul ijk{m, 4, n, type, LoopOrder::kIjk};
        EXPECT_EQ(touches_of(matmul_program(ijk)), NaiveLoops(ijk).ijk());
        const Matmul ikj{m, 4, n, type, LoopOrder::kIkj};
        EXPECT_EQ(touches_of(matmul_program(ikj)), NaiveLoops(ikj).blocked(1000));
      }
    }
  }
}

TEST(MatmulProgram, BlocksLeaveNothingOut) {
  for (const uint64_t size : {1u, 63u, 64u, 65u}) {
    const Matmul blocked{size, 65, 66, ElementType::kFloat32, LoopOrder::kBlocked};
    const AccessProgram program = matmul_program(blocked);
    validate(program);
    EXPECT_EQ(touches_of(program), NaiveLoops(blocked).blocked(kMatmulBlock)) << size;
  }
}

TEST(MatmulProgram, TellsItsLoops) {
  EXPECT_EQ(to_text(matmul_program({2, 3, 4, ElementType::kInt64, LoopOrder::kIjk})),
            "program matmul\n"
            "  input input 48 bytes at 0x100000000\n"
            "  weights weights 96 bytes at 0x100001000\n"
            "  output output 64 bytes at 0x100002000\n"
            "  for i0 in 2  # i\n"
            "    for i1 in 4  # j\n"
            "      for i2 in 3  # k\n"
            "        read8 input[24*i0 + 8*i2 + 0]\n"
            "        read8 weights[8*i1 + 32*i2 + 0]\n"
            "      write8 output[32*i0 + 8*i1 + 0]\n");
}

TEST(MatmulProgram, CountsTwoReferencesAMac) {
  const Matmul matmul{2000, 2000, 2000, ElementType::kInt64, LoopOrder::kIjk};
  const ReferenceCounts counts = count_references(matmul_program(matmul));
  EXPECT_EQ(counts.reads, 2 * matmul.macs());
  EXPECT_EQ(counts.writes, 4000000u);
  EXPECT_EQ(counts.read_bytes, 16 * matmul.macs());
}

TEST(MatmulProgram, ThatFitsNoMemoryIsRefused) {
  try {
    matmul_program({200000, 1, 200000, ElementType::kInt64, LoopOrder::kIjk});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        fmt::format("matmul: C is 200000 x 200000: larger than {} GiB", kLargestArenaBytes >> 30));
  }
}

}  // namespace
}  // namespace wattgrind
