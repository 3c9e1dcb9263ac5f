#include "cli/serve/case_request.h"

#include <gmock/gmock.h>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

CaseRequest read(const std::string& text, const UploadShelf& shelf = {}) {
  return read_case(parse_ordered_json(text, "request"), shelf);
}

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "taken";
}

TEST(CaseRequest, BecomesTheCommandLine) {
  const JobRequest job =
      estimate_job(read(R"({"network": "lenet5", "machine": "zen3", "batch": 4, "plan": "layers",
               "prices": "eyeriss", "steady": true})"));
  const std::vector<std::string> wanted = {
      "estimate", "lenet5",  "--machine", "zen3",   "--batch",  "4",        "--phase", "inference",
      "--prices", "eyeriss", "--plan",    "layers", "--steady", "--format", "json"};
  ASSERT_GE(job.arguments.size(), wanted.size());
  EXPECT_EQ(std::vector<std::string>(job.arguments.begin(),
                                     job.arguments.begin() + static_cast<ptrdiff_t>(wanted.size())),
            wanted);
  EXPECT_TRUE(job.files.empty());
}

// Neither a file of this computer nor an option hides behind a name.
TEST(CaseRequest, NoNameIsAPathOrAnOption) {
  for (const std::string name :
       {"/etc/passwd", "../../etc/passwd", "net.json", "a:b.json", "a:b.onnx", "a:b.param", "a:/b",
        "a:b.mit.csv", "--help", "-o:x", "--machine:x", "", "lenet6", "file:///etc/passwd", "C:\\a",
        "a:b c", "a:b\\n"}) {
    EXPECT_THAT(refusal(R"({"network": ")" + name + "\"}"), testing::Not("taken")) << name;
    EXPECT_THAT(refusal(R"({"network": "lenet5", "machine": ")" + name + "\"}"),
                testing::Not("taken"))
        << name;
  }
  EXPECT_EQ(read(R"({"network": "dffr:layers=3,width=12"})").network, "dffr:layers=3,width=12");
}

TEST(CaseRequest, WhatIsWrongIsSaid) {
  EXPECT_THAT(refusal("[]"), HasSubstr("request"));
  EXPECT_THAT(refusal("{}"), HasSubstr("network is missing"));
  EXPECT_THAT(refusal(R"({"network": 7})"), HasSubstr("network: found 7"));
  EXPECT_THAT(refusal(R"({"network": "lenet6"})"), HasSubstr("did you mean lenet5"));
  EXPECT_THAT(refusal(R"({"network": "lenet5", "machine": "zen4"})"),
              HasSubstr("did you mean zen"));
  EXPECT_THAT(refusal(R"({"network": "lenet5", "batch": 0})"), HasSubstr("batch: found 0"));
  EXPECT_THAT(refusal(R"({"network": "lenet5", "batch": "1"})"), HasSubstr("batch"));
  EXPECT_THAT(refusal(R"({"network": "lenet5", "phase": "both"})"),
              HasSubstr("inference or training"));
  EXPECT_THAT(refusal(R"({"network": "lenet5", "keep": "/tmp"})"), HasSubstr("keep"));
  EXPECT_THAT(refusal(R"({"network": {"upload": "0123"}})"), HasSubstr("network.upload"));
}

TEST(CaseRequest, ANetworkMayComeWithTheRequest) {
  const JobRequest job = estimate_job(read(R"({"network": [{"type": "layer"}]})"));
  ASSERT_EQ(job.files.size(), 1u);
  EXPECT_EQ(job.files[0].first, "upload.json");
  EXPECT_EQ(*job.files[0].second, "[{\"type\": \"layer\"}]\n");
  EXPECT_EQ(job.arguments[1], "upload.json");
}

TEST(CaseRequest, WhatWasUploadedIsFoundByItsName) {
  UploadShelf shelf;
  const UploadedNetwork network = uploaded_network("\x08\x07onnx");
  shelf.put(network);
  const CaseRequest request = read(R"({"network": {"upload": ")" + network.id + "\"}}", shelf);
  EXPECT_EQ(request.upload->file, "upload.onnx");
  // Two networks are two keys, whatever their files are called.
  EXPECT_NE(network.id, uploaded_network("\x08\x07onny").id);
}

TEST(UploadedNetwork, IsTakenForWhatItBeginsWith) {
  EXPECT_EQ(uploaded_network(" \n{\"a\": 1}").file, "upload.json");
  EXPECT_EQ(uploaded_network("[]").file, "upload.json");
  EXPECT_EQ(uploaded_network("// ours\n{}").file, "upload.json");
  EXPECT_EQ(uploaded_network("7767517\n1 1\n").file, "upload.param");
  EXPECT_EQ(uploaded_network("\x08\x07").file, "upload.onnx");
}

TEST(UploadShelf, ForgetsTheOldest) {
  UploadShelf shelf;
  const std::string first = uploaded_network("0").id;
  for (int i = 0; i <= 64; ++i) shelf.put(uploaded_network(std::to_string(i)));
  EXPECT_FALSE(shelf.find(first));
  EXPECT_TRUE(shelf.find(uploaded_network("1").id));
}

TEST(FormCase, IsReadFromTheFieldsOfItsNumber) {
  const FormFields fields = {{"network2", "lenet5"}, {"machine2", "zen3"}, {"batch2", "8"},
                             {"phase2", "training"}, {"steady2", "on"},    {"network1", ""}};
  EXPECT_FALSE(read_form_case(fields, 1));
  const auto request = read_form_case(fields, 2);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->network, "lenet5");
  EXPECT_EQ(request->batch, 8);
  EXPECT_TRUE(request->training);
  EXPECT_TRUE(request->steady);
  EXPECT_THROW(read_form_case({{"network1", "lenet5"}, {"batch1", "8x"}}, 1), Error);
}

TEST(FormCase, AFileComesBeforeAName) {
  const auto request =
      read_form_case({{"network1", "lenet5"}, {"file1", ""}, {"text1", "{\"layers\": []}"}}, 1);
  ASSERT_TRUE(request && request->upload);
  EXPECT_EQ(*request->upload->bytes, "{\"layers\": []}");
}

}  // namespace
}  // namespace wattgrind
