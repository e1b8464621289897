// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "serve/analysis/analysis.hpp"
#include "serve/demo.hpp"
#include "serve/http/server.hpp"
#include "serve/records/clock.hpp"
#include "serve/site.hpp"
#include "serve/watch.hpp"

namespace evenray {
namespace {

constexpr double kReadS = 20, kAnalyseS = 60;
constexpr size_t kCsrfBytes = 32;

/// The program itself, which runs as the child with these arguments.
std::vector<std::string> child_command(const ServeOptions& options, bool networks) {
  std::error_code ignored;
  std::vector<std::string> out{std::filesystem::read_symlink("/proc/self/exe", ignored).string(),
                               "serve-child",
                               "--threads",
                               std::to_string(options.threads)};
  if (networks)
    for (const auto& model : options.models) out.insert(out.end(), {"--model", model});
  return out;
}

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

/// Erases what was deleted and whose grace is over, at the start and once an hour.
class Purge {
 public:
  explicit Purge(Site& site) : thread_([this, &site] { work(site); }) {}
  ~Purge() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    thread_.join();
  }
  Purge(const Purge&) = delete;
  Purge& operator=(const Purge&) = delete;

 private:
  void work(Site& site) {
    constexpr int64_t kGraceS = int64_t{kGraceDays} * 24 * 3600;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      try {
        site.exams.purge(now_s() - kGraceS);
      } catch (const std::exception& error) {
        log_error(cat("deleted records were not erased: ", error.what()));
      }
      lock.lock();
      stop_.wait_for(lock, std::chrono::hours(1), [&] { return stopping_; });
    }
  }

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

/// Throws 65 if a model knows a class that the store does not have.
void check_fit(const Json& models, const std::vector<std::string>& classes, const Path& store) {
  for (const Json& model : models) {
    if (!model.is_object()) continue;
    for (const auto& name : model.at("classes").get<std::vector<std::string>>())
      check(std::find(classes.begin(), classes.end(), name) != classes.end(),
            Exit::bad_data,
            cat("a model knows the class '",
                name,
                "', which ",
                store.string(),
                " does not have (",
                join(classes),
                "); give a model of these classes, or start a server for each"));
  }
}

}  // namespace

void ServeOptions::check(bool has_people) const {
  const bool here = is_loopback(address);
  evenray::check(has_people || (here && !behind_proxy && hosts.empty()),
                 Exit::config,
                 cat(here ? "behind a proxy" : cat("on ", address),
                     " everybody in the network could open the patients' data: add an account with "
                     "`evenray serve user add` first"));
  if (here) return;
  evenray::check(::geteuid() != 0,
                 Exit::config,
                 "start the server as an ordinary user, not as root, if the network can reach it");
  evenray::check(!certificate.empty() || behind_proxy,
                 Exit::config,
                 cat("on ",
                     address,
                     " passwords would cross the network as plain text: give --certificate and "
                     "--key, or --behind-proxy if a proxy speaks TLS"));
}

Site::Site(const ServeOptions& given)
    : options(given),
      lock(private_folder(given.data)),
      database(given.data),
      accounts(database),
      patients(database),
      exams(database, given.data),
      reader(child_command(given, /*networks=*/false), kReadS),
      analyser(child_command(given, /*networks=*/true), kAnalyseS),
      local_csrf(random_text(kCsrfBytes)) {
  exams.sweep();
  models = analyser.ask({{"do", "models"}}).json;
  jobs = std::make_unique<Jobs>(exams, analyser);
  check(given.studies.empty() || std::filesystem::is_directory(given.studies),
        Exit::missing_input,
        cat(given.studies.string(), " is no folder"));
  if (given.store.empty()) return;
  curation =
      std::make_unique<CurationState>(database, given.store, given.predictions, given.threads);
  check_fit(models, curation->collection.store().info().class_names, given.store);
}

int serve_child(const std::vector<std::string>& models, int threads) {
  std::optional<Analysis> analysis;
  serve_worker(
      {.readable = models},
      [&] { analysis.emplace(models, threads); },
      [&](const WorkerMessage& message) { return analysis->answer(message); });
  return 0;
}

void serve(const ServeOptions& options,
           const std::function<void(const std::string& address)>& say,
           const std::function<bool()>& stop) {
  ServeOptions with_models = options;
  if (options.demo) with_models.models = write_demo_models(private_folder(options.data));
  Site site(with_models);
  options.check(site.accounts.has_people());
  if (options.demo) add_demo_images(site);
  HttpOptions http;
  http.address = options.address;
  http.port = options.port;
  http.certificate = options.certificate;
  http.key = options.key;
  if (options.behind_proxy) http.most_of_peer = http.most_connections;
  http.admit = [&](const HttpRequest& request) { return admission_of(site, request); };
  std::optional<WatchedFolder> watched;
  if (!options.watch.empty()) watched.emplace(site, options.watch);
  const Purge purge(site);
  HttpServer server(http,
                    [&](const HttpRequest& request) { return answer_request(site, request); });
  const bool six = options.address.find(':') != std::string::npos;
  say(cat(options.certificate.empty() ? "http" : "https",
          "://",
          six ? cat("[", options.address, "]") : options.address,
          ":",
          server.port(),
          "/"));
  server.run([&] {
    if (!stop()) return false;
    site.jobs->release();  // requests that wait for results end now
    return true;
  });
}

}  // namespace evenray
