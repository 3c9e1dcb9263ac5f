#include "search/training/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>

#include "estimator/network/network.h"
#include "search/training/network_weights.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

// A file with this header and this many bytes of data.
std::string file(std::string header, size_t data_bytes) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size() & 0xff);
  bytes[1] = static_cast<char>(header.size() >> 8);
  return bytes + header + std::string(data_bytes, '\0');
}

std::string refused(const std::string& bytes) {
  return error_text([&] { parse_safetensors(bytes, "w.safetensors"); });
}

TEST(Safetensors, RoundTrip) {
  const std::vector<Tensor> tensors = {
      {"b", {2, 3}, {1, 2, 3, 4, 5, -6.5f}}, {"a", {1}, {0.1f}}, {"none", {0, 4}, {}}};
  EXPECT_EQ(parse_safetensors(safetensors_bytes(tensors), "w"), tensors);
}

// As the format's documentation lays it out.
TEST(Safetensors, LaysOutAFile) {
  const std::string bytes = safetensors_bytes({{"x", {2}, {1, 2}}});
  const std::string header = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(bytes.substr(0, 8),
            std::string({static_cast<char>(padded.size()), 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bytes.substr(8, padded.size()), padded);
  EXPECT_EQ(bytes.substr(8 + padded.size()), std::string({0, 0, '\x80', 0x3f, 0, 0, 0, 0x40}));
}

TEST(Safetensors, LeavesMetadataOut) {
  const auto tensors = parse_safetensors(
      file(
          R"({"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
          4),
      "w");
  EXPECT_EQ(tensors, (std::vector<Tensor>{{"x", {1}, {0}}}));
}

TEST(Safetensors, RefusesWhatIsWrong) {
  EXPECT_EQ(refused("abc"), "w.safetensors: found 3 bytes, which is no whole safetensors file");
  EXPECT_EQ(refused(std::string(8, '\xff') + "{}"),
            "w.safetensors: found 10 bytes, which is no whole safetensors file");
  EXPECT_EQ(refused(file("[]", 0)), "w.safetensors: the header is no JSON object");
  EXPECT_EQ(refused(file(R"({"x":3})", 0)), "w.safetensors: tensor \"x\": wanted an object");
  const auto tensor = [](const char* type, const char* shape, const char* offsets, size_t bytes) {
    return refused(file(std::string(R"({"x":{"dtype":")") + type + R"(","shape":)" + shape +
                            R"(,"data_offsets":)" + offsets + "}}",
                        bytes));
  };
  EXPECT_EQ(tensor("F16", "[1]", "[0,2]", 2),
            "w.safetensors: tensor \"x\": found type \"F16\", wanted \"F32\"");
  EXPECT_EQ(tensor("F32", "[-1]", "[0,4]", 4),
            "w.safetensors: tensor \"x\": shape: found -1, wanted a size");
  EXPECT_EQ(tensor("F32", "[2]", "[0,8]", 4),
            "w.safetensors: tensor \"x\": data_offsets leave the file's 4 bytes of data");
  EXPECT_EQ(tensor("F32", "[2]", "[0,4]", 4),
            "w.safetensors: tensor \"x\": found 4 bytes, which is not what its shape takes");
  EXPECT_EQ(tensor("F32", "[4611686018427387904,4]", "[0,0]", 0),
            "w.safetensors: tensor \"x\": found 0 bytes, which is not what its shape takes");
  EXPECT_EQ(tensor("F32", "[1]", "[4,8]", 8),
            "w.safetensors: tensor \"x\" starts at byte 4, wanted 0");
  EXPECT_EQ(tensor("F32", "[1]", "[0,4]", 5),
            "w.safetensors: found 1 bytes behind the last tensor");
}

TEST(NetworkWeights, NamesAndShapes) {
  const Network network = build_network("net", {2, 4, 4},
                                        {{.name = "c", .operation = Conv2d{3, {2, 3}, 1}},
                                         {.operation = Flatten{}},
                                         {.name = "d", .operation = Dense{2}},
                                         {.operation = Softmax{}}},
                                        "net");
  const auto parameters = initial_parameters(network, Initializer::kHeUniform, 1);
  auto tensors = to_tensors(network, parameters);
  ASSERT_EQ(tensors.size(), 4);
  EXPECT_EQ(tensors[0].name, "c.weight");
  EXPECT_EQ(tensors[0].shape, (std::vector<int64_t>{3, 2, 2, 3}));
  EXPECT_EQ(tensors[3].name, "d.bias");
  EXPECT_EQ(tensors[2].shape, (std::vector<int64_t>{2, 18}));
  EXPECT_EQ(from_tensors(network, {tensors.rbegin(), tensors.rend()}, "w"), parameters);
  const auto refused_tensors = [&](std::vector<Tensor> wrong) {
    return error_text([&] { from_tensors(network, std::move(wrong), "w"); });
  };
  EXPECT_EQ(refused_tensors({tensors[1]}), "w: found no tensor c.weight");
  auto more = tensors;
  more.push_back({"e.weight", {1}, {0}});
  EXPECT_EQ(refused_tensors(more), "w: net has no tensor e.weight");
  auto diverged = tensors;
  diverged[1].values[2] = std::nanf("");
  EXPECT_EQ(refused_tensors(diverged), "w: c.bias: found nan as value 2, wanted finite numbers");
  diverged[1].values[2] = -INFINITY;
  EXPECT_EQ(refused_tensors(diverged), "w: c.bias: found -inf as value 2, wanted finite numbers");
  tensors[2].shape = {18, 2};
  EXPECT_EQ(refused_tensors(tensors), "w: d.weight: found the shape [18, 2], wanted [2, 18]");
}

}  // namespace
}  // namespace wattgrind
