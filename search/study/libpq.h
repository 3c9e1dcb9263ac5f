// libpq, PostgreSQL's client library, loaded when it is first used: like libcurl it brings many
// shared libraries (for TLS, Kerberos and LDAP), which nobody needs who keeps studies in files.
#pragma once

#include <libpq-fe.h>

namespace wattgrind {

struct LibPq {
  decltype(&PQclear) clear;
  decltype(&PQcmdTuples) cmd_tuples;
  decltype(&PQconnectdbParams) connectdb_params;
  decltype(&PQconninfoFree) conninfo_free;
  decltype(&PQconninfoParse) conninfo_parse;
  decltype(&PQconsumeInput) consume_input;
  decltype(&PQdb) db;
  decltype(&PQerrorMessage) error_message;
  decltype(&PQfinish) finish;
  decltype(&PQfname) fname;
  decltype(&PQfreemem) freemem;
  decltype(&PQftype) ftype;
  decltype(&PQgetResult) get_result;
  decltype(&PQgetisnull) getisnull;
  decltype(&PQgetlength) getlength;
  decltype(&PQgetvalue) getvalue;
  decltype(&PQisBusy) is_busy;
  decltype(&PQntuples) ntuples;
  decltype(&PQresultErrorField) result_error_field;
  decltype(&PQresultStatus) result_status;
  decltype(&PQsendPrepare) send_prepare;
  decltype(&PQsendQuery) send_query;
  decltype(&PQsendQueryPrepared) send_query_prepared;
  decltype(&PQsetNoticeProcessor) set_notice_processor;
  decltype(&PQsocket) socket;
  decltype(&PQstatus) status;
  decltype(&PQuser) user;
  // Since PostgreSQL 14; null in an earlier library.
  decltype(&PQenterPipelineMode) enter_pipeline_mode;
  decltype(&PQexitPipelineMode) exit_pipeline_mode;
  decltype(&PQpipelineSync) pipeline_sync;
};

// The library. Throws Error(kMissing) where it is not installed.
const LibPq& libpq();

}  // namespace wattgrind
