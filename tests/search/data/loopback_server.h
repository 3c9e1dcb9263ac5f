// An HTTP server on the loopback interface that misbehaves on demand.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wattgrind {

class LoopbackServer {
 public:
  struct Behaviour {
    bool resumes = true;                  // answers ranges; else always sends the whole file
    std::optional<size_t> cut_off_after;  // bytes of content, then the connection is closed
    bool missing = false;                 // 404
  };

  LoopbackServer(std::map<std::string, std::string> files, Behaviour behaviour);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string address() const;  // "http://127.0.0.1:PORT"
  // First bytes that were asked for, by request: 0 where there was no range.
  std::vector<size_t> starts() const;
  void behave(Behaviour behaviour);

 private:
  void serve();
  void answer(int connection);

  std::map<std::string, std::string> files_;  // by path, without the slash
  mutable std::mutex mutex_;
  Behaviour behaviour_;
  std::vector<size_t> starts_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace wattgrind
