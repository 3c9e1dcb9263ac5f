// postgresql://USER@HOST:PORT/DATABASE?study=NAME: a study in a PostgreSQL database.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wattgrind {

struct PostgresUrl {
  std::string text;      // as it was given: it holds no password
  std::string database;  // the same without the study
  std::string study;     // empty where the URL names a database alone
  // What libpq connects by: keywords and values. What is not there, libpq takes from the
  // environment (PGHOST, PGPASSWORD, ...), ~/.pgpass and its defaults.
  std::vector<std::pair<std::string, std::string>> parameters;

  // The URL of a study of the same database.
  std::string of_study(std::string_view name) const;
};

// Whether the text is such a URL, by how it begins, rather than a file's name.
bool is_postgres_url(std::string_view text);

// Throws Error(kUsage) for what is no such URL, and for a URL with a password, which would stand in
// the list of processes and in histories of shells: no message repeats it. Throws Error(kMissing)
// where libpq is not installed.
PostgresUrl parse_postgres_url(std::string_view text);

}  // namespace wattgrind
