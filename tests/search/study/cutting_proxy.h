// A way to a server that can be cut: between a client and a port of this host, in a thread.
#pragma once

#include <atomic>
#include <thread>

namespace wattgrind {

class CuttingProxy {
 public:
  explicit CuttingProxy(int to_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }
  // Lets so many bytes more pass from the server to clients, then drops the next ones and closes
  // that connection: the server did what it was asked, and nobody hears of it. New connections
  // pass.
  void drop_answers_after(int64_t bytes) { left_ = bytes; }
  uint64_t cuts() const { return cuts_; }

 private:
  void serve(const std::stop_token& stop);

  int to_port_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<int64_t> left_ = -1;  // below 0: no end
  std::atomic<uint64_t> cuts_ = 0;
  std::jthread thread_;
};

}  // namespace wattgrind
