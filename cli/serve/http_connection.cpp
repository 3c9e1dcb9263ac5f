#include "cli/serve/http_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace wattgrind {
namespace {

// What recv(2) and send(2) say when there is nothing to do now.
bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

HttpConnection::HttpConnection(int descriptor, Time now, const ServerLimits& limits)
    : descriptor_(descriptor), limits_(limits), since_(now), deadline_(now + limits.head_time) {}

HttpConnection::~HttpConnection() { close(descriptor_); }

short HttpConnection::wanted_events() const {
  switch (phase_) {
    case Phase::kReading:
    case Phase::kClosing:
      return POLLIN;
    case Phase::kSending:
      return POLLOUT;
    case Phase::kWaiting:  // a client that goes away is told of by POLLHUP in any case
    case Phase::kOver:
      return 0;
  }
  return 0;
}

void HttpConnection::proceed(short events, HttpHandler& handler, Time now) {
  if ((events & (POLLERR | POLLNVAL)) != 0 || ((events & POLLHUP) != 0 && (events & POLLIN) == 0)) {
    phase_ = Phase::kOver;
    return;
  }
  switch (phase_) {
    case Phase::kReading:
    case Phase::kClosing:
      receive(handler, now);
      break;
    case Phase::kSending:
      send_more(handler, now);
      break;
    case Phase::kWaiting:
    case Phase::kOver:
      break;
  }
}

// One read a turn: a client that sends without end gets no more turns than others.
void HttpConnection::receive(HttpHandler& handler, Time now) {
  std::array<char, 1 << 16> buffer;
  const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (count < 0 && would_block(errno)) return;
  if (count <= 0) {
    phase_ = Phase::kOver;
    return;
  }
  if (phase_ == Phase::kClosing) return;  // what comes after the answer is let go
  input_.append(buffer.data(), static_cast<size_t>(count));
  look_for_request(handler, now);
}

void HttpConnection::look_for_request(HttpHandler& handler, Time now) {
  HttpReading reading = read_http(input_, limits_.http);
  with_body_ = reading.request.method != "HEAD";
  if (reading.state == HttpReading::State::kHead) return;
  if (reading.state == HttpReading::State::kRefused) {
    refuse(reading.refusal, now);
    return;
  }
  if (!admitted_) {
    admitted_ = true;
    deadline_ = now + limits_.body_time;
    if (const auto refusal = handler.refuse(reading.request)) {
      refuse(*refusal, now);
      return;
    }
    if (reading.wants_continue && reading.state == HttpReading::State::kBody) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      // What a client's empty buffers do not take, it does not get: it sends the body all the same.
      [[maybe_unused]] const ssize_t sent =
          send(descriptor_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
  if (reading.state == HttpReading::State::kBody) return;
  input_.erase(0, reading.bytes);
  input_.shrink_to_fit();
  admitted_ = false;
  keep_alive_ = reading.request.keep_alive;
  take(handler.answer(reading.request), now);
}

void HttpConnection::take(HttpAnswer answer, Time now) {
  if (auto* const later = std::get_if<LaterAnswer>(&answer)) {
    phase_ = Phase::kWaiting;
    since_ = now;
    deadline_ = later->end;
    later_ = std::move(*later);
    return;
  }
  begin_sending(std::get<HttpResponse>(answer), now);
}

void HttpConnection::look_for_answer(HttpHandler& handler, Time now) {
  if (phase_ != Phase::kWaiting) return;
  const std::optional<HttpResponse> response = later_->ready(now >= deadline_);
  if (!response) return;
  later_.reset();
  begin_sending(*response, now);
  send_more(handler, now);
}

void HttpConnection::time_out(HttpHandler& handler, Time now) {
  if (phase_ == Phase::kWaiting) {
    look_for_answer(handler, now);
    return;
  }
  if (phase_ == Phase::kReading && !input_.empty()) {
    refuse(json_error(408, "the request did not come in time"), now);
    return;
  }
  phase_ = Phase::kOver;
}

void HttpConnection::refuse(const HttpResponse& response, Time now) {
  input_.clear();
  input_.shrink_to_fit();
  keep_alive_ = false;
  begin_sending(response, now);
}

void HttpConnection::begin_sending(const HttpResponse& response, Time now) {
  output_ = response_bytes(response, with_body_, keep_alive_);
  sent_ = 0;
  phase_ = Phase::kSending;
  since_ = now;
  deadline_ = now + limits_.send_time;
}

void HttpConnection::send_more(HttpHandler& handler, Time now) {
  const ssize_t count =
      send(descriptor_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
  if (count < 0) {
    if (!would_block(errno)) phase_ = Phase::kOver;
    return;
  }
  sent_ += static_cast<size_t>(count);
  if (sent_ < output_.size()) return;
  std::string().swap(output_);
  if (!keep_alive_) {
    begin_closing(now);
    return;
  }
  phase_ = Phase::kReading;
  since_ = now;
  deadline_ = now + limits_.head_time;
  if (!input_.empty()) look_for_request(handler, now);
}

// A connection that is closed on bytes that nobody read is reset, and its client may lose the
// answer: so we say that we are done, and read on for a while.
void HttpConnection::begin_closing(Time now) {
  shutdown(descriptor_, SHUT_WR);
  phase_ = Phase::kClosing;
  since_ = now;
  deadline_ = now + limits_.closing_time;
}

}  // namespace wattgrind
