// Running Average Power Limit: the energy counters of Intel and AMD CPUs, through the kernel's
// powercap zones (Documentation/power/powercap/powercap.rst).
//
// The total is every package plus every DRAM zone; zones that show one counter count once, whatever
// they are called (the dies of one package may each show the package's). Core and uncore are parts
// of their package, and psys holds the packages: they are reported, not added. intel-rapl-mmio
// shows the same counters as intel-rapl and is left alone. What RAPL does not see: the power
// supply, fans, disks.
//
// A read that fails while a load runs loses nothing, because the counter goes on; the first and
// last reads of a run are tried for a tenth of a second.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_rapl_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
