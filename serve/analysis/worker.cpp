// SPDX-License-Identifier: Apache-2.0
#include "serve/analysis/worker.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr uint64_t kMostJson = 16 << 20, kMostBytes = uint64_t{1} << 30;

/// The sizes before each message.
struct MessageHead {
  uint64_t json = 0, bytes = 0;
};

using Clock = std::chrono::steady_clock;
using Deadline = std::optional<Clock::time_point>;  ///< nullopt: none

enum class Transfer { done, ended, late };

/// Waits until the socket is ready for `events`.
Transfer wait_for(int socket, short events, const Deadline& deadline) {
  for (;;) {
    int left = -1;
    if (deadline) {
      left = static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count());
      if (left <= 0) return Transfer::late;
    }
    pollfd one{socket, events, 0};
    const int ready = ::poll(&one, 1, left);
    if (ready > 0) return Transfer::done;
    if (ready < 0 && errno != EINTR) return Transfer::ended;
  }
}

Transfer send_all(int socket, const void* data, size_t bytes, const Deadline& deadline) {
  const auto* at = static_cast<const char*>(data);
  while (bytes > 0) {
    if (const auto waited = wait_for(socket, POLLOUT, deadline); waited != Transfer::done)
      return waited;
    const ssize_t sent = ::send(socket, at, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return Transfer::ended;
    at += sent;
    bytes -= static_cast<size_t>(sent);
  }
  return Transfer::done;
}

Transfer receive_all(int socket, void* data, size_t bytes, const Deadline& deadline) {
  auto* at = static_cast<char*>(data);
  while (bytes > 0) {
    if (const auto waited = wait_for(socket, POLLIN, deadline); waited != Transfer::done)
      return waited;
    const ssize_t got = ::recv(socket, at, bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Transfer::ended;
    at += got;
    bytes -= static_cast<size_t>(got);
  }
  return Transfer::done;
}

Transfer send_message(int socket,
                      const Json& json,
                      std::string_view bytes,
                      const Deadline& deadline) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  const MessageHead head{text.size(), bytes.size()};
  for (const auto& [data, size] : {std::pair<const void*, size_t>{&head, sizeof head},
                                   {text.data(), text.size()},
                                   {bytes.data(), bytes.size()}})
    if (const auto sent = send_all(socket, data, size, deadline); sent != Transfer::done)
      return sent;
  return Transfer::done;
}

/// A message with sizes above the limits counts as ended: the other side is broken.
Transfer receive_message(int socket, WorkerMessage& message, const Deadline& deadline) {
  MessageHead head;
  if (const auto got = receive_all(socket, &head, sizeof head, deadline); got != Transfer::done)
    return got;
  if (head.json > kMostJson || head.bytes > kMostBytes) return Transfer::ended;
  std::string json(head.json, '\0');
  message.bytes.resize(head.bytes);
  for (const auto& [data, bytes] : {std::pair<void*, size_t>{json.data(), json.size()},
                                    {message.bytes.data(), message.bytes.size()}})
    if (const auto got = receive_all(socket, data, bytes, deadline); got != Transfer::done)
      return got;
  message.json = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  return message.json.is_object() ? Transfer::done : Transfer::ended;
}

/// From now on this thread, and those that it starts, may only read files, and only those of the
/// system and `readable`. Does nothing where the kernel has no Landlock (before Linux 5.13).
void restrict_files(const std::vector<std::string>& readable) {
  constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  landlock_ruleset_attr all{};
  all.handled_access_fs = kRead | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                          LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                          LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                          LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                          LANDLOCK_ACCESS_FS_MAKE_SYM;
  const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0));
  if (rules < 0) return;
  std::vector<std::string> allowed{"/usr", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev"};
  allowed.insert(allowed.end(), readable.begin(), readable.end());
  for (const auto& path : allowed) {
    landlock_path_beneath_attr below{};
    below.allowed_access =
        std::filesystem::is_directory(path) ? kRead : uint64_t{LANDLOCK_ACCESS_FS_READ_FILE};
    below.parent_fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (below.parent_fd < 0) continue;
    ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
    ::close(below.parent_fd);
  }
  ::syscall(SYS_landlock_restrict_self, rules, 0);
  ::close(rules);
}

/// The address space that this process uses, in bytes; 0 if it is not known.
uint64_t address_space() {
  std::ifstream in("/proc/self/statm");
  uint64_t pages = 0;
  in >> pages;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(int resource, uint64_t most) {
  const rlimit both{most, most};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

}  // namespace

Worker::Worker(std::vector<std::string> command, double timeout_s)
    : command_(std::move(command)), timeout_s_(timeout_s) {}

Worker::~Worker() { end(); }

void Worker::start() {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
        Exit::missing_resource,
        cat("cannot open a socket: ", std::strerror(errno)));
  std::vector<char*> words;
  for (auto& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    // Only calls that are safe after fork() in a program with threads.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(ends[1], STDIN_FILENO);
    // None of the server's sockets: Boost opens them without this flag.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    throw Error(Exit::missing_resource, cat("cannot start a process: ", std::strerror(errno)));
  }
  child_ = child;
  socket_ = ends[0];
}

void Worker::end() {
  if (socket_ >= 0) ::close(socket_);
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  socket_ = -1;
  child_ = 0;
}

WorkerMessage Worker::ask(const Json& json, std::string_view bytes) {
  const std::lock_guard lock(asking_);
  const Deadline deadline =
      Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(timeout_s_ * 1000));
  WorkerMessage answer;
  Transfer transfer = Transfer::ended;
  // A child may have died since its last answer or be ended from outside, for example for want of
  // memory: a second attempt, with a new child.
  for (int attempt = 0; attempt < 2 && transfer == Transfer::ended; ++attempt) {
    if (child_ == 0) start();
    transfer = send_message(socket_, json, bytes, deadline);
    if (transfer == Transfer::done) transfer = receive_message(socket_, answer, deadline);
    if (transfer != Transfer::done) end();
  }
  check(transfer != Transfer::late, Exit::bad_data, "reading the image took too long");
  check(transfer != Transfer::ended, Exit::bad_data, "the image ended the process that read it");
  if (answer.json.contains("error"))
    throw Error(static_cast<Exit>(answer.json.value("exit", 1)),
                answer.json["error"].get<std::string>());
  return answer;
}

void serve_worker(const WorkerLimits& limits,
                  const std::function<void()>& prepare,
                  const std::function<WorkerMessage(const WorkerMessage&)>& answer) {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::unshare(CLONE_NEWUSER | CLONE_NEWNET);  // not allowed everywhere
  restrict_files(limits.readable);          // before `prepare`, which may start threads
  std::optional<Error> not_ready;
  try {
    prepare();
  } catch (const Error& error) {
    not_ready = error;
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, static_cast<uint64_t>(limits.files));
  limit(RLIMIT_FSIZE, 0);
  if (const uint64_t used = address_space(); used > 0)
    limit(RLIMIT_AS, used + limits.more_memory_bytes);
  const Deadline none;
  WorkerMessage message;
  while (receive_message(STDIN_FILENO, message, none) == Transfer::done) {
    WorkerMessage out;
    const auto failed = [&](Exit code, const std::string& text) {
      out = {{{"error", text.substr(0, text.find('\n'))}, {"exit", static_cast<int>(code)}}, ""};
    };
    try {
      if (not_ready) throw Error(*not_ready);
      out = answer(message);
    } catch (const Error& error) {
      failed(error.code(), error.what());
    } catch (const std::bad_alloc&) {
      failed(Exit::bad_data, "the image needs too much memory");
    } catch (const std::exception& error) {
      failed(Exit::bad_data, error.what());
    }
    if (send_message(STDIN_FILENO, out.json, out.bytes, none) != Transfer::done) break;
  }
}

}  // namespace evenray
