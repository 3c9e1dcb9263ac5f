#include "estimator/network/layer_names.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(LayerNames, KeepsWhatIsWellFormed) {
  LayerNames names;
  EXPECT_EQ(names.take("inception_3a/1x1.relu-b", "relu"), "inception_3a/1x1.relu-b");
}

TEST(LayerNames, ReplacesOtherCharactersAndBeginsWithALetter) {
  LayerNames names;
  EXPECT_EQ(names.take("onnx::Shape_153", "conv2d"), "onnx__Shape_153");
  EXPECT_EQ(names.take("\x1b[31m", "relu"), "relu___31m");
  EXPECT_EQ(names.take("83", "conv2d"), "conv2d_83");
  EXPECT_EQ(names.take("", "relu"), "relu");
}

TEST(LayerNames, NumbersWhatIsTaken) {
  LayerNames names;
  EXPECT_EQ(names.take("a", "relu"), "a");
  EXPECT_EQ(names.take("a_2", "relu"), "a_2");
  EXPECT_EQ(names.take("a", "relu"), "a_3");
  EXPECT_EQ(names.take("total", "relu"), "total_2");
}

TEST(LayerNames, ShortensWhatIsTooLong) {
  LayerNames names;
  const std::string wanted = std::string(100, 'a') + "_end";
  const std::string first = names.take(wanted, "relu");
  EXPECT_EQ(first.size(), 64u);
  EXPECT_TRUE(first.ends_with("_end"));
  const std::string second = names.take(wanted, "relu");
  EXPECT_EQ(second.size(), 64u);
  EXPECT_TRUE(second.ends_with("_2"));
}

}  // namespace
}  // namespace wattgrind
