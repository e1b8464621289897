// SPDX-License-Identifier: Apache-2.0
// Signing in and out, the language, and the audit log.
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/site.hpp"

namespace evenray {
namespace {

constexpr int kAuditRows = 200;

/// A path of this site, else "/".
std::string own_path(const std::string& to) {
  const bool own =
      to.starts_with('/') && !to.starts_with("//") && to.find('\\') == std::string::npos;
  return own ? to : "/";
}

/// What was posted, as hidden inputs; not what belongs to the session.
Html kept_inputs(const HttpFields& form) {
  Html out;
  for (const auto& [name, value] : form)
    if (name != "csrf" && !name.ends_with("password") && name != "name_of_account")
      out += hidden_input(name, value);
  return out;
}

/// `kept`: further hidden inputs.
HttpResponse sign_in_page(const SiteVisit& visit,
                          const std::string& message,
                          int status,
                          const Html& kept) {
  const Visitor& visitor = visit.visitor;
  Html body;
  if (!message.empty()) body += element("p", {{"role", "alert"}}, message);
  body += post_form(
      visitor,
      "/signin",
      labelled_input(visitor.word("signin.name"),
                     "name_of_account",
                     field_of(visit.form, "name_of_account"),
                     "text",
                     {{"autocomplete", "username"}, {"required", ""}, {"autofocus", ""}}) +
          labelled_input(visitor.word("signin.password"),
                         "password",
                         "",
                         "password",
                         {{"autocomplete", "current-password"}, {"required", ""}}) +
          kept + submit_button(visitor.word("signin.title")),
      {{"class", "fields"}});
  return html_page(visit, visitor.word("signin.title"), body, {}, status);
}

HttpResponse show_sign_in(SiteVisit& visit) {
  return sign_in_page(
      visit, "", 200, hidden_input("to", own_path(field_of(visit.request.query, "to", "/"))));
}

std::string session_cookie_of(const SiteVisit& visit, const std::string& value) {
  return cat(visit.site.session_cookie(visit.request),
             "=",
             value,
             "; Path=/; HttpOnly; SameSite=Strict",
             visit.site.secure(visit.request) ? "; Secure" : "",
             value.empty() ? "; Max-Age=0" : "");
}

/// What was posted before signing in, to be sent again.
HttpResponse send_again(const SiteVisit& visit, const std::string& to) {
  HttpFields form = visit.form;
  std::erase_if(form, [](const auto& field) { return field.first == "again"; });
  const Visitor& visitor = visit.visitor;
  return html_page(
      visit,
      visitor.word("signin.again"),
      element("p", {}, visitor.word("signin.kept")) +
          post_form(visitor, to, kept_inputs(form) + submit_button(visitor.word("signin.again"))));
}

HttpResponse sign_in(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  const std::string name = field_of(visit.form, "name_of_account");
  const std::string again = field_of(visit.form, "again");
  SignInLimit& limit = visit.site.sign_in_limit;
  if (!limit.allowed(cat("account ", lower(name))) || !limit.allowed(visitor.source))
    return sign_in_page(visit, visitor.word("signin.wait"), 429, kept_inputs(visit.form));
  const auto account = visit.site.accounts.sign_in(name, field_of(visit.form, "password"));
  if (!account) {
    limit.wrong(cat("account ", lower(name)));
    limit.wrong(visitor.source);
    visit.site.audit(visitor, "signin", "refused");
    return sign_in_page(visit, visitor.word("signin.wrong"), 403, kept_inputs(visit.form));
  }
  const std::string token = visit.site.accounts.start_session(*account);
  visit.visitor.account = account->name;
  visit.site.audit(visitor, "signin");
  HttpResponse out = see_other(own_path(field_of(visit.form, "to", "/")));
  if (!again.empty()) {
    const auto session = visit.site.accounts.session(token);
    check(session.has_value(), Exit::failed, "the session has ended");
    visit.visitor.signed_in = true;
    visit.visitor.role = account->role;
    visit.visitor.csrf = session->csrf;
    out = send_again(visit, own_path(again));
  }
  out.headers.emplace_back("Set-Cookie", session_cookie_of(visit, token));
  return out;
}

HttpResponse sign_out(SiteVisit& visit) {
  visit.site.accounts.end_session(visit.request.cookie(visit.site.session_cookie(visit.request)));
  visit.site.audit(visit.visitor, "signout");
  HttpResponse out = see_other("/signin");
  out.headers.emplace_back("Set-Cookie", session_cookie_of(visit, ""));
  return out;
}

HttpResponse password_page(const SiteVisit& visit, const std::string& message, int status) {
  const Visitor& visitor = visit.visitor;
  Html body = element("p", {}, visitor.word("password.rule"));
  if (!message.empty()) body += element("p", {{"role", "alert"}}, message);
  body += post_form(visitor,
                    "/password",
                    labelled_input(visitor.word("password.now"),
                                   "password",
                                   "",
                                   "password",
                                   {{"autocomplete", "current-password"}, {"required", ""}}) +
                        labelled_input(visitor.word("password.new"),
                                       "new_password",
                                       "",
                                       "password",
                                       {{"autocomplete", "new-password"}, {"required", ""}}) +
                        submit_button(visitor.word("password.title")),
                    {{"class", "fields"}});
  return html_page(visit, visitor.word("password.title"), body, {}, status);
}

HttpResponse show_password(SiteVisit& visit) {
  check(visit.site.has_accounts(), Exit::missing_input, visit.visitor.word("error.missing"));
  return password_page(visit, "", 200);
}

/// Ends all sessions of the account and starts one for this browser.
HttpResponse change_password(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  check(visit.site.has_accounts(), Exit::missing_input, visitor.word("error.missing"));
  const std::string whose = cat("account ", lower(visitor.account));
  SignInLimit& limit = visit.site.sign_in_limit;
  if (!limit.allowed(whose)) return password_page(visit, visitor.word("signin.wait"), 429);
  Accounts& accounts = visit.site.accounts;
  const auto account = accounts.sign_in(visitor.account, field_of(visit.form, "password"));
  if (!account) {
    limit.wrong(whose);
    visit.site.audit(visitor, "password.change", "refused");
    return password_page(visit, visitor.word("signin.wrong"), 403);
  }
  accounts.set_password(visitor.account, field_of(visit.form, "new_password"));
  visit.site.audit(visitor, "password.change");
  HttpResponse out = see_other("/");
  out.headers.emplace_back("Set-Cookie",
                           session_cookie_of(visit, accounts.start_session(*account)));
  return out;
}

HttpResponse choose_language(SiteVisit& visit) {
  HttpResponse out = see_other(own_path(field_of(visit.form, "to", "/")));
  const Language language = language_of(field_of(visit.form, "language"));
  out.headers.emplace_back("Set-Cookie",
                           cat("language=",
                               kLanguageCodes[static_cast<size_t>(language)],
                               "; Path=/; SameSite=Lax; Max-Age=31536000"));
  return out;
}

HttpResponse show_audit(SiteVisit& visit) {
  const Visitor& visitor = visit.visitor;
  int64_t before = std::numeric_limits<int64_t>::max(), last = 0;
  parse_int(field_of(visit.request.query, "before"), before);
  const auto rows = visit.site.database.read([&](SQLite::Database& database) {
    std::vector<std::vector<Html>> out;
    SQLite::Statement entries(database,
                              "SELECT at, account, action, object, source, outcome, id FROM audit "
                              "WHERE id < ? ORDER BY id DESC LIMIT ?");
    entries.bind(1, before);
    entries.bind(2, kAuditRows);
    while (entries.executeStep()) {
      std::vector<Html> row{time_of(entries.getColumn(0).getInt64())};
      for (int column = 1; column < 6; ++column)
        row.push_back(Html::text(entries.getColumn(column).getString()));
      last = entries.getColumn(6).getInt64();
      out.push_back(std::move(row));
    }
    return out;
  });
  Html body = table_of(visitor.word("nav.audit"),
                       {visitor.word("audit.time"),
                        visitor.word("signin.name"),
                        visitor.word("audit.action"),
                        visitor.word("audit.object"),
                        visitor.word("audit.source"),
                        visitor.word("audit.outcome")},
                       rows);
  if (std::ssize(rows) == kAuditRows)
    body += element("p", {}, link_to(cat("/audit?before=", last), visitor.word("page.next")));
  return html_page(visit, visitor.word("nav.audit"), body);
}

}  // namespace

HttpResponse sign_in_again(SiteVisit& visit) {
  return sign_in_page(visit,
                      visit.visitor.word("signin.ended"),
                      401,
                      kept_inputs(visit.form) + hidden_input("again", visit.request.path));
}

std::vector<Route> account_routes() {
  using Who = Route::Who;
  return {{"GET", "/signin", Role::viewer, Who::anyone, &show_sign_in},
          {"POST", "/signin", Role::viewer, Who::anyone, &sign_in},
          {"GET", "/password", Role::viewer, Who::people, &show_password},
          {"POST", "/password", Role::viewer, Who::people, &change_password},
          {"POST", "/signout", Role::viewer, Who::anyone, &sign_out},
          {"POST", "/language", Role::viewer, Who::anyone, &choose_language},
          {"GET", "/audit", Role::admin, Who::people, &show_audit}};
}

}  // namespace evenray
