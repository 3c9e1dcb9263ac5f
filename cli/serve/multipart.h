// The fields of an HTML form (RFC 7578 and urlencoded).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/serve/http_message.h"

namespace wattgrind {

// The fields by name, files as their content; of a name that comes twice the last. Absent where the
// body is no form.
using FormFields = std::map<std::string, std::string>;
std::optional<FormFields> read_form(const HttpRequest& request);

}  // namespace wattgrind
