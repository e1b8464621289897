// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/vet.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>

#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/store/file.hpp"

namespace evenray {
namespace {

/// Files up to this size are read completely for the seal at every opening (about 50 ms).
constexpr uint64_t kSmall = uint64_t{256} << 20;
/// A small store takes about 5 ms and 10 MB. A large one takes more in proportion to its columns,
/// since pixels are not read.
constexpr uint64_t kMemory = uint64_t{1} << 30;
constexpr uint64_t kLeastSeconds = 10, kBytesASecond = uint64_t{32} << 20;
/// The wall-clock limit is this many times the CPU limit: the disk may be slow, and other processes
/// may use the CPU.
constexpr uint64_t kPatience = 6;

struct Limits {
  uint64_t memory_bytes, cpu_seconds;
};

/// The memory limit is added to what the process has mapped already (a GPU's address space may be
/// huge).
Limits limits_for(const Path& path) {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const uint64_t bytes = std::filesystem::file_size(path);
  return {pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) + kMemory + 4 * bytes,
          kLeastSeconds + bytes / kBytesASecond};
}

void limit(__rlimit_resource resource, uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);
}

/// Runs in the forked child under limits and writes a fault to `report`. All standard streams are
/// discarded because HDF5 and the C library print while they crash.
[[noreturn]] void run_child(const Path& path, const Limits& limits, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(static_cast<int>(Exit::stopped));
  for (const int number :
       {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGINT, SIGTERM, SIGUSR2, SIGXCPU})
    ::signal(number, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, stream);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, limits.memory_bytes);
  limit(RLIMIT_CPU, limits.cpu_seconds);
  try {
    const StoreFile file(path, Seal::none);
    for (size_t part = 0; part < kParts.size(); ++part) file.read_columns(part);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    const bool reported = ::write(report, text.data(), text.size()) > 0;
    ::_exit(static_cast<int>(reported ? error.code() : Exit::failed));
  } catch (...) {
    ::_exit(static_cast<int>(Exit::failed));
  }
  ::_exit(static_cast<int>(Exit::done));
}

/// Returns what a child writes until it ends. Kills the child if that takes longer than `seconds`.
std::string read_report(pid_t child, int report, uint64_t seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  std::string text;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd waiting{report, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR && !stop_requested()) continue;
    if (ready <= 0) {
      ::kill(child, SIGKILL);
      return text;
    }
    char piece[512];
    const ssize_t got = ::read(report, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece, static_cast<size_t>(got));
  }
}

/// Opens the file in a child process first. The child is a fork, not a separate program, because
/// tests, bundles and everything else that links the store would have to find that program. A
/// forked child must do little, since locks that other threads held stay locked in it for ever.
/// HDF5's locks are free because hdf5_lock() is held at the fork, and glibc keeps malloc usable.
/// The child starts no thread, does not log, does not use torch, and leaves by _exit.
void check_in_child(const Path& path) {
  column_specs();  // initialises its static table before the fork, so that the child takes no lock
  const Limits limits = limits_for(path);
  const pid_t parent = ::getpid();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("create a pipe to check", path);
  std::unique_lock lock(hdf5_lock());
  prepare_hdf5();
  const pid_t child = ::fork();
  lock.unlock();
  if (child == 0) run_child(path, limits, parent, ends[1]);
  const int number = errno;
  ::close(ends[1]);
  const std::string found =
      child < 0 ? "" : read_report(child, ends[0], kPatience * limits.cpu_seconds);
  ::close(ends[0]);
  errno = number;
  if (child < 0) throw_errno("start a process to check", path);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  throw_if_stopped();
  if (WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(Exit::done)) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(Exit::bad_data))
    throw Error(Exit::bad_data, found);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const bool timed_out = signal == SIGXCPU || signal == SIGKILL;
  throw Error(Exit::bad_data,
              cat(path.string(),
                  ": damaged: HDF5 ",
                  timed_out ? "timed out" : "crashed",
                  " while reading it; repack it from the source images"));
}

}  // namespace

Seal vet_store_file(const Path& path, SealCheck how) {
  std::error_code error;
  check(std::filesystem::is_regular_file(path, error),
        Exit::missing_input,
        cat("cannot read ", path.string(), ": no such file"));
  const bool small = std::filesystem::file_size(path) <= kSmall;
  const Seal seal =
      check_seal(path, how == SealCheck::all_files || (how == SealCheck::small_files && small));
  if (seal == Seal::none) check_in_child(path);
  return seal;
}

}  // namespace evenray
