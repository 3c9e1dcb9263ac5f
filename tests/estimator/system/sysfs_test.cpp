#include "estimator/system/sysfs.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace wattgrind {
namespace {

TEST(Sysfs, IsATreeOfFiles) {
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / "sysfs_tree";
  std::filesystem::create_directories(root / "class/powercap/intel-rapl:0");
  std::ofstream(root / "class/powercap/intel-rapl:0/name") << "package-0\n";
  const auto sysfs = open_sysfs(root);
  EXPECT_EQ(sysfs->list("class/powercap"), std::vector<std::string>{"intel-rapl:0"});
  EXPECT_TRUE(sysfs->list("class/hwmon").empty());
  EXPECT_EQ(sysfs->read("class/powercap/intel-rapl:0/name").text, "package-0");
  EXPECT_EQ(sysfs->read("class/powercap/intel-rapl:0/energy_uj").error, ENOENT);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace wattgrind
