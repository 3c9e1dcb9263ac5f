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

TEST(NetworkSource, UnknownNamesListTheNearest) {
  EXPECT_EQ(error_of("lenet"),
            "unknown network \"lenet\"; did you mean lenet5 or alexnet? (or a file's name, ending "
            "in .json or .onnx, or a short form like dffr:layers=3,width=12)");
  EXPECT_NE(error_of("").find("known: alexnet, lenet5, nin, vgg16, vgg19"), std::string::npos);
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
