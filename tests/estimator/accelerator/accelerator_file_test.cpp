#include "estimator/accelerator/accelerator_file.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "estimator/formats/builtin_files.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

ordered_json chip() {
  return ordered_json::parse(builtin_text("accelerators", "eyeriss_chip").value(), nullptr, true,
                             true);
}

std::string message_of(const ordered_json& profile) {
  return error_text([&] { read_accelerator(profile.dump(), "a.json"); });
}

TEST(AcceleratorFile, BuiltInOnesAreReadAndWritten) {
  ASSERT_GE(builtin_names("accelerators").size(), 3u);
  for (const std::string_view name : builtin_names("accelerators")) {
    const Accelerator accelerator =
        read_accelerator(builtin_text("accelerators", name).value(), name);
    EXPECT_EQ(accelerator.name, name);
    const std::string text = write_accelerator(accelerator);
    EXPECT_EQ(write_accelerator(read_accelerator(text, "again")), text);
  }
}

// Chen et al., JSSC 2017.
TEST(AcceleratorFile, TheChipIsThePublishedOne) {
  const Accelerator accelerator = read_accelerator(chip().dump(), "chip");
  EXPECT_EQ(accelerator.elements(), 168u);
  EXPECT_EQ(accelerator.buffer_words(), 55'296u);
  EXPECT_EQ(accelerator.register_bytes(), 2 * (224 + 12 + 24));
}

TEST(AcceleratorFile, WrongValuesAreNamed) {
  ordered_json profile = chip();
  profile["array"]["rows"]["value"] = 0;
  EXPECT_EQ(message_of(profile),
            "a.json: array.rows.value: found 0, wanted an integer from 1 to 65536");
  profile = chip();
  profile["energy"]["pj"]["dram"]["value"] = -1;
  EXPECT_EQ(message_of(profile),
            "a.json: energy.pj.dram.value: found -1, wanted a number from 0 to 1e+15");
  profile = chip();
  profile["energy"]["pj"].erase("buffer");
  EXPECT_THAT(message_of(profile), testing::HasSubstr("energy.pj"));
  EXPECT_THAT(message_of(profile), testing::HasSubstr("buffer"));
  profile = chip();
  profile["energy"].erase("pj");
  profile["energy"].erase("macs");
  EXPECT_THAT(message_of(profile), testing::HasSubstr("energy: found no prices"));
  profile = chip();
  profile["array"]["rows"].erase("source");
  EXPECT_THAT(message_of(profile), testing::HasSubstr("source"));
}

}  // namespace
}  // namespace wattgrind
