// Chen's characterisation of the energy of convolutional networks (2016), finding by finding, and
// GPU clocks by the model of operating points.
#include <string_view>

#include "experiments/characterisation/clocks.h"
#include "experiments/characterisation/findings.h"
#include "experiments/experiment.h"

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("characterisation", [&] {
    const std::string_view part = argc > 1 ? argv[1] : "all";
    if (part == "all" || part == "clocks") wattgrind::print_clocks();
    if (part == "all" || part == "findings") wattgrind::print_findings();
    if (part == "all" || part == "wholes") wattgrind::print_wholes();
    return 0;
  });
}
