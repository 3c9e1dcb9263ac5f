// libcurl, loaded when it is first used: it brings some thirty shared libraries, which would take a
// third of the time that the program needs to start.
#pragma once

#include <curl/curl.h>

namespace wattgrind {

struct LibCurl {
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_strerror) easy_strerror;
};

// The library, initialised. Throws Error(kMissing) where it is not installed.
const LibCurl& libcurl();

}  // namespace wattgrind
