// Chen's findings (2016), tried on estimates and on this computer.
#pragma once

namespace wattgrind {

// Prints a line a finding: what he says, in numbers, and the same of estimates (on the profile
// nearest to his machine, at the steady state) and of measurements here.
void print_findings();

// Whole networks against the sums of their layers run alone, and by kind of layer.
void print_wholes();

}  // namespace wattgrind
