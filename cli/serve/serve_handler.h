// The routes: which request gets which page, and the API that openapi.json describes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cli/serve/access.h"
#include "cli/serve/case_request.h"
#include "cli/serve/http_server.h"
#include "cli/serve/job_board.h"

namespace wattgrind {

struct ServedThings {
  std::filesystem::path studies;  // the folder of studies; empty: none
  std::string version;            // what /api/v1/version says
};

class ServeHandler final : public HttpHandler {
 public:
  ServeHandler(AccessRules rules, ServedThings things, JobBoard& board);

  std::optional<HttpResponse> refuse(const HttpRequest& head) override;
  HttpAnswer answer(const HttpRequest& request) override;

 private:
  HttpAnswer route(const HttpRequest& request);
  HttpAnswer route_api(const HttpRequest& request, std::string_view path);
  HttpAnswer estimate(const HttpRequest& request);
  HttpAnswer upload(const HttpRequest& request);
  HttpAnswer one_job(const HttpRequest& request, std::string_view path);
  HttpAnswer one_study(const HttpRequest& request, std::string_view id, bool as_page);
  HttpAnswer compare(const HttpRequest& request);
  HttpAnswer cancel(const HttpRequest& request);
  HttpAnswer results(const HttpRequest& request);
  // The job's answer by `make` when it has ended, or when `seconds` are over.
  HttpAnswer when_ended(const std::string& id, double seconds,
                        std::function<HttpResponse(const JobView&)> make);

  const AccessRules rules_;
  const ServedThings things_;
  JobBoard& board_;
  UploadShelf shelf_;
};

}  // namespace wattgrind
