#include "cli/terminal/failure.h"

#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

namespace wattgrind {

Failure describe_failure(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::kFailed, "out of memory"};
  } catch (const std::length_error&) {
    return {ErrorKind::kFailed, "out of memory: more was wanted than any memory can hold"};
  } catch (const std::filesystem::filesystem_error& error) {
    return {ErrorKind::kFailed,
            fmt::format("{}: {}", error.path1().string(), error.code().message())};
  } catch (const std::system_error& error) {
    // pthread_create(3) answers this whichever limit is reached.
    if (error.code() == std::errc::resource_unavailable_try_again) {
      return {ErrorKind::kMissing,
              "the system gives no more threads or processes: raise its limits (ulimit -u, -s, -v) "
              "or ask for fewer --jobs"};
    }
    return {ErrorKind::kFailed, fmt::format("unexpected: {}", error.what())};
  } catch (const std::exception& error) {
    return {ErrorKind::kFailed, fmt::format("unexpected: {}", error.what())};
  } catch (...) {
    return {ErrorKind::kFailed, "unexpected: an exception of an unknown type"};
  }
}

}  // namespace wattgrind
