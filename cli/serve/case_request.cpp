#include "cli/serve/case_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kMostBatch = 1'000'000;

// Their SHA-256: networks of one id, whose estimates are one, are the same bytes.
std::string content_id(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  CHECK(done == 1, "{} of {} bytes", done, bytes.size());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

bool is_builtin(std::string_view folder, const std::string& name) {
  return builtin_text(folder, name).has_value();
}

// A topology or a layer in short. What ends like a file is taken for one by the catalog of
// networks, and slashes make paths: neither is let through.
bool is_short_form(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ':' || c == '=' || c == ',' || c == '.' ||
           c == '+' || c == '-';
  });
  constexpr std::array<std::string_view, 4> kEndings = {".json", ".onnx", ".param", ".csv"};
  const bool is_file = std::any_of(kEndings.begin(), kEndings.end(),
                                   [&](std::string_view ending) { return text.ends_with(ending); });
  return plain && !is_file && text.find(':') != std::string::npos && text.front() != '-' &&
         text.size() <= 500;
}

void check_network(const std::string& name) {
  if (is_builtin("networks", name) || (!name.empty() && is_short_form(name))) return;
  fail(ErrorKind::kInput, "network: unknown network {}; {}", quote_ordered_json(name),
       suggest(name, builtin_names("networks")));
}

void check_machine(const std::string& name) {
  if (name == "host" || is_builtin("machines", name)) return;
  fail(ErrorKind::kInput, "machine: unknown machine {}; {}", quote_ordered_json(name),
       suggest(name, builtin_names("machines")));
}

void check_word(const std::string& key, const std::string& word,
                std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  fail(ErrorKind::kInput, "{}: found {}, wanted {}", key, quote_ordered_json(word),
       fmt::join(known, " or "));
}

void check_case(const CaseRequest& request) {
  if (!request.upload) check_network(request.network);
  check_machine(request.machine);
  check_word("prices", request.prices, {"default", "eyeriss"});
  if (!request.plan.empty()) check_word("plan", request.plan, {"fused", "layers"});
  if (request.batch < 1 || request.batch > kMostBatch) {
    fail(ErrorKind::kInput, "batch: found {}, wanted 1 to {}", request.batch, kMostBatch);
  }
}

void read_network_member(const ordered_json& json, const UploadShelf& shelf, CaseRequest& request) {
  if (json.is_string()) {
    request.network = json.get<std::string>();
    return;
  }
  if (json.is_object() && json.size() == 1 && json.contains("upload")) {
    const std::string id = expect_string(json.at("upload"), "network.upload");
    request.upload = shelf.find(id);
    if (!request.upload) {
      fail(ErrorKind::kInput, "network.upload: found {}, wanted what /api/v1/networks answered",
           quote_ordered_json(json.at("upload")));
    }
    return;
  }
  if (!json.is_object() && !json.is_array()) {
    fail(ErrorKind::kInput, "network: found {}, wanted a name, a short form or a network",
         quote_ordered_json(json));
  }
  request.upload = uploaded_network(layout_json(json));
}

std::string field_of(const FormFields& fields, const std::string& name, int number) {
  const auto found = fields.find(fmt::format("{}{}", name, number));
  return found == fields.end() ? "" : found->second;
}

std::string or_default(const std::string& text, const std::string& value) {
  return text.empty() ? value : text;
}

std::string title_of(const CaseRequest& request) {
  return fmt::format(
      "{} on {}, batch {}, {}{}{}{}", request.upload ? request.upload->file : request.network,
      request.machine, request.batch, request.training ? "training" : "inference",
      request.steady ? ", steady" : "", request.plan.empty() ? "" : ", plan " + request.plan,
      request.prices == "default" ? "" : ", prices " + request.prices);
}

}  // namespace

UploadedNetwork uploaded_network(std::string bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const std::string_view text =
      first == std::string::npos ? std::string_view() : std::string_view(bytes).substr(first);
  const bool is_json = text.empty() || text.front() == '{' || text.front() == '[' ||
                       text.starts_with("//") || text.starts_with("/*");
  const std::string file = is_json                       ? "upload.json"
                           : text.starts_with("7767517") ? "upload.param"
                                                         : "upload.onnx";
  const std::string id = content_id(bytes);
  return {id, file, std::make_shared<const std::string>(std::move(bytes))};
}

void UploadShelf::put(const UploadedNetwork& network) {
  constexpr size_t kMostNetworks = 64, kMostBytes = size_t{256} << 20;
  networks_.remove_if([&](const UploadedNetwork& known) { return known.id == network.id; });
  networks_.push_front(network);
  size_t count = 0, bytes = 0;
  networks_.remove_if([&](const UploadedNetwork& known) {
    bytes += known.bytes->size();
    return ++count > kMostNetworks || bytes > kMostBytes;
  });
}

std::optional<UploadedNetwork> UploadShelf::find(std::string_view id) const {
  for (const UploadedNetwork& network : networks_) {
    if (network.id == id) return network;
  }
  return std::nullopt;
}

CaseRequest read_case(const ordered_json& json, const UploadShelf& shelf) {
  expect_object(json, "request");
  expect_keys(json, {"network", "machine", "batch", "phase", "plan", "prices", "steady"},
              "request");
  if (!json.contains("network")) fail(ErrorKind::kInput, "request: network is missing");
  CaseRequest request;
  read_network_member(json.at("network"), shelf, request);
  const auto word = [&](const char* key, std::string value) {
    return json.contains(key) ? expect_string(json.at(key), key) : value;
  };
  request.machine = word("machine", "host");
  request.prices = word("prices", "default");
  request.plan = word("plan", "");
  const std::string phase = word("phase", "inference");
  check_word("phase", phase, {"inference", "training"});
  request.training = phase == "training";
  if (json.contains("batch")) request.batch = expect_integer(json.at("batch"), "batch");
  if (json.contains("steady")) request.steady = expect_boolean(json.at("steady"), "steady");
  check_case(request);
  return request;
}

std::optional<CaseRequest> read_form_case(const FormFields& fields, int number) {
  const auto field = [&](const std::string& name) { return field_of(fields, name, number); };
  CaseRequest request;
  const std::string file = field("file"), text = field("text");
  if (!file.empty() || !text.empty()) {
    request.upload = uploaded_network(file.empty() ? text : file);
  } else {
    request.network = or_default(field("short"), field("network"));
    if (request.network.empty()) return std::nullopt;
  }
  request.machine = or_default(field("machine"), "host");
  request.prices = or_default(field("prices"), "default");
  request.plan = field("plan");
  const std::string phase = or_default(field("phase"), "inference");
  check_word("phase", phase, {"inference", "training"});
  request.training = phase == "training";
  request.steady = field("steady") == "on";
  const std::string batch = or_default(field("batch"), "1");
  const auto [end, error] =
      std::from_chars(batch.data(), batch.data() + batch.size(), request.batch);
  if (error != std::errc() || end != batch.data() + batch.size()) {
    fail(ErrorKind::kInput, "batch: found {}, wanted 1 to {}", quote_ordered_json(batch),
         kMostBatch);
  }
  check_case(request);
  return request;
}

JobRequest estimate_job(const CaseRequest& request) {
  JobRequest job;
  job.title = title_of(request);
  if (request.upload) job.files.emplace_back(request.upload->file, request.upload->bytes);
  job.arguments = {"estimate",  request.upload ? request.upload->file : request.network,
                   "--machine", request.machine,
                   "--batch",   fmt::format("{}", request.batch),
                   "--phase",   request.training ? "training" : "inference",
                   "--prices",  request.prices};
  if (!request.plan.empty()) job.arguments.insert(job.arguments.end(), {"--plan", request.plan});
  if (request.steady) job.arguments.emplace_back("--steady");
  job.key =
      fmt::format("{} {}", fmt::join(job.arguments, " "), request.upload ? request.upload->id : "");
  job.arguments.insert(job.arguments.end(), {"--format", "json", "-o", "result.json", "--also",
                                             "csv=result.csv,markdown=result.md", "--flame",
                                             "trace.json", "--report", "report.html"});
  job.results = {{"json", "result.json"},
                 {"csv", "result.csv"},
                 {"markdown", "result.md"},
                 {"trace", "trace.json"},
                 {"report", "report.html"}};
  return job;
}

JobRequest network_job(const UploadedNetwork& network) {
  JobRequest job;
  job.title = "reading " + network.file;
  job.files.emplace_back(network.file, network.bytes);
  job.arguments = {"networks", network.file, "--format", "csv", "-o", "network.csv"};
  job.key = "networks " + network.id;
  job.results = {{"csv", "network.csv"}};
  return job;
}

}  // namespace wattgrind
