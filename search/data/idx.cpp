#include "search/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

constexpr size_t kMagicBytes = 4, kSizeBytes = 4;
constexpr uint8_t kUnsignedByte = 0x08;
// An unpacked file may hold four times the pixels of MNIST's training images.
constexpr size_t kMostBytes = size_t{4} * 60000 * 28 * 28;

bool is_gzip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

uint32_t big_endian(std::span<const uint8_t> bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
         uint32_t{bytes[at + 3]};
}

// "60000 x 28 x 28"
std::string sizes_text(const std::vector<uint32_t>& sizes) {
  return fmt::format("{}", fmt::join(sizes, " x "));
}

void expect_dimensions(const IdxArray& array, size_t wanted, std::string_view what,
                       std::string_view where) {
  if (array.sizes.size() != wanted) {
    fail(ErrorKind::kInput, "{}: found an array of {}, wanted {}: is this the right file?", where,
         sizes_text(array.sizes), what);
  }
}

// Ends zlib's stream however the function that made it is left.
class InflateStream {
 public:
  explicit InflateStream(std::span<const uint8_t> bytes) {
    stream_.next_in = const_cast<uint8_t*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    const int status = inflateInit2(&stream_, kGzipOnly);
    CHECK(status == Z_OK, "inflateInit2: {}", status);
  }
  ~InflateStream() { inflateEnd(&stream_); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

IdxArray parse_idx(std::span<const uint8_t> bytes, std::string_view where) {
  if (bytes.size() < kMagicBytes || bytes[0] != 0 || bytes[1] != 0) {
    fail(ErrorKind::kInput, "{}: found no IDX header, wanted an IDX file (gzipped or not)", where);
  }
  if (bytes[2] != kUnsignedByte) {
    fail(ErrorKind::kInput, "{}: found element type {:#04x}, wanted 0x08: unsigned bytes", where,
         bytes[2]);
  }
  const size_t dimensions = bytes[3];
  const size_t header = kMagicBytes + dimensions * kSizeBytes;
  if (dimensions == 0 || bytes.size() < header) {
    fail(ErrorKind::kInput, "{}: found {} bytes and {} dimensions, wanted a whole IDX header",
         where, bytes.size(), dimensions);
  }
  IdxArray array;
  std::optional<uint64_t> elements = 1;
  for (size_t i = 0; i < dimensions; ++i) {
    array.sizes.push_back(big_endian(bytes, kMagicBytes + i * kSizeBytes));
    if (elements) elements = checked_product({*elements, array.sizes.back()});
  }
  const std::span<const uint8_t> values = bytes.subspan(header);
  if (elements != values.size()) {
    fail(ErrorKind::kInput, "{}: found {} bytes after the header, wanted {}: {}", where,
         values.size(), sizes_text(array.sizes),
         !elements || values.size() < *elements ? "the file is cut off" : "it is too long");
  }
  array.values.assign(values.begin(), values.end());
  return array;
}

std::vector<uint8_t> write_idx(const IdxArray& array) {
  std::vector<uint8_t> bytes = {0, 0, kUnsignedByte, static_cast<uint8_t>(array.sizes.size())};
  for (const uint32_t size : array.sizes) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<uint8_t>(size >> shift));
  }
  bytes.insert(bytes.end(), array.values.begin(), array.values.end());
  return bytes;
}

std::vector<uint8_t> gunzip(std::span<const uint8_t> bytes, size_t most, std::string_view where) {
  InflateStream stream(bytes);
  std::vector<uint8_t> unpacked;
  std::array<uint8_t, 65536> chunk;
  int status = Z_OK;
  while (status == Z_OK) {
    (*stream).next_out = chunk.data();
    (*stream).avail_out = static_cast<uInt>(chunk.size());
    status = inflate(&*stream, Z_NO_FLUSH);
    unpacked.insert(unpacked.end(), chunk.begin(), chunk.end() - (*stream).avail_out);
    if (unpacked.size() > most) {
      fail(ErrorKind::kInput, "{}: found more than {} bytes unpacked, wanted a data set", where,
           most);
    }
  }
  if (status == Z_BUF_ERROR) {
    fail(ErrorKind::kInput, "{}: found a gzip file that is cut off after {} bytes", where,
         bytes.size());
  }
  if (status != Z_STREAM_END || (*stream).avail_in != 0) {
    fail(ErrorKind::kInput, "{}: found a damaged gzip file: {}", where,
         (*stream).msg ? (*stream).msg : "bytes after its end");
  }
  return unpacked;
}

LabelledImages label_images(const IdxArray& images, const IdxArray& labels, int classes,
                            std::string_view images_name, std::string_view labels_name) {
  expect_dimensions(images, 3, "images: count x rows x columns", images_name);
  expect_dimensions(labels, 1, "labels: one size, their count", labels_name);
  if (images.sizes[0] != labels.sizes[0]) {
    fail(ErrorKind::kInput, "{}: found {} labels, wanted {}: one for each image of {}", labels_name,
         labels.sizes[0], images.sizes[0], images_name);
  }
  if (images.values.empty()) fail(ErrorKind::kInput, "{}: found no pixels", images_name);
  for (size_t i = 0; i < labels.values.size(); ++i) {
    if (labels.values[i] >= classes) {
      fail(ErrorKind::kInput, "{}: found {} as label {}, wanted 0..{}", labels_name,
           labels.values[i], i, classes - 1);
    }
  }
  LabelledImages labelled;
  labelled.shape = {1, images.sizes[1], images.sizes[2]};
  labelled.labels = labels.values;
  labelled.pixels.reserve(images.values.size());
  for (const uint8_t pixel : images.values) {
    labelled.pixels.push_back(static_cast<float>(pixel) / 255.0f);
  }
  return labelled;
}

IdxArray read_idx_file(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  const std::string name = path.filename().string();
  return is_gzip(bytes) ? parse_idx(gunzip(bytes, kMostBytes, name), name) : parse_idx(bytes, name);
}

}  // namespace wattgrind
