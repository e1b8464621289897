// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include "serve/http/message.hpp"

namespace evenray {

/// What becomes of a request whose headers are there.
struct Admission {
  uint64_t body_bytes = 0;  ///< a larger body gets 413
  int refuse = 0;           ///< if not 0: this status at once, without reading the body
};

/// Where a server listens and what it bears.
struct HttpOptions {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6, in digits
  int port = 8080;                    ///< 0: any free one
  std::string certificate, key;       ///< PEM files; empty: no TLS
  int handlers = 16;                  ///< requests that are answered at the same time
  int most_connections = 512;         ///< further ones are closed at once
  int most_of_peer = 256;             ///< the same for one address
  uint64_t header_bytes = 16 << 10;   ///< of the start line and all headers
  double header_s = 10;               ///< until the headers are there, and between two requests
  double body_s = 60;                 ///< until the body is there, and to take an answer
  uint64_t all_bodies = 192'000'000;  ///< of all requests at a time; further ones get 503
  /// Asked when the headers of a request are there; the default takes bodies of 1 MB.
  std::function<Admission(const HttpRequest& without_body)> admit;
};

/// An HTTP/1.1 server (Boost.Beast). It never decompresses a request and knows no ranges. Requests
/// with broken targets get 400, too large headers 431, too large bodies 413, unknown methods 405;
/// those cut short or too slow are dropped. After a refusal the rest of a request is read for a
/// while and thrown away, so that the client sees the answer. Exceptions of the handler become 500.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// Opens the port. Throws 73 if it is taken or may not be opened, 78 for another address, 65 for
  /// a certificate or key that cannot be used.
  HttpServer(const HttpOptions& options, Handler handler);
  ~HttpServer();

  int port() const;
  /// Serves until `stop` returns true (asked 5 times per second), then finishes running requests.
  void run(const std::function<bool()>& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace evenray
