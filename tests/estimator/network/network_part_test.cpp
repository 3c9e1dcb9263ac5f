#include "estimator/network/network_part.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(NetworkPart, APartIsOfAWhole) {
  EXPECT_EQ(whole_workload("lenet5"), "lenet5");
  EXPECT_EQ(whole_workload("lenet5/conv1"), "lenet5");
  EXPECT_EQ(whole_workload("lenet5/..conv2"), "lenet5");
  EXPECT_EQ(whole_workload("nets/small.json"), "nets/small.json");
  EXPECT_EQ(whole_workload("nets/small.json/fc3"), "nets/small.json");
  EXPECT_EQ(whole_workload("cnn:layers=1,filters=4,filter_size=3/conv2d_1"),
            "cnn:layers=1,filters=4,filter_size=3");
  EXPECT_EQ(whole_workload("matmul:m=2,k=3,n=4,dtype=int64"), "matmul:m=2,k=3,n=4,dtype=int64");
}

}  // namespace
}  // namespace wattgrind
