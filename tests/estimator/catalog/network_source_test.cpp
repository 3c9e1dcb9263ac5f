#include "estimator/catalog/network_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/error_text.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

std::string error_of(const std::string& argument) {
  return error_text([&] { find_network(argument); });
}

TEST(NetworkSource, NamesFilesAndShortForms) {
  EXPECT_EQ(find_network("lenet5").parameters(), 61'706u);
  EXPECT_EQ(find_network(source_path("configs/networks/lenet5.json")).parameters(), 61'706u);
  EXPECT_EQ(find_network("dffr:layers=1,width=1").name, "dffr:layers=1,width=1");
}

TEST(NetworkSource, FilesOfModels) {
  EXPECT_EQ(error_of("some/net.onnx"), "some/net.onnx: cannot be read: No such file or directory");
}

// A JSON file's keys tell whose it is: each is refused for what its own format lacks.
TEST(NetworkSource, FormatsAreToldApartByEndingsAndKeys) {
  const TemporaryFolder temporary;
  const auto file = [&](const std::string& name, std::string_view text) {
    const std::string path = temporary.path() / name;
    std::ofstream(path) << text;
    return path;
  };
  const auto error_without_path = [](const std::string& path) {
    return error_of(path).substr(path.size());
  };
  EXPECT_EQ(error_without_path(file("paleo.json", R"({"layers": {}})")),
            ": the key \"name\" is missing");
  EXPECT_EQ(error_without_path(file("deepmeter.json", R"([{"type": "layer"}])")),
            ": [0]: the key \"torch_module\" is missing");
  EXPECT_EQ(error_without_path(file("ours.json", R"({"layers": []})")).substr(0, 18),
            ": layers: found []");
  EXPECT_EQ(error_without_path(file("ncnn.param", "7767517\n1\n")),
            ":2: wanted the numbers of layers and of blobs");
  const std::string param = file("net.param", "7767517\n2 2\nInput a 0 1 a\nReLU b 1 1 a b\n");
  EXPECT_EQ(find_network(param, {{"a.channels", 2}, {"a.height", 3}, {"a.width", 4}}).input(),
            (FeatureShape{2, 3, 4}));
}

TEST(NetworkSource, UnknownNamesListTheNearest) {
  EXPECT_EQ(error_of("lenet"),
            "unknown network \"lenet\"; did you mean lenet5 or alexnet or zfnet? (or a file's "
            "name, ending in .json, .onnx or .param, or a short form like dffr:layers=3,width=12)");
  EXPECT_NE(error_of("").find("known: alexnet, bert_tiny, cifar10_6conv"), std::string::npos);
}

TEST(NetworkSource, FilesThatCannotBeRead) {
  EXPECT_EQ(error_of("/nonexistent/net.json"),
            "/nonexistent/net.json: cannot be read: No such file or directory");
  const TemporaryFolder temporary;
  const std::string folder = temporary.path() / "folder.json";
  std::filesystem::create_directory(folder);
  EXPECT_EQ(error_of(folder), folder + ": found a folder, wanted a file");
}

TEST(NetworkSource, ErrorsInFilesNameTheFile) {
  const TemporaryFolder temporary;
  const std::string path = temporary.path() / "net.json";
  std::ofstream(path) << "{\n  \"schema\": 1,\n}";
  EXPECT_EQ(error_of(path).substr(0, path.size() + 5), path + ":3:1:");
}

}  // namespace
}  // namespace wattgrind
