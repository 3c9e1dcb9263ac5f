// Texts that people read and tests compare: the files of tests/golden.
#pragma once

#include <string>

namespace wattgrind {

// Expects `text` to be that of tests/golden/NAME.txt. WATTGRIND_UPDATE_GOLDEN=1 in the environment
// writes the file anew.
void expect_golden_text(const std::string& name, const std::string& text);

}  // namespace wattgrind
