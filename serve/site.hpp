// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <mutex>

#include "serve/curation_state.hpp"
#include "serve/http/server.hpp"
#include "serve/jobs.hpp"
#include "serve/pages/page.hpp"
#include "serve/records/audit.hpp"
#include "serve/serve.hpp"

namespace evenray {

/// Slows guessing of passwords: after 5 wrong ones within a minute, an account or address has to
/// wait until the minute is over.
class SignInLimit {
 public:
  bool allowed(const std::string& who) const;
  void wrong(const std::string& who);

 private:
  struct Tries {
    int count = 0;
    int64_t since = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Tries> tries_;
};

/// Everything that requests work with.
struct Site {
  explicit Site(const ServeOptions& given);

  ServeOptions options;
  FolderLock lock;  ///< one server for a folder
  Database database;
  Accounts accounts;
  Patients patients;
  Exams exams;
  Worker reader;    ///< checks uploads and draws pictures, so that they do not wait for networks
  Worker analyser;  ///< has the networks
  Json models;      ///< see Analysis::models()
  std::unique_ptr<Jobs> jobs;
  std::unique_ptr<CurationState> curation;  ///< nullptr without a store
  SignInLimit sign_in_limit;
  std::string local_csrf;  ///< where nobody signs in

  /// Whether images can be analysed: there is a model.
  bool diagnoses() const { return !options.models.empty(); }
  /// Whether people must sign in: there are accounts.
  bool has_accounts() const { return !accounts.empty(); }
  /// Whether browsers reach the server over TLS.
  bool secure(const HttpRequest& request) const;
  /// The name of the cookie with the session.
  std::string session_cookie(const HttpRequest& request) const;
  /// Logs signing in and the like in the audit log. (Changes of records are logged with them.)
  void audit(const Visitor& visitor, const std::string& action, const std::string& outcome = "ok");
  /// Logs that somebody looked at a record. On a full disk, looking goes on without an entry.
  void log_view(const Visitor& visitor, const std::string& action, const std::string& object);
};

/// One request, and what was found out about it.
struct SiteVisit {
  Site& site;
  const HttpRequest& request;
  Visitor visitor;
  std::vector<std::string> parts;  ///< of the path, where the route has '*'
  HttpFields form;                 ///< of a posted form
};

/// Finds out who sends a request.
Visitor visitor_of(Site& site, const HttpRequest& request);

HttpResponse html_page(const SiteVisit& visit,
                       const std::string& title,
                       const Html& body,
                       const std::vector<std::string>& modules = {},
                       int status = 200);
/// Answers a posted form whose session has ended: asks to sign in, and keeps what was entered.
HttpResponse sign_in_again(SiteVisit& visit);
HttpResponse json_reply(const Json& json, int status = 200);
/// Sends the browser to another page of this site.
HttpResponse see_other(const std::string& to);

/// How much of a model's digest is shown.
inline constexpr size_t kShownDigest = 12;

/// A kind of request.
struct Route {
  const char* method;
  const char* pattern;  ///< "/patients/*/edit": '*' is one part
  Role role;            ///< the least one that may
  enum class Who { people, anyone, devices } who;
  HttpResponse (*answer)(SiteVisit& visit);
};
/// The routes of each page, from its own file.
std::vector<Route> account_routes();
std::vector<Route> patient_routes();
std::vector<Route> exam_routes();
std::vector<Route> exam_file_routes();
std::vector<Route> model_routes();
std::vector<Route> agreement_routes();
std::vector<Route> curation_routes();
std::vector<Route> curation_file_routes();
std::vector<Route> scatter_routes();
std::vector<Route> blind_routes();
std::vector<Route> study_routes();
std::vector<Route> upload_routes();

/// Answers a request: checks its host, session, role and form token, finds its route, and turns
/// errors into pages.
HttpResponse answer_request(Site& site, const HttpRequest& request);
/// Parts of a form with files.
inline constexpr size_t kMostFormParts = 60;
/// Bytes of a form without files.
inline constexpr uint64_t kLargestForm = 256 << 10;
/// Bytes of an uploaded file.
inline constexpr uint64_t kLargestFile = 64'000'000;
/// Decides on a request before its body is read, see HttpOptions: files only from those who may
/// upload.
Admission admission_of(Site& site, const HttpRequest& request);

}  // namespace evenray
