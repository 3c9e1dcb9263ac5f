// IDX files, as MNIST comes in: an array of bytes with its sizes in front.
//
// http://yann.lecun.com/exdb/mnist: two zero bytes, the element type (0x08: unsigned byte, the only
// one read here), the number of dimensions, each size as 32 bits big-endian, then the elements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "search/data/data_set.h"

namespace wattgrind {

struct IdxArray {
  std::vector<uint32_t> sizes;  // outermost first
  std::vector<uint8_t> values;  // as many as the product of the sizes
};

// Throws Error(kInput), begun by `where`, unless `bytes` is exactly one such array.
IdxArray parse_idx(std::span<const uint8_t> bytes, std::string_view where);

std::vector<uint8_t> write_idx(const IdxArray& array);

// What a gzip file holds. Throws Error(kInput), begun by `where`, when it is damaged, cut off, or
// holds more than `most` bytes.
std::vector<uint8_t> gunzip(std::span<const uint8_t> bytes, size_t most, std::string_view where);

// Images [count][rows][columns] and labels [count] below `classes`; pixels become value / 255.
// `images_name` and `labels_name` begin the errors. Throws Error(kInput).
LabelledImages label_images(const IdxArray& images, const IdxArray& labels, int classes,
                            std::string_view images_name, std::string_view labels_name);

// The array in a file, gzipped or not. Throws Error(kInput) naming the file by its base name.
IdxArray read_idx_file(const std::filesystem::path& path);

}  // namespace wattgrind
