// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct Log {
  LogLevel level = LogLevel::normal;
  std::shared_ptr<spdlog::sinks::stderr_sink_mt> console =
      std::make_shared<spdlog::sinks::stderr_sink_mt>();
  spdlog::logger logger{"evenray", console};
  std::mutex drawing;  // of `line` and stderr
  std::string line;    ///< the moving line at the foot of the terminal; empty: there is none

  Log() {
    console->set_pattern("evenray: %v");
    logger.set_level(spdlog::level::info);
    set(LogLevel::normal);
  }
  void set(LogLevel wanted) {
    level = wanted;
    const bool show_info =
        level == LogLevel::verbose || (level == LogLevel::normal && isatty(STDERR_FILENO));
    console->set_level(show_info                  ? spdlog::level::info
                       : level == LogLevel::quiet ? spdlog::level::err
                                                  : spdlog::level::warn);
  }
};

Log& log() {
  static Log instance;
  return instance;
}

void log_line(spdlog::level::level_enum level, const std::string& message) {
  const std::lock_guard lock(log().drawing);
  const bool covered = !log().line.empty() && log().console->should_log(level);
  if (covered) std::fputs("\r\x1b[K", stderr);
  log().logger.log(level, "{}", one_line(message));
  if (covered) std::fputs(log().line.c_str(), stderr);
}

}  // namespace

void set_log_level(LogLevel level) { log().set(level); }
LogLevel log_level() { return log().level; }

void log_info(const std::string& message) { log_line(spdlog::level::info, message); }
void log_warning(const std::string& message) { log_line(spdlog::level::warn, message); }
void log_error(const std::string& message) { log_line(spdlog::level::err, message); }

void show_moving_line(const std::string& text) {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  const std::lock_guard lock(log().drawing);
  // A line that the terminal wraps could not be cleared as a whole.
  log().line = shortened(one_line(text), known ? size.ws_col - 1u : text.size());
  std::fprintf(stderr, "\r\x1b[K%s", log().line.c_str());
}

void end_moving_line() {
  const std::lock_guard lock(log().drawing);
  std::fputs("\n", stderr);
  log().line.clear();
}

LogFile::LogFile(const Path& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sink->set_pattern("%Y-%m-%dT%H:%M:%S %l %v");
    log().logger.sinks().push_back(sink);
    log().logger.flush_on(spdlog::level::info);
  } catch (const spdlog::spdlog_ex&) {
    throw Error(Exit::cannot_create,
                cat("cannot open the log file ", path.string(), " for writing"));
  }
}

LogFile::~LogFile() { log().logger.sinks().pop_back(); }

bool terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && !std::getenv("NO_COLOR") && term &&
         std::string_view(term) != "dumb";
}

}  // namespace evenray
