// The text of ncnn's `.param` files, which describe a network without its weights:
//
//   7767517
//   3 3
//   Input        data   0 1 data 0=224 1=224 2=3
//   Convolution  conv1  1 1 data conv1 0=64 1=3 3=2 5=1 6=1728 9=1
//   Pooling      pool1  1 1 conv1 pool1 1=3 2=2
//
// After a magic number come the numbers of layers and of blobs, then a layer a line: type, name,
// how many blobs it reads and writes, their names, and parameters as id=value. An id of -23300 - n
// is an array of the id n: its length, then its values. https://github.com/Tencent/ncnn, in
// docs/developer-guide/operators.md, tells what the ids mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// A layer of the file. Values are read when they are asked for, which throws Error(kInput) begun by
// the layer's place where one is not what is asked: "3=x: found ..., wanted ...".
struct NcnnLayer {
  std::string type, name;
  std::vector<std::string> inputs, outputs;  // blobs
  std::string place;                         // resnet.param:12: "Convolution" "conv1"
  std::map<int, std::string> values;         // by id, as written
  std::map<int, std::string> arrays;         // by id, without the length

  // Within the range of 32 bits, as in ncnn.
  int64_t integer(int id, int64_t otherwise) const;
  double number(int id, double otherwise) const;
  std::optional<std::vector<int64_t>> integers(int id) const;
  std::optional<std::vector<double>> numbers(int id) const;
};

// Throws Error(kInput) "WHERE:LINE: ..." for text that is no such file, or ends too early.
std::vector<NcnnLayer> read_param_file(std::string_view text, std::string_view where);

}  // namespace wattgrind
