// SPDX-License-Identifier: Apache-2.0
#include "serve/pages/page.hpp"

#include <array>
#include <ctime>

#include "core/page/html.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct MenuEntry {
  const char *href, *key;
  bool Visitor::*shown;  ///< nullptr: always
  Role role = Role::viewer;
};
constexpr std::array kMenu{MenuEntry{"/", "nav.look", &Visitor::diagnoses},
                           MenuEntry{"/patients", "nav.patients", &Visitor::diagnoses},
                           MenuEntry{"/history", "nav.history", &Visitor::diagnoses},
                           MenuEntry{"/model", "nav.model", &Visitor::diagnoses},
                           MenuEntry{"/curate", "nav.curate", &Visitor::curates},
                           MenuEntry{"/curate/scatter", "nav.scatter", &Visitor::curates},
                           MenuEntry{"/curate/blind", "nav.blind", &Visitor::curates},
                           MenuEntry{"/curate/agreement", "nav.agreement", &Visitor::curates},
                           MenuEntry{"/studies", "nav.studies", &Visitor::studies},
                           MenuEntry{"/audit", "nav.audit", nullptr, Role::admin}};

Html menu(const Visitor& visitor, const std::string& path) {
  Html items;
  // Of the entries that a path begins with, the longest is the current one.
  std::string_view current;
  for (const MenuEntry& entry : kMenu)
    if (path == entry.href ||
        (std::string_view(entry.href) != "/" && path.starts_with(cat(entry.href, "/"))))
      if (std::string_view(entry.href).size() > current.size()) current = entry.href;
  for (const auto& [href, key, shown, role] : kMenu) {
    if (!visitor.may(role) || (shown && !(visitor.*shown))) continue;
    const bool here = current == href;
    HtmlAttributes attributes{{"href", href}};
    if (here) attributes.emplace_back("aria-current", "page");
    items += element("li", {}, element("a", attributes, visitor.word(key)));
  }
  return element("nav", {{"aria-label", visitor.word("nav.main")}}, element("ul", {}, items));
}

/// The languages, and signing out.
Html corner(const Visitor& visitor, const std::string& path) {
  Html choices;
  for (size_t i = 0; i < kLanguageCodes.size(); ++i) {
    HtmlAttributes attributes{
        {"name", "language"}, {"value", kLanguageCodes[i]}, {"lang", kLanguageCodes[i]}};
    if (visitor.language == static_cast<Language>(i))
      attributes.emplace_back("aria-pressed", "true");
    choices += element("button", attributes, kLanguageNames[i]);
  }
  choices += hidden_input("to", path);
  Html out = post_form(visitor,
                       "/language",
                       choices,
                       {{"class", "languages"}, {"aria-label", visitor.word("language")}});
  if (!visitor.account.empty())
    out += post_form(visitor,
                     "/signout",
                     element("a", {{"href", "/password"}, {"class", "muted"}}, visitor.account) +
                         submit_button(visitor.word("nav.signout"), "plain"),
                     {{"class", "account"}});
  return element("div", {{"class", "corner"}}, out);
}

std::string formatted_time(int64_t seconds, const char* format) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> out{};
  std::strftime(out.data(), out.size(), format, &parts);
  return out.data();
}

}  // namespace

Html Html::raw(std::string markup) {
  Html out;
  out.markup_ = std::move(markup);
  return out;
}

Html Html::text(std::string_view text) { return raw(escape_html(text)); }

Html& Html::operator+=(const Html& more) {
  markup_ += more.markup_;
  return *this;
}

Html element(std::string_view name, const HtmlAttributes& attributes) {
  std::string out = cat("<", name);
  for (const auto& [key, value] : attributes)
    out += value.empty() && key != "value" && key != "alt"
               ? cat(" ", key)
               : cat(" ", key, "=\"", escape_html(value), "\"");
  return Html::raw(out + ">");
}

Html element(std::string_view name, const HtmlAttributes& attributes, const Html& content) {
  return element(name, attributes) + content + Html::raw(cat("</", name, ">"));
}

Html element(std::string_view name, const HtmlAttributes& attributes, std::string_view text) {
  return element(name, attributes, Html::text(text));
}

Html link_to(const std::string& href, std::string_view text) {
  return element("a", {{"href", href}}, text);
}

Html labelled_input(std::string_view label,
                    const std::string& name,
                    const std::string& value,
                    std::string_view type,
                    const HtmlAttributes& more) {
  HtmlAttributes attributes{{"type", std::string(type)}, {"name", name}, {"value", value}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return element("label", {}, element("span", {}, label) + element("input", attributes));
}

Html hidden_input(const std::string& name, const std::string& value) {
  return element("input", {{"type", "hidden"}, {"name", name}, {"value", value}});
}

Html labelled_select(std::string_view label,
                     const std::string& name,
                     const std::string& chosen,
                     const std::vector<std::pair<std::string, std::string>>& options) {
  Html list;
  for (const auto& [value, text] : options) {
    HtmlAttributes attributes{{"value", value}};
    if (value == chosen) attributes.emplace_back("selected", "");
    list += element("option", attributes, text);
  }
  return element(
      "label", {}, element("span", {}, label) + element("select", {{"name", name}}, list));
}

Html post_form(const Visitor& visitor,
               const std::string& action,
               const Html& content,
               const HtmlAttributes& more) {
  HtmlAttributes attributes{{"method", "post"}, {"action", action}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return element("form", attributes, hidden_input("csrf", visitor.csrf) + content);
}

Html submit_button(std::string_view text, std::string_view css_class) {
  HtmlAttributes attributes;
  if (!css_class.empty()) attributes.emplace_back("class", std::string(css_class));
  return element("button", attributes, text);
}

Html table_of(std::string_view caption,
              const std::vector<std::string>& head,
              const std::vector<std::vector<Html>>& rows) {
  Html titles, lines;
  for (const auto& title : head) titles += element("th", {{"scope", "col"}}, title);
  for (const auto& row : rows) {
    Html cells;
    for (size_t c = 0; c < row.size(); ++c)
      cells += c == 0 ? element("th", {{"scope", "row"}}, row[c]) : element("td", {}, row[c]);
    lines += element("tr", {}, cells);
  }
  Html content;
  content += element("caption", {}, caption);
  content += element("thead", {}, element("tr", {}, titles)) + element("tbody", {}, lines);
  return element("div",
                 {{"class", "scroll"},
                  {"tabindex", "0"},
                  {"role", "group"},
                  {"aria-label", std::string(caption)}},
                 element("table", {}, content));
}

std::string time_text(int64_t seconds) { return formatted_time(seconds, "%Y-%m-%d %H:%M UTC"); }

Html time_of(int64_t seconds) {
  return element(
      "time", {{"datetime", formatted_time(seconds, "%Y-%m-%dT%H:%M:%SZ")}}, time_text(seconds));
}

std::string page_of(const Visitor& visitor,
                    const std::string& path,
                    const std::string& title,
                    const Html& body,
                    const std::vector<std::string>& modules) {
  Html head =
      element("meta", {{"charset", "utf-8"}}) +
      element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}) +
      element("meta", {{"name", "color-scheme"}, {"content", "light dark"}}) +
      element("title", {}, cat(title, " - evenray")) +
      element("link", {{"rel", "icon"}, {"href", "/static/icon.svg"}}) +
      element("link", {{"rel", "stylesheet"}, {"href", "/static/app.css"}});
  std::vector<std::string> all{"app.js"};
  all.insert(all.end(), modules.begin(), modules.end());
  for (const auto& name : all)
    head += element("script", {{"type", "module"}, {"src", "/static/" + name}}, Html());
  const Html top =
      element("a", {{"class", "skip"}, {"href", "#main"}}, visitor.word("nav.skip")) +
      element("header",
              {},
              element("a", {{"class", "brand"}, {"href", "/"}}, "evenray") +
                  (visitor.signed_in ? menu(visitor, path) : Html()) + corner(visitor, path));
  const Html main = element(
      "main", {{"id", "main"}, {"data-csrf", visitor.csrf}}, element("h1", {}, title) + body);
  const Html foot = element("footer", {}, element("p", {}, visitor.word("foot.device")));
  return cat("<!doctype html>\n",
             element("html",
                     {{"lang", kLanguageCodes[static_cast<size_t>(visitor.language)]}},
                     element("head", {}, head) + element("body", {}, top + main + foot))
                 .markup(),
             "\n");
}

}  // namespace evenray
