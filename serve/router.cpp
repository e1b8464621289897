// SPDX-License-Identifier: Apache-2.0
// How a request is answered.
#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "serve/records/clock.hpp"
#include "serve/site.hpp"
#include "serve/web_files.hpp"

namespace evenray {
namespace {

constexpr int kTriesAMinute = 5;

/// Headers of every answer. No script, style or picture comes from elsewhere or stands in a page.
const HttpFields& safe_headers() {
  static const HttpFields headers{
      {"Content-Security-Policy",
       "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
       "form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      // With "no-referrer", browsers would send forms with "Origin: null".
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"}};
  return headers;
}

/// The host of a header such as "localhost:8080" or "[::1]:8080".
std::string host_name(const std::string& header) {
  if (header.starts_with('[')) return header.substr(0, header.find(']') + 1);
  return lower(header.substr(0, header.rfind(':')));
}

/// Against DNS rebinding: a page of a stranger must not reach this server under another name.
bool known_host(const Site& site, const HttpRequest& request) {
  const std::string host = host_name(request.header("host"));
  constexpr std::array kLocal{"localhost", "127.0.0.1", "[::1]"};
  const auto& hosts = site.options.hosts;
  return std::find(kLocal.begin(), kLocal.end(), host) != kLocal.end() ||
         host == site.options.address || host == cat("[", site.options.address, "]") ||
         std::any_of(
             hosts.begin(), hosts.end(), [&](const auto& one) { return lower(one) == host; });
}

/// Whether a request that changes something comes from a page of this server.
bool own_origin(const HttpRequest& request) {
  const std::string site = request.header("sec-fetch-site"), origin = request.header("origin");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const size_t at = origin.find("://");
  return origin.empty() ||
         (at != std::string::npos && origin.substr(at + 3) == request.header("host"));
}

std::vector<Route> all_routes() {
  std::vector<Route> out;
  for (const auto& some : {account_routes(),
                           patient_routes(),
                           exam_routes(),
                           exam_file_routes(),
                           upload_routes(),
                           model_routes(),
                           agreement_routes(),
                           curation_routes(),
                           curation_file_routes(),
                           scatter_routes(),
                           blind_routes(),
                           study_routes()})
    out.insert(out.end(), some.begin(), some.end());
  return out;
}

/// Whether a path has the form of a pattern; its parts at '*' go to `parts`.
bool matches(const char* pattern, const std::string& path, std::vector<std::string>& parts) {
  const auto wanted = split_text(pattern, '/'), given = split_text(path, '/');
  if (wanted.size() != given.size()) return false;
  parts.clear();
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*" && !given[i].empty())
      parts.push_back(given[i]);
    else if (wanted[i] != given[i])
      return false;
  }
  return true;
}

/// The address of the client. A proxy on this machine adds it to the header.
std::string client_of(const Site& site, const HttpRequest& request) {
  const std::string forwarded = request.header("x-forwarded-for");
  const bool from_proxy = site.options.behind_proxy && !forwarded.empty() &&
                          (request.peer.starts_with("127.") || request.peer == "::1");
  return from_proxy ? trim(split_text(forwarded, ',').back()) : request.peer;
}

}  // namespace

bool Site::secure(const HttpRequest& request) const {
  return request.secure || options.behind_proxy;
}

std::string Site::session_cookie(const HttpRequest& request) const {
  return secure(request) ? "__Host-session" : "session";
}

Visitor visitor_of(Site& site, const HttpRequest& request) {
  Visitor out;
  const std::string chosen = request.cookie("language");
  out.language = language_of(chosen.empty() ? request.header("accept-language") : chosen);
  out.source = client_of(site, request);
  out.csrf = site.local_csrf;
  out.diagnoses = site.diagnoses();
  out.curates = site.curation != nullptr;
  out.studies = !site.options.studies.empty();
  if (!site.has_accounts()) return out;
  out.signed_in = false;
  out.role = Role::viewer;
  const std::string token = request.header("authorization");
  if (token.starts_with("Bearer ")) {
    if (const auto device = site.accounts.device(trim(token.substr(7)))) {
      out.account = device->name;
      out.role = Role::device;
      out.id = device->id;
    }
    return out;
  }
  if (const auto session = site.accounts.session(request.cookie(site.session_cookie(request)))) {
    out.account = session->account.name;
    out.role = session->account.role;
    out.signed_in = true;
    out.csrf = session->csrf;
    out.id = session->account.id;
  }
  return out;
}

namespace {

int status_of(Exit code) {
  switch (code) {
    case Exit::missing_input:
      return 404;
    case Exit::bad_data:
      return 422;
    case Exit::cannot_create:
      return 409;
    case Exit::io:
      return 507;
    default:
      return 500;
  }
}

HttpResponse problem(const SiteVisit& visit, int status, const std::string& message) {
  if (visit.request.path.starts_with("/api/")) return json_reply({{"error", message}}, status);
  return html_page(visit,
                   visit.visitor.word("error.title"),
                   element("p", {{"role", "alert"}}, message) +
                       element("p", {}, link_to("/", visit.visitor.word("nav.look"))),
                   {},
                   status);
}

/// Reads the fields of a form, without its files. Throws 65 if it cannot be read.
void read_form(SiteVisit& visit) {
  if (visit.request.path.starts_with("/api/")) return;  // the body is a file
  const std::string type = visit.request.header("content-type");
  if (type.starts_with("multipart/form-data")) {
    const auto parts = parse_form(type, visit.request.body, kMostFormParts);
    check(parts.has_value(), Exit::bad_data, "the form cannot be read");
    for (const auto& part : *parts)
      if (part.filename.empty() && part.content.size() <= kLargestForm)
        visit.form.emplace_back(part.name, part.content);
    return;
  }
  if (!type.starts_with("application/x-www-form-urlencoded")) return;
  const auto fields = parse_fields(visit.request.body);
  check(fields.has_value(), Exit::bad_data, "the form cannot be read");
  visit.form = *fields;
}

HttpResponse answer_route(SiteVisit& visit, const Route& route) {
  const Visitor& visitor = visit.visitor;
  const bool changes = visit.request.method != "GET" && visit.request.method != "HEAD";
  const bool device = visitor.role == Role::device;
  if (route.who != Route::Who::anyone && !device && !visitor.signed_in) {
    if (visit.request.path.starts_with("/api/"))
      return problem(visit, 401, visitor.word("signin.ended"));
    if (changes) {
      if (!own_origin(visit.request)) return problem(visit, 403, visitor.word("error.form"));
      read_form(visit);
      return sign_in_again(visit);
    }
    return see_other(cat("/signin?to=", encode_url(visit.request.path)));
  }
  if (device ? route.who != Route::Who::devices
             : route.who != Route::Who::anyone && !visitor.may(route.role))
    return problem(visit, 403, visitor.word("error.forbidden"));
  if (changes) {
    read_form(visit);
    const std::string header = visit.request.header("x-csrf");
    const std::string token = header.empty() ? field_of(visit.form, "csrf") : header;
    if (!device && (!own_origin(visit.request) || !same_secret(token, visitor.csrf)))
      return problem(visit, 403, visitor.word("error.form"));
  }
  return route.answer(visit);
}

HttpResponse routed(Site& site, const HttpRequest& request) {
  static const std::vector<Route> routes = all_routes();
  if (!known_host(site, request)) return {421, "unknown host\n", "text/plain; charset=utf-8", {}};
  if (auto file = web_file(request.path)) return *file;
  SiteVisit visit{site, request, {}, {}, {}};
  visit.visitor.signed_in = false;
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  try {
    visit.visitor = visitor_of(site, request);
    for (const Route& route : routes)
      if (method == route.method && matches(route.pattern, request.path, visit.parts))
        return answer_route(visit, route);
    return problem(visit, 404, visit.visitor.word("error.missing"));
  } catch (const Error& error) {
    const int status = status_of(error.code());
    if (status >= 500) log_error(error.what());
    return problem(visit,
                   status,
                   status == 507   ? visit.visitor.word("error.full")
                   : status == 500 ? visit.visitor.word("error.title")
                                   : error.what());
  }
}

}  // namespace

bool SignInLimit::allowed(const std::string& who) const {
  const std::lock_guard lock(mutex_);
  const auto found = tries_.find(who);
  return found == tries_.end() || found->second.count < kTriesAMinute ||
         now_s() - found->second.since >= 60;
}

void SignInLimit::wrong(const std::string& who) {
  const std::lock_guard lock(mutex_);
  const int64_t now = now_s();
  std::erase_if(tries_, [&](const auto& entry) { return now - entry.second.since >= 60; });
  Tries& tries = tries_[who];
  if (tries.count++ == 0) tries.since = now;
}

void Site::audit(const Visitor& visitor, const std::string& action, const std::string& outcome) {
  const Actor actor = visitor.actor();
  database.write([&](SQLite::Database& connection) {
    add_audit(connection, {actor.account, action, "", actor.source, outcome});
  });
}

void Site::log_view(const Visitor& visitor, const std::string& action, const std::string& object) {
  try {
    database.write([&](SQLite::Database& connection) {
      add_audit(connection, visitor.actor(), action, object);
    });
  } catch (const Error& error) {
    log_error(cat("the audit log was not written: ", error.what()));
  }
}

HttpResponse html_page(const SiteVisit& visit,
                       const std::string& title,
                       const Html& body,
                       const std::vector<std::string>& modules,
                       int status) {
  HttpResponse out;
  out.status = status;
  out.body = page_of(visit.visitor, visit.request.path, title, body, modules);
  return out;
}

HttpResponse json_reply(const Json& json, int status) {
  return {status,
          json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
          "application/json",
          {}};
}

HttpResponse see_other(const std::string& to) {
  return {303, "", "text/plain", {{"Location", to}}};
}

HttpResponse answer_request(Site& site, const HttpRequest& request) {
  HttpResponse out = routed(site, request);
  const auto has = [&](const std::string& name) {
    return std::any_of(out.headers.begin(), out.headers.end(), [&](const auto& header) {
      return header.first == name;
    });
  };
  for (const auto& header : safe_headers())
    if (!has(header.first)) out.headers.push_back(header);
  const bool cached = std::any_of(out.headers.begin(), out.headers.end(), [](const auto& header) {
    return header.first == "Cache-Control";
  });
  if (!cached) out.headers.emplace_back("Cache-Control", "no-store");
  if (request.secure) out.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  return out;
}

}  // namespace evenray
