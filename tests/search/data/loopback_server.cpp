#include "tests/search/data/loopback_server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace wattgrind {
namespace {

std::string receive_request(int connection) {
  std::string request;
  std::array<char, 4096> chunk;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) return "";
    request.append(chunk.data(), static_cast<size_t>(count));
  }
  return request;
}

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

}  // namespace

LoopbackServer::LoopbackServer(std::map<std::string, std::string> files, Behaviour behaviour)
    : files_(std::move(files)), behaviour_(behaviour) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, length) != 0 || listen(listener_, 8) != 0 ||
      getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("no loopback server");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string LoopbackServer::address() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<size_t> LoopbackServer::starts() const {
  const std::lock_guard lock(mutex_);
  return starts_;
}

void LoopbackServer::behave(Behaviour behaviour) {
  const std::lock_guard lock(mutex_);
  behaviour_ = behaviour;
}

void LoopbackServer::serve() {
  while (!stopping_) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    answer(connection);
    close(connection);
  }
}

void LoopbackServer::answer(int connection) {
  const std::string request = receive_request(connection);
  const size_t slash = request.find('/');
  if (slash == std::string::npos) return;
  const auto file = files_.find(request.substr(slash + 1, request.find(' ', slash) - slash - 1));
  constexpr std::string_view kRange = "\r\nRange: bytes=";
  const size_t range = request.find(kRange);
  const size_t start =
      range == std::string::npos ? 0 : std::stoul(request.substr(range + kRange.size()));

  const std::lock_guard lock(mutex_);
  starts_.push_back(start);
  if (behaviour_.missing || file == files_.end()) {
    send_all(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const bool partial = behaviour_.resumes && start > 0;
  const std::string_view whole = file->second;
  std::string_view content = whole;
  if (partial) content.remove_prefix(std::min(start, content.size()));
  send_all(connection, fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n",
                                   partial ? "206 Partial Content" : "200 OK", content.size()));
  if (partial) {
    send_all(connection, fmt::format("Content-Range: bytes {}-{}/{}\r\n", start, whole.size() - 1,
                                     whole.size()));
  }
  send_all(connection, "\r\n");
  send_all(connection, content.substr(0, behaviour_.cut_off_after.value_or(content.size())));
}

}  // namespace wattgrind
