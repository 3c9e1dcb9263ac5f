#include "tests/search/study/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace wattgrind {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

struct Way {
  int client = -1, server = -1;
};

}  // namespace

CuttingProxy::CuttingProxy(int to_port) : to_port_(to_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

CuttingProxy::~CuttingProxy() {
  thread_.request_stop();
  thread_.join();
  close(listener_);
}

void CuttingProxy::serve(const std::stop_token& stop) {
  std::vector<Way> ways;
  std::array<char, 65536> buffer;
  const auto cut = [](Way& way) {
    close(way.client);
    close(way.server);
    way = {};
  };
  while (!stop.stop_requested()) {
    std::vector<pollfd> waits = {{listener_, POLLIN, 0}};
    for (const Way& way : ways) {
      waits.push_back({way.client, POLLIN, 0});
      waits.push_back({way.server, POLLIN, 0});
    }
    poll(waits.data(), waits.size(), 20);
    for (size_t i = 0; i < ways.size(); ++i) {
      Way& way = ways[i];
      if (waits[1 + 2 * i].revents != 0) {
        const ssize_t got = read(way.client, buffer.data(), buffer.size());
        if (got <= 0 || write(way.server, buffer.data(), static_cast<size_t>(got)) != got) {
          cut(way);
          continue;
        }
      }
      if (waits[2 + 2 * i].revents == 0) continue;
      const ssize_t got = read(way.server, buffer.data(), buffer.size());
      if (left_ >= 0 && got > 0 && (left_ -= got) < 0) {
        ++cuts_;
        cut(way);
      } else if (got <= 0 || write(way.client, buffer.data(), static_cast<size_t>(got)) != got) {
        cut(way);
      }
    }
    std::erase_if(ways, [](const Way& way) { return way.client < 0; });
    if (waits[0].revents == 0) continue;
    Way way = {accept(listener_, nullptr, nullptr), socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(to_port_);
    if (connect(way.server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      cut(way);
    } else {
      ways.push_back(way);
    }
  }
  for (Way& way : ways) cut(way);
}

}  // namespace wattgrind
