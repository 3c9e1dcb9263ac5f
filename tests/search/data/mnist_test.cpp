#include "search/data/mnist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "search/data/data_source.h"
#include "search/data/digits.h"
#include "search/data/idx.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write_array(const fs::path& path, const IdxArray& array) {
  const std::vector<uint8_t> bytes = write_idx(array);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<ptrdiff_t>(bytes.size()));
}

// A folder with `train` and `test` images of 2x2 pixels, labels in turn.
void write_set(const fs::path& folder, uint32_t train, uint32_t test, uint32_t size = 2) {
  fs::create_directories(folder);
  for (const auto& [name, count] : {std::pair("train", train), std::pair("t10k", test)}) {
    IdxArray images{{count, size, 2}, {}}, labels{{count}, {}};
    for (uint32_t i = 0; i < count; ++i) {
      labels.values.push_back(static_cast<uint8_t>(i % 10));
      images.values.insert(images.values.end(), size_t{size} * 2, static_cast<uint8_t>(i % 10));
    }
    write_array(folder / (std::string(name) + "-images-idx3-ubyte"), images);
    write_array(folder / (std::string(name) + "-labels-idx1-ubyte"), labels);
  }
}

// Each image's label and pixels.
std::vector<std::pair<uint8_t, std::vector<float>>> images_of(const LabelledImages& images) {
  std::vector<std::pair<uint8_t, std::vector<float>>> list;
  for (size_t i = 0; i < images.size(); ++i) {
    const auto image = images.image(i);
    list.emplace_back(images.labels[i], std::vector<float>(image.begin(), image.end()));
  }
  return list;
}

class Mnist : public testing::Test {
 protected:
  void SetUp() override {
    shared_folder();  // before its variable is taken away
    unsetenv("WATTGRIND_DATA");
    setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1);
  }
  template <typename Action>
  std::string error_of(ErrorKind kind, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      return error.what();
    }
    return "nothing thrown";
  }

  TemporaryFolder folder_;
};

TEST_F(Mnist, TakesTheDotOfOtherArchives) {
  const fs::path dashed = folder_.path() / "dashed", dotted = folder_.path() / "dotted";
  write_set(dashed, 30, 10);
  fs::create_directories(dotted);
  for (const auto& entry : fs::directory_iterator(dashed)) {
    std::string name = entry.path().filename();
    name[name.rfind("-idx")] = '.';
    fs::copy_file(entry.path(), dotted / name);
  }
  ASSERT_TRUE(fs::exists(dotted / "train-images.idx3-ubyte"));
  EXPECT_EQ(images_of(load_mnist(dotted, {}).test), images_of(load_mnist(dashed, {}).test));
}

TEST_F(Mnist, LoadsDisjointPartsOfAFolder) {
  write_set(folder_.path(), 200, 50);
  const DataSet set = load_mnist(folder_.path(), {{}, 100, 60, 40, 1});
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.train.size(), 100u);
  EXPECT_EQ(set.validation.size(), 60u);
  EXPECT_EQ(set.test.size(), 40u);
  for (size_t i = 0; i < set.train.size(); ++i) {
    EXPECT_EQ(set.train.image(i)[3], static_cast<float>(set.train.labels[i]) / 255.0f);
  }
}

TEST_F(Mnist, SmallIsZerosAndOnes) {
  write_set(folder_.path(), 1000, 600);
  const DataSet set = load_data({"mnist_small", folder_.path(), {}});
  EXPECT_EQ(set.classes, 2);
  EXPECT_EQ(set.train.size(), 100u);
  EXPECT_EQ(set.validation.size(), 0u);
  EXPECT_EQ(set.test.size(), 100u);
}

TEST_F(Mnist, IsFoundInTheEnvironmentAndInTheCache) {
  EXPECT_THAT(error_of(ErrorKind::kMissing, [] { find_mnist({}); }),
              HasSubstr("mnist: not on this system, wanted its files in a folder that is named"));
  EXPECT_EQ(find_mnist("given"), "given");
  const fs::path cache = folder_.path() / "cache" / "wattgrind" / "mnist";
  write_set(cache, 10, 10);
  EXPECT_EQ(find_mnist({}), cache);
  const fs::path shared = folder_.path() / "shared";
  write_set(shared / "data" / "mnist", 10, 10);
  setenv("WATTGRIND_DATA", shared.c_str(), 1);
  EXPECT_EQ(find_mnist({}), shared / "data" / "mnist");
}

TEST_F(Mnist, NamesWhatIsMissingOrDoesNotFit) {
  write_set(folder_.path(), 20, 10);
  const fs::path labels = folder_.path() / "t10k-labels-idx1-ubyte";
  const auto error = [&] {
    return error_of(ErrorKind::kInput, [&] { load_mnist(folder_.path(), {}); });
  };
  write_array(labels, {{9}, std::vector<uint8_t>(9, 1)});
  EXPECT_EQ(error(),
            "t10k-labels-idx1-ubyte: found 9 labels, wanted 10: one for each image of "
            "t10k-images-idx3-ubyte");
  fs::remove(labels);
  EXPECT_THAT(error(), HasSubstr(": found no t10k-labels-idx1-ubyte, wanted it or"));
  write_set(folder_.path() / "tall", 20, 10, 3);
  fs::copy_file(folder_.path() / "tall" / "t10k-images-idx3-ubyte",
                folder_.path() / "t10k-images-idx3-ubyte", fs::copy_options::overwrite_existing);
  fs::copy_file(folder_.path() / "tall" / "t10k-labels-idx1-ubyte", labels);
  EXPECT_THAT(error(), HasSubstr("found training images of 2x2 and test images of 3x2"));
}

TEST_F(Mnist, WritesWhatItReads) {
  const DataSet drawn = draw_digits({{4, 8}, 30, 20, 10, 1});
  write_as_mnist(drawn, folder_.path() / "new" / "folder");
  const DataSet read = load_mnist(folder_.path() / "new" / "folder", {{0, 1}, {}, {}, {}, 1});
  EXPECT_EQ(read.train.size(), 30u);
  EXPECT_EQ(read.test.size(), 10u);
  EXPECT_THAT(images_of(read.train), testing::UnorderedElementsAreArray(images_of(drawn.train)));
  EXPECT_THAT(images_of(read.test), testing::UnorderedElementsAreArray(images_of(drawn.test)));
  const IdxArray validation =
      read_idx_file(folder_.path() / "new" / "folder" / "validation-labels-idx1-ubyte");
  EXPECT_EQ(validation.values, drawn.validation.labels);
}

TEST(MnistFiles, HaveTheCountsTheyAreKnownFor) {
  const fs::path folder = shared_folder() / "data" / "mnist";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: no data";
  const DataSet set = load_mnist(folder, {{0, 1}, {}, 665, {}, 1});
  // Zeros and ones among the 60,000 and the 10,000: 5,923 + 6,742 and 980 + 1,135.
  EXPECT_EQ(set.train.size(), 12000u);
  EXPECT_EQ(set.test.size(), 2115u);
  EXPECT_EQ(set.train.shape, (FeatureShape{1, 28, 28}));
}

TEST(DataSource, DescribesWhatIsLoaded) {
  EXPECT_EQ(describe({"digits", {}, {}}), "digits (drawn, seed 1)");
  EXPECT_EQ(describe({"mnist", {}, {{0, 1}, {}, {}, {}, 7}}), "mnist, classes 0 1 (seed 7)");
}

TEST(DataSource, RefusesUnknownNamesAndPathsOfDrawnSets) {
  const auto error = [](const DataRequest& request) -> std::string {
    try {
      load_data(request);
    } catch (const Error& caught) {
      EXPECT_EQ(caught.kind(), ErrorKind::kInput);
      return caught.what();
    }
    return "nothing thrown";
  };
  EXPECT_EQ(error({"mnits", {}, {}}), "found no data set \"mnits\"; did you mean mnist?");
  EXPECT_EQ(error({"digits", "somewhere", {}}),
            "digits: found path somewhere, wanted none: they are drawn");
  EXPECT_EQ(load_data({"digits", {}, {{3}, 5, 4, 3, 1}}).validation.size(), 4u);
}

}  // namespace
}  // namespace wattgrind
