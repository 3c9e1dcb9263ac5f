// Where tests find the sources, the program and what is shared beside the checkout.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// A path of the source tree: source_path("configs/networks/lenet5.json").
std::string source_path(std::string_view relative);

// The program under test.
std::string program_path();

// What must stand before a program of the processor that the tests are built for, where they were
// built on another.
const std::vector<std::string>& emulator();

// The environment's "PATH=..." for programs that tests start: of the system's own, or, under an
// emulator, as it is here, so that Valgrind can be one that the emulator runs.
std::string search_path();

// Published readings and data, which are not part of the project: the folder that WATTGRIND_DATA
// named when this was first asked for, else "shared" beside the source tree. It need not be there.
const std::filesystem::path& shared_folder();

}  // namespace wattgrind
