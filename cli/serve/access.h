// Who may talk to the server: no page of another site, whatever name it gives our address, and
// beyond this computer nobody without the token.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/serve/http_message.h"

namespace wattgrind {

struct AccessRules {
  uint16_t port = 0;
  bool loopback = true;              // whether only this computer reaches us
  std::vector<std::string> hosts;    // other names of ours, in lower case
  std::optional<std::string> token;  // what a client shows, as a bearer or in its cookie
};

// Why the request is refused, as its answer; absent: it is not. Checked are
// - Host: a name that is not ours is that of a page whose name was bound anew to our address;
// - Origin and Sec-Fetch-Site of what changes anything: another site's form or script;
// - the token, compared in a time that tells nothing of where it differs. A GET of "/?token=..."
//   is answered by a cookie and a way to "/".
std::optional<HttpResponse> refuse_access(const HttpRequest& request, const AccessRules& rules);

// In a time that depends on the length of `given` alone.
bool equal_in_constant_time(std::string_view given, std::string_view secret);

// 32 hexadecimal digits from the system's source of randomness.
std::string random_token();

}  // namespace wattgrind
