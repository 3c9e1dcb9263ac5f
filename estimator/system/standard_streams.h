// What a program does first about the streams and signals it was started with.
#pragma once

namespace wattgrind {

// A standard descriptor that came closed is taken by one that nothing can be read from or written
// to: the next file opened would get its number, and messages would be written into it. From then
// on a write that nobody reads (a broken pipe) or that a limit forbids (ulimit -f) is an error that
// write() returns, not a signal that ends the process without its temporary folders removed.
// Processes that are started (estimator/system/process.h) have their signals as usual.
void secure_standard_streams();

}  // namespace wattgrind
