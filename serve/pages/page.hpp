// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/pages/words.hpp"
#include "serve/records/accounts.hpp"
#include "serve/records/audit.hpp"

namespace evenray {

/// Who looks at a page, and how.
struct Visitor {
  Language language = Language::english;
  std::string account;        ///< empty: nobody needs to sign in here
  Role role = Role::admin;    ///< of the account
  bool signed_in = true;      ///< false: only the sign-in page is shown
  std::string csrf;           ///< token of forms
  std::string source;         ///< address of the client
  std::optional<int64_t> id;  ///< of the account
  bool diagnoses = true, curates = false, studies = false;  ///< which pages there are

  std::string word(std::string_view key, const std::vector<std::string>& values = {}) const {
    return evenray::word(language, key, values);
  }
  Actor actor() const { return {account.empty() ? "-" : account, source, id}; }
  bool may(Role needed) const { return signed_in && Account{0, "", role}.may(needed); }
};

/// HTML of which all text was escaped.
class Html {
 public:
  Html() = default;
  /// Marks text as trusted markup.
  static Html raw(std::string markup);
  /// Escapes text.
  static Html text(std::string_view text);

  Html& operator+=(const Html& more);
  friend Html operator+(Html a, const Html& b) { return a += b; }
  const std::string& markup() const { return markup_; }

 private:
  std::string markup_;
};

using HtmlAttributes = std::vector<std::pair<std::string_view, std::string>>;

/// An element. Attributes with an empty value are written without one ("checked").
Html element(std::string_view name, const HtmlAttributes& attributes, const Html& content);
/// The same with text as content.
Html element(std::string_view name, const HtmlAttributes& attributes, std::string_view text);
/// An element without content (input, img, link).
Html element(std::string_view name, const HtmlAttributes& attributes);
Html link_to(const std::string& href, std::string_view text);
/// A label with its input. `type`: text, date, password, search.
Html labelled_input(std::string_view label,
                    const std::string& name,
                    const std::string& value,
                    std::string_view type = "text",
                    const HtmlAttributes& more = {});
Html hidden_input(const std::string& name, const std::string& value);
/// A label with a choice of {value, text}.
Html labelled_select(std::string_view label,
                     const std::string& name,
                     const std::string& chosen,
                     const std::vector<std::pair<std::string, std::string>>& options);
/// A form that is posted with the visitor's token.
Html post_form(const Visitor& visitor,
               const std::string& action,
               const Html& content,
               const HtmlAttributes& more = {});
Html submit_button(std::string_view text, std::string_view css_class = "");
/// A table; rows of cells. The first column holds row headers.
Html table_of(std::string_view caption,
              const std::vector<std::string>& head,
              const std::vector<std::vector<Html>>& rows);
/// Returns a time (seconds since 1970) as "2026-01-31 13:45 UTC".
std::string time_text(int64_t seconds);
/// A time (seconds since 1970, UTC) as an element that the script shows in local time.
Html time_of(int64_t seconds);

/// Returns a whole page. `modules`: scripts of web/ ("viewer.js"). `path`: of the request, to mark
/// its entry in the menu.
std::string page_of(const Visitor& visitor,
                    const std::string& path,
                    const std::string& title,
                    const Html& body,
                    const std::vector<std::string>& modules = {});

}  // namespace evenray
