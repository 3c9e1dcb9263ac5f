// What the page and the API ask of an estimate, and the command line it becomes.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/serve/job_board.h"
#include "cli/serve/multipart.h"

namespace wattgrind {

// A network that a client sent: its bytes, under a name of ours.
struct UploadedNetwork {
  std::string id;
  std::string file;  // "upload.onnx": the ending says how it is read
  SharedText bytes;
};

// By what the bytes begin with: JSON, ncnn's magic number, or else ONNX.
UploadedNetwork uploaded_network(std::string bytes);

// The last few networks that were sent; older ones are forgotten.
class UploadShelf {
 public:
  void put(const UploadedNetwork& network);
  std::optional<UploadedNetwork> find(std::string_view id) const;

 private:
  std::list<UploadedNetwork> networks_;  // the last first
};

struct CaseRequest {
  std::string network;                    // a built-in name or a short form
  std::optional<UploadedNetwork> upload;  // instead of it
  std::string machine = "host";
  int64_t batch = 1;
  bool training = false;
  std::string plan = {};  // "fused", "layers"; empty: the phase's default
  std::string prices = "default";
  bool steady = false;
};

// Members: "network" (a name, a short form, {"upload": ID}, or a network as JSON), "machine",
// "batch", "phase", "plan", "prices", "steady". Throws Error(kInput) for what is none of them, and
// for a network or a machine that would be a file: no path of a request is opened.
CaseRequest read_case(const nlohmann::ordered_json& json, const UploadShelf& shelf);

// Of a form's fields with `number` behind their names: "machine2". Absent where its network is left
// empty. Throws likewise.
std::optional<CaseRequest> read_form_case(const FormFields& fields, int number);

// `wattgrind estimate ...`, with its results as "json", "csv", "markdown", "trace"
// and "report".
JobRequest estimate_job(const CaseRequest& request);

// `wattgrind networks FILE`: whether it is one, as "json".
JobRequest network_job(const UploadedNetwork& network);

}  // namespace wattgrind
