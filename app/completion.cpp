// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace evenray {
namespace {

struct Entry {
  std::string words;  ///< "gan train"
  const CLI::App* command;
};

/// Returns the commands of a command that its help lists.
std::vector<const CLI::App*> visible_commands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* child) { return !child->get_group().empty(); });
}

/// Returns all commands with their words; the program itself (no words) comes first.
std::vector<Entry> entries(const CLI::App& app) {
  std::vector<Entry> out{{"", &app}};
  for (size_t i = 0; i < out.size(); ++i) {
    const Entry entry = out[i];
    for (const CLI::App* child : visible_commands(*entry.command)) {
      out.push_back({entry.words + (entry.words.empty() ? "" : " ") + child->get_name(), child});
    }
  }
  return out;
}

std::vector<std::string> flags(const CLI::App& command) {
  std::vector<std::string> out;
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

std::vector<std::string> children(const CLI::App& command) {
  std::vector<std::string> out;
  for (const CLI::App* child : visible_commands(command)) out.push_back(child->get_name());
  return out;
}

std::string bash_script(const CLI::App& app) {
  std::string out =
      "_evenray() {\n  local word=${COMP_WORDS[COMP_CWORD]} path= i\n"
      "  for ((i = 1; i < COMP_CWORD && i < 4; ++i)); do\n"
      "    [[ ${COMP_WORDS[i]} == -* ]] && break\n    path+=\"${path:+ }${COMP_WORDS[i]}\"\n  "
      "done\n"
      "  while :; do\n    case $path in\n";
  for (const auto& entry : entries(app)) {
    out += cat("      '",
               entry.words,
               "') COMPREPLY=($(compgen -W '",
               join(children(*entry.command), " "),
               " ",
               join(flags(*entry.command), " "),
               "' -- \"$word\")); break ;;\n");
  }
  return out +
         "    esac\n    [[ $path == *' '* ]] && path=${path% *} || break\n  done\n"
         "  [[ $word != -* ]] && COMPREPLY+=($(compgen -f -- \"$word\"))\n}\ncomplete -o filenames "
         "-F _evenray evenray\n";
}

/// zsh uses the bash function through bashcompinit. zsh runs a file of its site-functions as a
/// function at the first completion, so the last line must also answer that first completion.
std::string zsh_script(const std::string& bash) {
  return cat("#compdef evenray\nautoload -U +X bashcompinit && bashcompinit\n",
             bash,
             "[[ ${funcstack[1]} == _evenray ]] && _bash_complete -o filenames -F _evenray\n");
}

std::string fish_script(const CLI::App& app) {
  std::string out;
  for (const auto& entry : entries(app)) {
    std::string condition = "__fish_use_subcommand";
    if (!entry.words.empty()) {
      std::vector<std::string> seen;
      for (const auto& word : split_text(entry.words, ' '))
        seen.push_back("__fish_seen_subcommand_from " + word);
      condition = join(seen, "; and ");
    }
    for (const auto& name : children(*entry.command))
      out += cat("complete -c evenray -n '", condition, "' -a ", name, "\n");
    for (const auto& flag : flags(*entry.command))
      out += cat("complete -c evenray -n '", condition, "' -l ", flag.substr(2), "\n");
  }
  return out;
}

std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '-') out += '\\';
    out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_script(app);
  if (shell == "zsh") return zsh_script(bash_script(app));
  if (shell == "fish") return fish_script(app);
  throw Error(Exit::usage, unknown_name("shell", shell, {"bash", "zsh", "fish"}));
}

std::string manual_page(const CLI::App& app) {
  std::string out = cat(".TH EVENRAY 1 \"\" \"evenray ",
                        kVersion,
                        "\"\n.SH NAME\nevenray \\- ",
                        roff(app.get_description()),
                        "\n.SH COMMANDS\n");
  for (const auto& entry : entries(app)) {
    if (entry.words.empty() || !children(*entry.command).empty()) continue;
    out +=
        cat(".SS evenray ", roff(entry.words), "\n", roff(entry.command->get_description()), "\n");
    for (const CLI::Option* option : entry.command->get_options()) {
      out += cat(".TP\n.B ",
                 roff(option->get_name(option->get_positional())),
                 "\n",
                 roff(option->get_description()),
                 "\n");
    }
  }
  return out;
}

}  // namespace evenray
