#include "search/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

// Two images of 2x3 pixels, written by hand.
const Bytes kImages = {0, 0, 8, 3,  0,   0,   0,   2,   0, 0, 0, 2, 0, 0,
                       0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6};
const Bytes kLabels = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};

template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing thrown";
}

std::string parse_error(const Bytes& bytes) {
  return error_of([&] { parse_idx(bytes, "train"); });
}

// What zlib itself makes of the bytes as a gzip file.
Bytes gzipped(const Bytes& bytes) {
  TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "file.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(Idx, ReadsSizesAndValues) {
  const IdxArray array = parse_idx(kImages, "train");
  EXPECT_EQ(array.sizes, (std::vector<uint32_t>{2, 2, 3}));
  EXPECT_EQ(array.values, Bytes(kImages.begin() + 16, kImages.end()));
}

TEST(Idx, WritesWhatItReads) {
  EXPECT_EQ(write_idx(parse_idx(kImages, "")), kImages);
  EXPECT_EQ(write_idx(parse_idx(kLabels, "")), kLabels);
}

TEST(Idx, RefusesForeignFiles) {
  EXPECT_THAT(parse_error({}), HasSubstr("train: found no IDX header"));
  EXPECT_THAT(parse_error({'P', '5', ' ', '2', '8'}), HasSubstr("train: found no IDX header"));
  EXPECT_EQ(parse_error({0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0}),
            "train: found element type 0x0d, wanted 0x08: unsigned bytes");
  EXPECT_THAT(parse_error({0, 0, 8, 0}), HasSubstr("wanted a whole IDX header"));
}

TEST(Idx, RefusesFilesThatAreCutOffOrTooLong) {
  for (size_t size = 0; size < kImages.size(); ++size) {
    EXPECT_NE(parse_error(Bytes(kImages.begin(), kImages.begin() + static_cast<ptrdiff_t>(size))),
              "nothing thrown")
        << size;
  }
  Bytes bytes = kImages;
  bytes.pop_back();
  EXPECT_EQ(parse_error(bytes),
            "train: found 11 bytes after the header, wanted 2 x 2 x 3: the file is cut off");
  bytes.resize(kImages.size() + 1);
  EXPECT_EQ(parse_error(bytes),
            "train: found 13 bytes after the header, wanted 2 x 2 x 3: it is too long");
}

TEST(Idx, RefusesSizesWhoseProductOverflows) {
  Bytes bytes = {0, 0, 8, 3};
  bytes.resize(16, 0xFF);
  EXPECT_EQ(parse_error(bytes),
            "train: found 0 bytes after the header, wanted 4294967295 x 4294967295 x 4294967295: "
            "the file is cut off");
}

TEST(Idx, UnpacksGzip) { EXPECT_EQ(gunzip(gzipped(kImages), 100, "train.gz"), kImages); }

TEST(Idx, RefusesDamagedGzip) {
  const Bytes whole = gzipped(Bytes(1000, 7));
  const auto unpack = [](const Bytes& bytes, size_t most) {
    return error_of([&] { gunzip(bytes, most, "train.gz"); });
  };
  EXPECT_EQ(unpack(whole, 1000), "nothing thrown");
  EXPECT_THAT(unpack(whole, 999), HasSubstr("train.gz: found more than 999 bytes unpacked"));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(unpack(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)), 1000),
                HasSubstr("train.gz: found a gzip file that is cut off"))
        << size;
  }
  Bytes damaged = whole;
  damaged[whole.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(unpack(damaged, 1000), HasSubstr("train.gz: found a damaged gzip file"));
  damaged = whole;
  damaged.push_back(0);
  EXPECT_THAT(unpack(damaged, 1000), HasSubstr("bytes after its end"));
}

TEST(Idx, LabelsImages) {
  const LabelledImages images =
      label_images(parse_idx(kImages, ""), parse_idx(kLabels, ""), 10, "images", "labels");
  EXPECT_EQ(images.shape, (FeatureShape{1, 2, 3}));
  EXPECT_EQ(images.labels, (Bytes{7, 3}));
  EXPECT_EQ(images.pixels[1], 0.2f);
  EXPECT_EQ(images.pixels[5], 1.0f);
  EXPECT_EQ(images.image(1)[0], 1 / 255.0f);
}

TEST(Idx, RefusesImagesAndLabelsThatDoNotBelongTogether) {
  const auto label = [](const IdxArray& images, const IdxArray& labels) {
    return error_of([&] { label_images(images, labels, 10, "images", "labels"); });
  };
  const IdxArray images = parse_idx(kImages, ""), labels = parse_idx(kLabels, "");
  EXPECT_EQ(label(labels, images),
            "images: found an array of 2, wanted images: count x rows x columns: is this the right "
            "file?");
  EXPECT_EQ(label(images, images),
            "labels: found an array of 2 x 2 x 3, wanted labels: one size, their count: is this "
            "the right file?");
  EXPECT_EQ(label(images, {{3}, {1, 2, 3}}),
            "labels: found 3 labels, wanted 2: one for each image of images");
  EXPECT_EQ(label(images, {{2}, {9, 10}}), "labels: found 10 as label 1, wanted 0..9");
  EXPECT_EQ(label({{0, 28, 28}, {}}, {{0}, {}}), "images: found no pixels");
}

TEST(Idx, ReadsFilesGzippedOrNot) {
  TemporaryFolder folder;
  const auto write = [&](const std::string& name, const Bytes& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<ptrdiff_t>(bytes.size()));
    return folder.path() / name;
  };
  EXPECT_EQ(read_idx_file(write("labels", kLabels)).values, (Bytes{7, 3}));
  EXPECT_EQ(read_idx_file(write("labels.gz", gzipped(kLabels))).values, (Bytes{7, 3}));
  const std::filesystem::path wrong = write("wrong.gz", gzipped({'h', 'i'}));
  EXPECT_THAT(error_of([&] { read_idx_file(wrong); }), HasSubstr("wrong.gz: found no IDX header"));
}

}  // namespace
}  // namespace wattgrind
