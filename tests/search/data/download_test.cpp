#include "search/data/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/file_text.h"
#include "tests/search/data/loopback_server.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// 3,000 bytes: "0123456789" 300 times over. Its sum is sha256sum's.
std::string content() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "0123456789";
  return text;
}
const RemoteFile kFile = {"numbers", 3000,
                          "bb291bdd4020f5b533ec332c2ab868276007893ebfcdaec5643bf21ac1852653"};

class Download : public testing::Test {
 protected:
  // A proxy would not find this machine's loopback interface.
  static void SetUpTestSuite() { setenv("no_proxy", "127.0.0.1", 1); }

  std::filesystem::path fetch(const std::vector<std::string>& mirrors) {
    return download(kFile, mirrors, folder_.path() / "cache",
                    [this](const RemoteFile&, uint64_t done) { seen_.push_back(done); });
  }
  std::string error_of(const std::vector<std::string>& mirrors) {
    try {
      fetch(mirrors);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFailed);
      return error.what();
    }
    return "nothing thrown";
  }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_.path() / "cache");
    std::ofstream(folder_.path() / "cache" / name) << text;
  }
  bool exists(const std::string& name) {
    return std::filesystem::exists(folder_.path() / "cache" / name);
  }

  TemporaryFolder folder_;
  std::vector<uint64_t> seen_;
};

TEST_F(Download, FetchesTheWholeFile) {
  LoopbackServer server({{"numbers", content()}}, {});
  const std::filesystem::path path = fetch({server.address()});
  EXPECT_EQ(read_file(path), content());
  EXPECT_EQ(path, folder_.path() / "cache" / "numbers");
  EXPECT_FALSE(exists("numbers.part"));
  ASSERT_FALSE(seen_.empty());
  EXPECT_EQ(seen_.back(), 3000u);
}

TEST_F(Download, AsksNobodyForWhatIsThere) {
  write("numbers", content());
  LoopbackServer server({{"numbers", content()}}, {});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
  EXPECT_THAT(server.starts(), testing::IsEmpty());
  EXPECT_THAT(seen_, testing::IsEmpty()) << "no progress is told";
}

TEST_F(Download, FetchesAgainWhatIsThereButWrong) {
  write("numbers", "damaged");
  LoopbackServer server({{"numbers", content()}}, {});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
}

TEST_F(Download, GoesOnAfterACutOff) {
  LoopbackServer server({{"numbers", content()}}, {true, 1400, false});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
  EXPECT_EQ(server.starts(), (std::vector<size_t>{0, 1400, 2800}));
}

TEST_F(Download, GoesOnWithAnEarlierAttempt) {
  write("numbers.part", content().substr(0, 1000));
  LoopbackServer server({{"numbers", content()}}, {});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
  EXPECT_EQ(server.starts(), (std::vector<size_t>{1000}));
}

TEST_F(Download, KeepsThePartWhenTheServerStopsAnswering) {
  LoopbackServer server({{"numbers", content()}}, {true, 0, false});
  write("numbers.part", content().substr(0, 1000));
  EXPECT_THAT(error_of({server.address()}),
              HasSubstr("numbers: no mirror had it whole; the last, http://127.0.0.1:"));
  EXPECT_EQ(read_file(folder_.path() / "cache" / "numbers.part"), content().substr(0, 1000));
  EXPECT_FALSE(exists("numbers"));
  server.behave({});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
}

TEST_F(Download, StartsAgainWhereTheServerOnlySendsWholeFiles) {
  write("numbers.part", content().substr(0, 1000));
  LoopbackServer server({{"numbers", content()}}, {false, {}, false});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
  EXPECT_EQ(server.starts(), (std::vector<size_t>{1000, 0}));
}

TEST_F(Download, StartsAgainWhenAnEarlierAttemptWasOfAnotherFile) {
  write("numbers.part", std::string(1000, 'x'));
  LoopbackServer server({{"numbers", content()}}, {});
  EXPECT_EQ(read_file(fetch({server.address()})), content());
  EXPECT_EQ(server.starts(), (std::vector<size_t>{1000, 0}));
}

TEST_F(Download, GoesToTheNextMirror) {
  LoopbackServer without({}, {}), with({{"numbers", content()}}, {});
  EXPECT_EQ(read_file(fetch({without.address(), with.address()})), content());
}

TEST_F(Download, RefusesAWrongChecksum) {
  LoopbackServer server({{"numbers", std::string(3000, 'x')}}, {});
  EXPECT_THAT(error_of({server.address()}), EndsWith("/numbers: the checksum is wrong"));
  EXPECT_FALSE(exists("numbers"));
  EXPECT_FALSE(exists("numbers.part"));
}

TEST_F(Download, RefusesAFileThatIsTooLongOrTooShort) {
  LoopbackServer longer({{"numbers", content() + "x"}}, {});
  EXPECT_THAT(error_of({longer.address()}), EndsWith("found more than the 3000 bytes wanted"));
  EXPECT_FALSE(exists("numbers.part"));
  LoopbackServer shorter({{"numbers", content().substr(0, 2999)}}, {});
  EXPECT_THAT(error_of({shorter.address()}), HasSubstr("no mirror had it whole"));
  EXPECT_FALSE(exists("numbers"));
}

TEST_F(Download, SaysWhatTheLastMirrorSaid) {
  LoopbackServer server({}, {true, {}, true});
  EXPECT_THAT(error_of({server.address()}), HasSubstr("404"));
  EXPECT_THAT(error_of({"http://127.0.0.1:1"}), HasSubstr("http://127.0.0.1:1/numbers: "));
}

TEST_F(Download, SaysWhereItCannotWrite) {
  std::ofstream(folder_.path() / "cache") << "a file where the folder should be";
  EXPECT_THAT(error_of({"http://127.0.0.1:1"}), HasSubstr("/cache"));
}

}  // namespace
}  // namespace wattgrind
