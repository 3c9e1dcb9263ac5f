// A connection of the server: what has come of a request, what has gone of its answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "cli/serve/http_server.h"

namespace wattgrind {

class HttpConnection {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Owns the descriptor, which does not block.
  HttpConnection(int descriptor, Time now, const ServerLimits& limits);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  int descriptor() const { return descriptor_; }
  short wanted_events() const;  // for poll(2)
  Time deadline() const { return deadline_; }
  bool is_over() const { return phase_ == Phase::kOver; }
  // Waits for a request, or for the rest of one: it may be closed where others want its place.
  bool is_reading() const { return phase_ == Phase::kReading; }
  Time since() const { return since_; }
  // Has an answer that its client has not taken yet.
  bool is_sending() const { return phase_ == Phase::kSending; }
  // Of requests and answers.
  size_t buffered_bytes() const { return input_.size() + output_.size(); }

  // Something can be read or written, or went wrong.
  void proceed(short events, HttpHandler& handler, Time now);
  // Looks whether the answer that it waits for is there.
  void look_for_answer(HttpHandler& handler, Time now);
  // Its deadline is over.
  void time_out(HttpHandler& handler, Time now);
  // Ends it, whatever its client still waits for.
  void cut() { phase_ = Phase::kOver; }
  // Refuses what is being read.
  void refuse(const HttpResponse& response, Time now);

 private:
  enum class Phase { kReading, kWaiting, kSending, kClosing, kOver };

  void receive(HttpHandler& handler, Time now);
  void look_for_request(HttpHandler& handler, Time now);
  void take(HttpAnswer answer, Time now);
  void begin_sending(const HttpResponse& response, Time now);
  void send_more(HttpHandler& handler, Time now);
  void begin_closing(Time now);

  int descriptor_;
  const ServerLimits& limits_;
  Phase phase_ = Phase::kReading;
  Time since_;     // of the phase
  Time deadline_;  // of the phase
  std::string input_, output_;
  size_t sent_ = 0;
  std::optional<LaterAnswer> later_;
  bool admitted_ = false;    // the head has been looked at, and the body's time runs
  bool keep_alive_ = false;  // after this answer
  bool with_body_ = true;    // of this answer
};

}  // namespace wattgrind
