#include "cli/serve/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/serve/http_connection.h"
#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

using Clock = std::chrono::steady_clock;

struct SocketAddress {
  sockaddr_storage bytes = {};
  socklen_t size = 0;
};

SocketAddress address_of(const std::string& text, uint16_t port) {
  SocketAddress address;
  auto* const four = reinterpret_cast<sockaddr_in*>(&address.bytes);
  auto* const six = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof *four;
  } else if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.size = sizeof *six;
  } else {
    fail(ErrorKind::kUsage, "--bind {}: wanted an address in numbers: 127.0.0.1, ::1, 0.0.0.0",
         text);
  }
  return address;
}

int listening_socket(const std::string& text, uint16_t port) {
  const SocketAddress address = address_of(text, port);
  const auto* const bytes = reinterpret_cast<const sockaddr*>(&address.bytes);
  const int descriptor =
      socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail(ErrorKind::kFailed, "cannot make a socket: {}", std::strerror(errno));
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, bytes, address.size) == 0 && listen(descriptor, SOMAXCONN) == 0) {
    return descriptor;
  }
  const int error = errno;
  close(descriptor);
  fail(ErrorKind::kFailed, "cannot listen on {} port {}: {}; --port takes another", text, port,
       std::strerror(error));
}

// As many descriptors as the system lets us have, up to what the limits can use.
size_t raise_descriptors(size_t wanted) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  constexpr size_t kOurs = 128;  // files, pipes of workers
  const rlim_t target = std::min<rlim_t>(limit.rlim_max, wanted + kOurs);
  if (limit.rlim_cur < target) {
    limit.rlim_cur = target;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return std::min<size_t>(wanted, limit.rlim_cur > 2 * kOurs ? limit.rlim_cur - kOurs : kOurs);
}

}  // namespace

class HttpServer::Loop {
 public:
  Loop(const std::string& address, uint16_t port, const ServerLimits& limits)
      : limits_(limits), listener_(listening_socket(address, port)) {
    limits_.connections = raise_descriptors(limits.connections);
    waker_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (waker_ < 0) fail(ErrorKind::kFailed, "cannot make an eventfd: {}", std::strerror(errno));
  }
  ~Loop() {
    close(listener_);
    close(waker_);
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uint16_t port() const {
    sockaddr_storage address = {};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }

  void run(HttpHandler& handler) {
    while (!stopped_ && !interrupted()) turn(handler);
  }

  void wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(waker_, &one, sizeof one);
  }

  void stop() {
    stopped_ = true;
    wake();
  }

 private:
  void turn(HttpHandler& handler) {
    constexpr size_t kOthers = 3;
    std::vector<pollfd> waits = {
        {listener_, POLLIN, 0}, {waker_, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
    for (const auto& connection : connections_) {
      waits.push_back({connection->descriptor(), connection->wanted_events(), 0});
    }
    if (poll(waits.data(), waits.size(), milliseconds_left()) < 0 && errno != EINTR) {
      fail(ErrorKind::kFailed, "poll: {}", std::strerror(errno));
    }
    const Clock::time_point now = Clock::now();
    for (size_t i = 0; i < connections_.size(); ++i) {
      if (const short events = waits[kOthers + i].revents; events != 0) {
        connections_[i]->proceed(events, handler, now);
      }
    }
    if (waits[1].revents != 0) answer_those_that_wait(handler, now);
    end_what_is_over(handler, now);
    if (waits[0].revents != 0) accept_all(now);
  }

  int milliseconds_left() const {
    constexpr std::chrono::milliseconds kLongest(60'000);
    Clock::time_point first = Clock::now() + kLongest;
    for (const auto& connection : connections_) first = std::min(first, connection->deadline());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
    return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
  }

  void answer_those_that_wait(HttpHandler& handler, Clock::time_point now) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(waker_, &count, sizeof count);
    for (const auto& connection : connections_) connection->look_for_answer(handler, now);
  }

  void end_what_is_over(HttpHandler& handler, Clock::time_point now) {
    size_t buffered = 0;
    for (const auto& connection : connections_) {
      if (!connection->is_over() && connection->deadline() <= now) {
        connection->time_out(handler, now);
      }
      buffered += connection->buffered_bytes();
      if (buffered > limits_.buffered_bytes && connection->is_reading()) {
        buffered -= connection->buffered_bytes();
        connection->refuse(json_error(503, "too much is being uploaded at once"), now);
      }
    }
    while (buffered > limits_.buffered_bytes) {
      HttpConnection* slowest = slowest_sender();
      if (slowest == nullptr) break;
      buffered -= slowest->buffered_bytes();
      slowest->cut();
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->is_over(); });
  }

  HttpConnection* slowest_sender() const {
    HttpConnection* slowest = nullptr;
    for (const auto& connection : connections_) {
      if (!connection->is_sending()) continue;
      if (slowest == nullptr || connection->since() < slowest->since()) slowest = connection.get();
    }
    return slowest;
  }

  void accept_all(Clock::time_point now) {
    while (true) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        // Without descriptors the oldest goes, so that the next turn has one.
        if (errno == EMFILE || errno == ENFILE) drop_the_oldest();
        return;
      }
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connections_.size() >= limits_.connections) drop_the_oldest();
      if (connections_.size() >= limits_.connections) {
        close(descriptor);
        return;
      }
      connections_.push_back(std::make_unique<HttpConnection>(descriptor, now, limits_));
    }
  }

  // Of those that have no whole request: whoever says nothing gives way to who may.
  void drop_the_oldest() {
    auto oldest = connections_.end();
    for (auto at = connections_.begin(); at != connections_.end(); ++at) {
      if (!(*at)->is_reading()) continue;
      if (oldest == connections_.end() || (*at)->since() < (*oldest)->since()) oldest = at;
    }
    if (oldest != connections_.end()) connections_.erase(oldest);
  }

  ServerLimits limits_;
  int listener_ = -1;
  int waker_ = -1;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::atomic<bool> stopped_ = false;
};

HttpServer::HttpServer(const std::string& address, uint16_t port, const ServerLimits& limits)
    : loop_(std::make_unique<Loop>(address, port, limits)) {}

HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const { return loop_->port(); }
void HttpServer::run(HttpHandler& handler) { loop_->run(handler); }
void HttpServer::wake() { loop_->wake(); }
void HttpServer::stop() { loop_->stop(); }

}  // namespace wattgrind
