#include "estimator/catalog/workload_source.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

TEST(WorkloadSource, IsAMatrixProduct) {
  const Workload workload = find_workload("matmul:m=200,k=8000,n=300,dtype=int64");
  const Matmul expected{200, 8000, 300, ElementType::kInt64, LoopOrder::kIjk};
  EXPECT_EQ(std::get<Matmul>(workload), expected);
  EXPECT_EQ(expected.macs(), 480000000u);
  EXPECT_EQ(element_bytes(expected.type), 8u);
  EXPECT_EQ(std::get<Matmul>(find_workload("matmul:order=blocked,n=1,m=2,k=3,dtype=float32")),
            (Matmul{2, 3, 1, ElementType::kFloat32, LoopOrder::kBlocked}));
}

TEST(WorkloadSource, IsANetworkOtherwise) {
  EXPECT_EQ(std::get<Network>(find_workload("lenet5")).name, "lenet5");
  EXPECT_EQ(std::get<Network>(find_workload("dffr:layers=1,width=3")).layers.size(), 5u);
}

TEST(WorkloadSource, IsAPartOfANetwork) {
  const auto alone = std::get<Network>(find_workload("lenet5/conv2"));
  EXPECT_EQ(alone.name, "lenet5/conv2");
  ASSERT_EQ(alone.layers.size(), 1u);
  EXPECT_EQ(alone.layers[0].input(), kNetworkInput);
  EXPECT_EQ(alone.input(), (FeatureShape{6, 14, 14}));
  EXPECT_EQ(alone.macs(), 240000u);
  const auto leading = std::get<Network>(find_workload("lenet5/..pool1"));
  ASSERT_EQ(leading.layers.size(), 3u);
  EXPECT_EQ(leading.input(), (FeatureShape{1, 28, 28}));
  EXPECT_EQ(leading.macs(), 117600u);
  const std::string file = source_path("configs/networks/lenet5.json");
  EXPECT_EQ(std::get<Network>(find_workload(file)).layers.size(), 13u);
  EXPECT_EQ(std::get<Network>(find_workload(file + "/fc3")).macs(), 48000u);
  EXPECT_TRUE(
      error_text([] { find_workload("lenet5/conv9"); }).starts_with("lenet5 has no layer conv9; "));
}

TEST(WorkloadSource, NamesTheWrongKey) {
  const auto error_of = [](const std::string& text) {
    return error_text([&] { find_workload(text); });
  };
  EXPECT_EQ(error_of("matmul:m=2,k=3,n=4"),
            "matmul:m=2,k=3,n=4: dtype: missing: add dtype=float32 or dtype=int64");
  EXPECT_EQ(error_of("matmul:m=2,k=3,dtype=int64"),
            "matmul:m=2,k=3,dtype=int64: n: missing: add n=NUMBER");
  EXPECT_EQ(error_of("matmul:m=0,k=3,n=4,dtype=int64"),
            "matmul:m=0,k=3,n=4,dtype=int64: m: found 0, wanted at least 1");
  EXPECT_EQ(error_of("matmul:m=2,k=3,n=4,dtype=int8"),
            "matmul:m=2,k=3,n=4,dtype=int8: dtype: found 'int8', wanted float32 or int64");
  EXPECT_EQ(error_of("matmul:m=2,k=3,n=4,dtype=int64,order=kij"),
            "matmul:m=2,k=3,n=4,dtype=int64,order=kij: order: found 'kij', wanted ijk or ikj or "
            "blocked");
  EXPECT_EQ(error_of("matmul:m=4000000,k=4000000,n=4000000,dtype=int64"),
            "matmul:m=4000000,k=4000000,n=4000000,dtype=int64: m x k x n: 4000000 x 4000000 x "
            "4000000 is more than 64 bits can count");
}

}  // namespace
}  // namespace wattgrind
