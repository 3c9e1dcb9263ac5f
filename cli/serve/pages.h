// The pages, as HTML that works without a script: forms, tables and links. What others named is
// escaped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/serve/job_board.h"
#include "cli/serve/study_folder.h"

namespace wattgrind {

// A static file of the page: "page.css", "page.js", "openapi.json".
std::string_view page_file(std::string_view name);

// The form: up to four cases, and what there is to look at.
std::string start_page(const std::vector<JobView>& jobs, const std::vector<ListedStudy>& studies);

// Up to four estimates beside each other, as far as they are. It loads itself again until all have
// ended. `query` is what shows it again: "job=...&job=...".
std::string results_page(const std::vector<JobView>& jobs, const std::string& query);

// A study as it stands. It loads itself again, for a search may go on with it.
std::string study_page(const ListedStudy& study, const JobView& job);

// A page that says what went wrong.
std::string message_page(std::string_view title, std::string_view message);

}  // namespace wattgrind
