#include "search/data/libcurl.h"

#include <dlfcn.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The name that says which functions there are and how they are called, since 2006.
constexpr const char* kSharedObject = "libcurl.so.4";

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  CHECK(function != nullptr, "{} without {}", kSharedObject, name);
}

LibCurl load() {
  void* const library = dlopen(kSharedObject, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorKind::kMissing, "{}: cannot be loaded: {}; install libcurl4", kSharedObject,
         dlerror());
  }
  decltype(&curl_global_init) global_init = nullptr;
  find(library, "curl_global_init", global_init);
  LibCurl curl{};
  find(library, "curl_easy_cleanup", curl.easy_cleanup);
  find(library, "curl_easy_init", curl.easy_init);
  find(library, "curl_easy_perform", curl.easy_perform);
  find(library, "curl_easy_setopt", curl.easy_setopt);
  find(library, "curl_easy_strerror", curl.easy_strerror);
  const CURLcode initialised = global_init(CURL_GLOBAL_DEFAULT);
  CHECK(initialised == CURLE_OK, "{}", curl.easy_strerror(initialised));
  return curl;
}

}  // namespace

const LibCurl& libcurl() {
  static const LibCurl library = load();
  return library;
}

}  // namespace wattgrind
