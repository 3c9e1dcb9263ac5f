#include "search/study/libpq.h"

#include <dlfcn.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// The name that says which functions there are and how they are called, since 2005.
constexpr const char* kSharedObject = "libpq.so.5";

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  CHECK(function != nullptr, "{} without {}", kSharedObject, name);
}

template <typename Function>
void find_if_there(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

LibPq load() {
  void* const library = dlopen(kSharedObject, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorKind::kMissing, "{}: cannot be loaded: {}; install libpq5", kSharedObject, dlerror());
  }
  LibPq pq{};
  find(library, "PQclear", pq.clear);
  find(library, "PQcmdTuples", pq.cmd_tuples);
  find(library, "PQconnectdbParams", pq.connectdb_params);
  find(library, "PQconninfoFree", pq.conninfo_free);
  find(library, "PQconninfoParse", pq.conninfo_parse);
  find(library, "PQconsumeInput", pq.consume_input);
  find(library, "PQdb", pq.db);
  find(library, "PQerrorMessage", pq.error_message);
  find(library, "PQfinish", pq.finish);
  find(library, "PQfname", pq.fname);
  find(library, "PQfreemem", pq.freemem);
  find(library, "PQftype", pq.ftype);
  find(library, "PQgetResult", pq.get_result);
  find(library, "PQgetisnull", pq.getisnull);
  find(library, "PQgetlength", pq.getlength);
  find(library, "PQgetvalue", pq.getvalue);
  find(library, "PQisBusy", pq.is_busy);
  find(library, "PQntuples", pq.ntuples);
  find(library, "PQresultErrorField", pq.result_error_field);
  find(library, "PQresultStatus", pq.result_status);
  find(library, "PQsendPrepare", pq.send_prepare);
  find(library, "PQsendQuery", pq.send_query);
  find(library, "PQsendQueryPrepared", pq.send_query_prepared);
  find(library, "PQsetNoticeProcessor", pq.set_notice_processor);
  find(library, "PQsocket", pq.socket);
  find(library, "PQstatus", pq.status);
  find(library, "PQuser", pq.user);
  find_if_there(library, "PQenterPipelineMode", pq.enter_pipeline_mode);
  find_if_there(library, "PQexitPipelineMode", pq.exit_pipeline_mode);
  find_if_there(library, "PQpipelineSync", pq.pipeline_sync);
  return pq;
}

}  // namespace

const LibPq& libpq() {
  static const LibPq library = load();
  return library;
}

}  // namespace wattgrind
