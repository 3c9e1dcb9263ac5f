// A client of HTTP that says exactly what a test wants said, well formed or not.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace wattgrind {

class TestClient {
 public:
  explicit TestClient(uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  TestClient(TestClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), connected_(other.connected_) {}
  ~TestClient() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return connected_; }

  // False where the server has closed the connection.
  bool say(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }
  void say_no_more() const { shutdown(descriptor_, SHUT_WR); }

  // One answer whole, or what there was of it when the server closed or `longest` was over.
  std::string hear(std::chrono::milliseconds longest = std::chrono::milliseconds(20'000)) {
    const auto end = std::chrono::steady_clock::now() + longest;
    while (!is_whole()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd wait = {descriptor_, POLLIN, 0};
      if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) <= 0) break;
      std::array<char, 1 << 16> buffer;
      const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (count <= 0) {
        closed_ = true;
        break;
      }
      heard_.append(buffer.data(), static_cast<size_t>(count));
    }
    return std::exchange(heard_, {});
  }
  bool closed() const { return closed_; }

 private:
  bool is_whole() const {
    const size_t head = heard_.find("\r\n\r\n");
    const size_t length = heard_.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos || length > head) return false;
    return heard_.size() >= head + 4 + std::strtoul(heard_.c_str() + length + 16, nullptr, 10);
  }

  int descriptor_;
  bool connected_ = false;
  bool closed_ = false;
  std::string heard_;
};

inline int status_of_answer(const std::string& answer) {
  return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
}

inline std::string body_of_answer(const std::string& answer) {
  const size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

}  // namespace wattgrind
