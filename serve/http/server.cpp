// SPDX-License-Identifier: Apache-2.0
#include "serve/http/server.hpp"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <limits>
#include <thread>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "serve/http/connection_count.hpp"

namespace evenray {
namespace http_server {  // not unnamed: State has members of these types

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;
using net::ip::tcp;

constexpr int kNetworkThreads = 1;
constexpr size_t kDiscardBytes = 64 << 10;

inline std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

inline std::string text_of(boost::string_view text) { return {text.data(), text.size()}; }

inline HttpResponse plain(int status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {status, cat(status, " ", text_of(reason), "\n"), "text/plain; charset=utf-8", {}};
}

/// What all connections share.
struct Shared {
  HttpOptions options;
  HttpServer::Handler handler;
  net::thread_pool handlers;
  ConnectionCount count;
  std::atomic<uint64_t> bodies{0};  ///< bytes that all bodies together may have
  std::atomic<bool> stopping{false};

  Shared(const HttpOptions& given, HttpServer::Handler answers)
      : options(given),
        handler(std::move(answers)),
        handlers(static_cast<size_t>(given.handlers)),
        count(given.most_connections, given.most_of_peer) {}
};

/// One connection. Its members are used on its strand, but for the request while it is answered.
template <class Stream>
class Connection final : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  static constexpr bool kSecure = !std::is_same_v<Stream, beast::tcp_stream>;

  template <class... Args>
  Connection(std::shared_ptr<Shared> shared, std::string peer, Args&&... args)
      : owner_(std::move(shared)),
        shared_(*owner_),
        peer_(std::move(peer)),
        stream_(std::forward<Args>(args)...) {}
  ~Connection() {
    give_back();
    shared_.count.leave(peer_);
  }

  void start() {
    net::dispatch(stream_.get_executor(), [self = this->shared_from_this()] {
      if constexpr (kSecure) {
        self->expire(self->shared_.options.header_s);
        self->stream_.async_handshake(net::ssl::stream_base::server, [self](error_code error) {
          if (!error) self->read_header();
        });
      } else {
        self->read_header();
      }
    });
  }

 private:
  using Header = http::request_parser<http::empty_body>;
  using Body = http::request_parser<http::string_body>;

  void expire(double seconds) {
    beast::get_lowest_layer(stream_).expires_after(milliseconds(seconds));
  }

  void read_header() {
    if (shared_.stopping) return close();
    header_.emplace();
    body_.reset();
    header_->header_limit(static_cast<uint32_t>(shared_.options.header_bytes));
    // Checked in take_header(). (In Boost 1.74, boost::none refuses every body.)
    header_->body_limit(std::numeric_limits<uint64_t>::max());
    expire(shared_.options.header_s);
    http::async_read_header(
        stream_, buffer_, *header_, [self = this->shared_from_this()](error_code error, size_t) {
          self->take_header(error);
        });
  }

  void take_header(error_code error) {
    if (error == http::error::header_limit) return refuse(431);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      return refuse(400);
    if (error) return close();
    const auto& message = header_->get();
    request_ = {};
    request_.method = text_of(message.method_string());
    request_.peer = peer_;
    request_.secure = kSecure;
    for (const auto& field : message) {
      std::string& value = request_.headers[lower(text_of(field.name_string()))];
      value += (value.empty() ? "" : ", ") + text_of(field.value());
    }
    if (!parse_target(text_of(message.target()), request_.path, request_.query)) return refuse(400);
    constexpr std::array kMethods{"GET", "HEAD", "POST", "PUT", "DELETE"};
    if (std::count(kMethods.begin(), kMethods.end(), request_.method) == 0) return refuse(405);
    const auto admission = admitted();
    if (admission.refuse != 0) return refuse(admission.refuse);
    const uint64_t most = admission.body_bytes;
    const auto length = header_->content_length();
    if (length && *length > most) return refuse(413);
    if (!claim(length ? *length : header_->chunked() ? most : 0)) return refuse(503);
    body_.emplace(std::move(*header_));
    header_.reset();
    body_->body_limit(most);
    if (request_.header("expect") == "100-continue") return allow_body();
    read_body();
  }

  Admission admitted() const {
    if (!shared_.options.admit) return {1'000'000};
    try {
      return shared_.options.admit(request_);
    } catch (const std::exception& error) {
      log_error(cat("a request failed: ", error.what()));
      return {0, 500};
    }
  }

  /// Reserves memory for a body; false if there is too little.
  bool claim(uint64_t bytes) {
    claimed_ = bytes;
    if (shared_.bodies.fetch_add(bytes) + bytes <= shared_.options.all_bodies) return true;
    give_back();
    return false;
  }
  void give_back() {
    shared_.bodies -= claimed_;
    claimed_ = 0;
  }

  /// Tells the client to send its body.
  void allow_body() {
    auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    expire(shared_.options.header_s);
    http::async_write(
        stream_, *go_on, [self = this->shared_from_this(), go_on](error_code error, size_t) {
          if (error) return self->close();
          self->read_body();
        });
  }

  void read_body() {
    expire(shared_.options.body_s);
    http::async_read(
        stream_, buffer_, *body_, [self = this->shared_from_this()](error_code error, size_t) {
          if (error == http::error::body_limit) return self->refuse(413);
          if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension)
            return self->refuse(400);
          if (error) return self->close();
          self->answer();
        });
  }

  void answer() {
    keep_alive_ = body_->keep_alive() && !shared_.stopping;
    request_.body = std::move(body_->get().body());
    body_.reset();
    beast::get_lowest_layer(stream_).expires_never();  // the handler bounds its own time
    net::post(shared_.handlers, [self = this->shared_from_this()] {
      HttpResponse response;
      try {
        response = self->shared_.handler(self->request_);
      } catch (const std::exception& error) {
        log_error(cat("a request failed: ", error.what()));
        response = plain(500);
      }
      net::post(self->stream_.get_executor(), [self, response = std::move(response)]() mutable {
        self->write(std::move(response));
      });
    });
  }

  /// Answers before the body was read, and closes.
  void refuse(int status) {
    keep_alive_ = false;
    refused_ = true;
    write(plain(status));
  }

  /// Throws away what the client still sends, for a while: a connection that is closed with data
  /// unread is reset, and the client would not see the answer.
  void discard(int reads = 0) {
    constexpr int kMostReads = 4096;
    error_code ignored;
    if (reads == 0)
      beast::get_lowest_layer(stream_).socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (reads == kMostReads) return close();
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kDiscardBytes),
                            [self = this->shared_from_this(), reads](error_code error, size_t) {
                              error ? self->close() : self->discard(reads + 1);
                            });
  }

  void write(HttpResponse response) {
    response_.emplace(static_cast<http::status>(response.status), 11);
    response_->set(http::field::content_type, response.type);
    for (const auto& [name, value] : response.headers) {
      const bool broken = std::any_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      });
      if (!broken) response_->insert(name, value);
    }
    response_->keep_alive(keep_alive_);
    response_->content_length(response.body.size());
    if (request_.method != "HEAD") response_->body() = std::move(response.body);
    request_ = {};
    give_back();
    expire(shared_.options.body_s);
    serializer_.emplace(*response_);
    const auto then = [self = this->shared_from_this()](error_code error, size_t) {
      self->serializer_.reset();
      self->response_.reset();
      if (!error && self->refused_) {
        self->expire(self->shared_.options.header_s);
        return self->discard();
      }
      if (error || !self->keep_alive_) return self->close();
      self->read_header();
    };
    if (head_only())
      http::async_write_header(stream_, *serializer_, then);
    else
      http::async_write(stream_, *serializer_, then);
  }

  bool head_only() const { return response_->body().empty(); }

  void close() {
    error_code ignored;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
  }

  std::shared_ptr<Shared> owner_;  ///< it must live as long as connections do
  Shared& shared_;
  std::string peer_;
  Stream stream_;
  beast::flat_buffer buffer_{64 << 10};
  std::optional<Header> header_;
  std::optional<Body> body_;
  HttpRequest request_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  uint64_t claimed_ = 0;
  bool keep_alive_ = false, refused_ = false;
};

}  // namespace http_server

using namespace http_server;

struct HttpServer::State {
  State(const HttpOptions& options, Handler handler)
      : shared(std::make_shared<Shared>(options, std::move(handler))), acceptor(network) {}

  void accept();
  void take(tcp::socket socket);

  net::io_context network{kNetworkThreads};
  std::shared_ptr<Shared> shared;
  tcp::acceptor acceptor;
  std::optional<net::ssl::context> tls;
};

void HttpServer::State::accept() {
  acceptor.async_accept(net::make_strand(network), [this](error_code error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      take(std::move(socket));
      return accept();
    }
    // Without free file descriptors, accepting again at once would only spin.
    auto timer = std::make_shared<net::steady_timer>(network, std::chrono::milliseconds(50));
    timer->async_wait([this, timer](error_code) { accept(); });
  });
}

void HttpServer::State::take(tcp::socket socket) {
  error_code error;
  const auto end = socket.remote_endpoint(error);
  if (error) return;
  const std::string peer = end.address().to_string();
  if (!shared->count.enter(peer)) return;  // the socket's destructor closes it
  socket.set_option(tcp::no_delay(true), error);
  if (tls)
    std::make_shared<Connection<beast::ssl_stream<beast::tcp_stream>>>(
        shared, peer, std::move(socket), *tls)
        ->start();
  else
    std::make_shared<Connection<beast::tcp_stream>>(shared, peer, std::move(socket))->start();
}

HttpServer::HttpServer(const HttpOptions& options, Handler handler)
    : state_(std::make_unique<State>(options, std::move(handler))) {
  error_code error;
  const auto address = net::ip::make_address(options.address, error);
  check(!error,
        Exit::config,
        cat("'", options.address, "' is no IP address; give digits, for example 127.0.0.1"));
  if (!options.certificate.empty()) {
    auto& tls = state_->tls.emplace(net::ssl::context::tls_server);
    tls.set_options(net::ssl::context::no_tlsv1 | net::ssl::context::no_tlsv1_1 |
                    net::ssl::context::default_workarounds);
    tls.use_certificate_chain_file(options.certificate, error);
    check(!error, Exit::bad_data, cat(options.certificate, ": ", error.message()));
    tls.use_private_key_file(options.key, net::ssl::context::pem, error);
    check(!error, Exit::bad_data, cat(options.key, ": ", error.message()));
  }
  const tcp::endpoint end(address, static_cast<uint16_t>(options.port));
  auto& acceptor = state_->acceptor;
  acceptor.open(end.protocol(), error);
  if (!error) acceptor.set_option(net::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(end, error);
  if (!error) acceptor.listen(net::socket_base::max_listen_connections, error);
  check(!error,
        Exit::cannot_create,
        cat("cannot listen on ",
            options.address,
            " port ",
            options.port,
            ": ",
            error.message(),
            "; give another port with --listen"));
}

HttpServer::~HttpServer() = default;

int HttpServer::port() const { return state_->acceptor.local_endpoint().port(); }

void HttpServer::run(const std::function<bool()>& stop) {
  State& state = *state_;
  state.accept();
  std::thread network([&] { state.network.run(); });
  while (!stop()) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  state.shared->stopping = true;
  net::post(state.network, [&] {
    error_code ignored;
    state.acceptor.close(ignored);
  });
  state.shared->handlers.join();
  // Answers that are being written get a moment.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  state.network.stop();
  network.join();
}

}  // namespace evenray
