#include "estimator/onnx/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "estimator/onnx/import.h"
#include "estimator/system/scratch_folder.h"
#include "tests/error_text.h"
#include "tests/estimator/onnx/model_builder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

ModelBuilder small_model() {
  ModelBuilder model;
  model.input("x", {1, 2, 3, 3}).weights("w", {1, 2, 1, 1}, {0.5F, -1.0F});
  model.node("Conv", {"x", "w"}, {"y"}).output("y");
  return model;
}

OnnxModel parse(const std::string& bytes) {
  return parse_onnx_model(std::as_bytes(std::span(bytes)), "", "m.onnx");
}

TEST(ModelFile, KeepsWeightsWhereTheyLie) {
  const std::string bytes = small_model().bytes();
  const OnnxModel model = parse(bytes);
  EXPECT_EQ(model.opset, 13);
  ASSERT_EQ(model.nodes.size(), 1u);
  const OnnxTensor& weights = model.initializers.at("w");
  const auto raw = std::get<std::span<const std::byte>>(weights.data);
  EXPECT_GE(raw.data(), reinterpret_cast<const std::byte*>(bytes.data()));
  EXPECT_LT(raw.data(), reinterpret_cast<const std::byte*>(bytes.data() + bytes.size()));
  EXPECT_EQ(to_floats(weights, "w"), (std::vector<float>{0.5F, -1.0F}));
  ASSERT_EQ(model.inputs.size(), 1u);
}

TEST(ModelFile, InitialisersListedAsInputsAreNoInputs) {
  ModelBuilder builder = small_model();
  builder.input("w", {1, 2, 1, 1});
  EXPECT_EQ(parse(builder.bytes()).inputs.size(), 1u);
}

TEST(ModelFile, EveryCutIsRefusedInOneLine) {
  const std::string bytes = small_model().bytes();
  for (size_t size = 0; size + 1 < bytes.size(); ++size) {
    try {
      parse(bytes.substr(0, size));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
  EXPECT_EQ(error_text([] { parse(""); }), "m.onnx: found an empty file, wanted ONNX");
  EXPECT_EQ(error_text([] { parse("{\"schema\": 1}"); }),
            "m.onnx: found a file that is cut off or no ONNX model");
}

TEST(ModelFile, VersionsAreChecked) {
  ModelBuilder builder = small_model();
  builder.proto().mutable_opset_import(0)->set_version(99);
  EXPECT_EQ(error_text([&] { parse(builder.bytes()); }),
            "m.onnx: found operator set 99, wanted 1 to 25");
  builder = small_model();
  builder.proto().set_ir_version(77);
  EXPECT_EQ(error_text([&] { parse(builder.bytes()); }),
            "m.onnx: found IR version 77, wanted 1 to 13");
  builder = small_model();
  builder.proto().clear_graph();
  EXPECT_EQ(error_text([&] { parse(builder.bytes()); }),
            "m.onnx: found no graph in it, wanted an ONNX model");
}

TEST(ModelFile, DimensionsOfTensorsAreChecked) {
  ModelBuilder builder = small_model();
  builder.proto().mutable_graph()->mutable_initializer(0)->set_dims(0, -3);
  EXPECT_EQ(error_text([&] { parse(builder.bytes()); }),
            "m.onnx: tensor \"w\": found a dimension of -3, wanted 0 or more");
  builder.proto().mutable_graph()->mutable_initializer(0)->set_dims(0, int64_t{1} << 62);
  EXPECT_EQ(error_text([&] { parse(builder.bytes()); }),
            "m.onnx: tensor \"w\": found more than 2^40 values, wanted fewer");
  builder.proto().mutable_graph()->mutable_initializer(0)->set_dims(0, 5);
  const OnnxModel model = parse(builder.bytes());
  EXPECT_EQ(error_text([&] { to_floats(model.initializers.at("w"), "w"); }),
            "w: found 2 values, wanted 10 by its dimensions");
}

// Halves and bfloat16 by their bits, as IEEE 754 defines them.
TEST(ModelFile, NumbersOfEveryType) {
  OnnxTensor halves{
      "h", OnnxType::kFloat16, {5}, std::vector<int32_t>{0x3C00, 0xC000, 0x7BFF, 1, 0}};
  EXPECT_EQ(to_floats(halves, "h"), (std::vector<float>{1, -2, 65504, 0x1p-24F, 0}));
  OnnxTensor brain{"b", OnnxType::kBfloat16, {2}, std::vector<int32_t>{0x3F80, 0xC040}};
  EXPECT_EQ(to_floats(brain, "b"), (std::vector<float>{1, -3}));
  OnnxTensor whole{"i", OnnxType::kInt64, {2}, std::vector<int64_t>{-1, INT64_MAX}};
  EXPECT_EQ(to_integers(whole, "i"), (std::vector<int64_t>{-1, INT64_MAX}));
  OnnxTensor text{"s", OnnxType::kString, {1}, std::vector<float>{1}};
  EXPECT_EQ(error_text([&] { to_floats(text, "s"); }),
            "s: found values of type string, wanted numbers");
}

class ExternalData : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  OnnxModel read(const std::string& location) {
    ModelBuilder builder = small_model();
    auto* tensor = builder.proto().mutable_graph()->mutable_initializer(0);
    tensor->clear_raw_data();
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    const auto entry = [&](const std::string& key, const std::string& value) {
      auto* added = tensor->add_external_data();
      added->set_key(key);
      added->set_value(value);
    };
    entry("location", location);
    entry("offset", "4");
    entry("length", "8");
    std::ofstream(path("m.onnx")) << builder.bytes();
    return read_onnx_model(path("m.onnx"));
  }

  const ScratchFolder folder_;
};

TEST_F(ExternalData, IsReadFromItsPlace) {
  const float values[] = {9, 0.25F, 4};
  std::ofstream(path("w.bin")).write(reinterpret_cast<const char*>(values), sizeof values);
  const OnnxModel model = read("w.bin");
  EXPECT_EQ(to_floats(model.initializers.at("w"), "w"), (std::vector<float>{0.25F, 4}));
  std::ofstream(path("w.bin")) << "short";
  EXPECT_THAT(error_text([&] { read("w.bin"); }),
              HasSubstr("found 5 bytes in \"w.bin\", wanted 8 from 4"));
}

TEST_F(ExternalData, MayBeAbsentWhereCostsAloneAreAsked) {
  const OnnxModel model = read("absent.bin");
  EXPECT_TRUE(model.has_absent_values);
  const ImportedModel imported = import_onnx(model, {}, "m", "m.onnx");
  EXPECT_EQ(imported.network.macs(), 18u);
  EXPECT_FALSE(imported.has_values);
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  for (const std::string location : {"../w.bin", "/etc/passwd", "a/../../w.bin", ""}) {
    EXPECT_THAT(error_text([&] { read(location); }),
                HasSubstr("wanted one in the folder of the model"));
  }
  std::filesystem::create_symlink("/etc/passwd", path("link.bin"));
  EXPECT_THAT(error_text([&] { read("link.bin"); }), HasSubstr("is a link out of the folder"));
}

}  // namespace
}  // namespace wattgrind
