// Texts against files that people read, under tests/golden. WATTGRIND_UPDATE_GOLDEN=1 writes the
// files anew.
#pragma once

#include <string>

namespace wattgrind {

// Expects `text` to be that of tests/golden/NAME.txt.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace wattgrind
