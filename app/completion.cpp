// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "dataset/store/store.hpp"

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

/// Returns the values that the help of an option lists, such as "layout: coco, yolo" or "auto
/// (planned), small; dcgan only: strong": single words, two or more in a list.
std::vector<std::string> values(const CLI::Option& option) {
  std::string help;
  int depth = 0;
  for (const char c : option.get_description()) {
    depth += c == '(';
    if (depth == 0) help += c;
    depth -= c == ')';
  }
  const auto is_word = [](const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-' || c == '.';
    });
  };
  std::vector<std::string> out;
  for (const auto& part : split_text(help, ';')) {
    const size_t colon = part.rfind(':');
    std::vector<std::string> words;
    for (const auto& word : split_text(part.substr(colon == part.npos ? 0 : colon + 1), ','))
      words.push_back(trim(word));
    if (words.size() > 1 && std::all_of(words.begin(), words.end(), is_word))
      out.insert(out.end(), words.begin(), words.end());
  }
  return out;
}

std::string bash_script(const CLI::App& app) {
  std::string out =
      "_evenray() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
      "path= i\n"
      // Bash takes the = of --flag=value for a word.
      "  [[ $word == = ]] && word=\n"
      "  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
      // The names are those of a file of strangers: no shell may expand them.
      "  if [[ $before == --class ]]; then\n    local name names stores=()\n"
      "    for name in \"${COMP_WORDS[@]}\"; do [[ $name == *.h5 ]] && stores+=(\"$name\"); done\n"
      "    COMPREPLY=()\n    [ ${#stores[@]} -gt 0 ] || return\n"
      "    mapfile -t names < <(evenray complete-classes -- \"${stores[@]}\" 2> /dev/null)\n"
      "    for name in \"${names[@]}\"; do\n"
      "      [[ $name == \"$word\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
      "    done\n    return\n  fi\n"
      "  for ((i = 1; i < COMP_CWORD && i < 4; ++i)); do\n"
      "    [[ ${COMP_WORDS[i]} == -* ]] && break\n    path+=\"${path:+ }${COMP_WORDS[i]}\"\n  "
      "done\n"
      "  while :; do\n    case $path in\n";
  for (const auto& entry : entries(app)) {
    out += cat("      '", entry.words, "')\n");
    std::vector<std::string> words = children(*entry.command);
    std::string cases;
    for (const CLI::Option* option : entry.command->get_options()) {
      const auto known = values(*option);
      if (known.empty()) continue;
      if (option->get_lnames().empty())
        words.insert(words.end(), known.begin(), known.end());
      else
        cases += cat("          --",
                     option->get_lnames()[0],
                     ") COMPREPLY=($(compgen -W '",
                     join(known, " "),
                     "' -- \"$word\")); return ;;\n");
    }
    if (!cases.empty()) out += cat("        case $before in\n", cases, "        esac\n");
    out += cat("        COMPREPLY=($(compgen -W '",
               join(words, " "),
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
    for (const CLI::Option* option : entry.command->get_options()) {
      const auto known = values(*option);
      const std::string choice = known.empty() ? "" : cat(" -x -a '", join(known, " "), "'");
      if (option->get_lnames().empty() && !known.empty())
        out += cat("complete -c evenray -n '", condition, "'", choice, "\n");
      for (const auto& name : option->get_lnames())
        out += cat("complete -c evenray -n '", condition, "' -l ", name, choice, "\n");
    }
  }
  return out;
}

constexpr std::array kExits{
    std::pair{"0", "done"},
    std::pair{"1", "failed: a study with failed cells, or a training that diverged"},
    std::pair{"2", "usage: an unknown flag or name"},
    std::pair{"65", "bad data: a damaged or unsuitable input"},
    std::pair{"66", "an input is missing"},
    std::pair{"69", "no such GPU, or out of memory"},
    std::pair{"73", "cannot create: no permission, or the output exists"},
    std::pair{"74", "input or output failed, such as a full disk"},
    std::pair{"75", "stopped by a signal after a checkpoint; run the command again"},
    std::pair{"78", "configuration: unknown key, value out of range, or changed on a resume"}};

constexpr std::array kFiles{
    std::pair{"set.h5, set.datasheet.md", "a store of images (HDF5), and what is in it"},
    std::pair{"DIR/config.toml", "all settings of a run or study; written before work starts"},
    std::pair{"DIR/checkpoints/", "what a stopped run resumes from"},
    std::pair{"DIR/report.html, DIR/summary.json", "the result of a study"},
    std::pair{"~/.local/share/evenray/weights", "pretrained weights (EVENRAY_WEIGHTS)"},
    std::pair{"~/.cache/evenray/precision.json", "measured speeds of bf16 and fp32"},
    std::pair{"~/.config/evenray/key", "key of the hashes of DICOM ids (EVENRAY_KEY)"}};

std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '-') out += '\\';
    out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string example(const std::string& command, const std::string& meaning) {
  return cat(".TP\n.B ", roff(command), "\n", roff(meaning), "\n");
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_script(app);
  if (shell == "zsh") return zsh_script(bash_script(app));
  if (shell == "fish") return fish_script(app);
  throw Error(Exit::usage, unknown_name("shell", shell, {"bash", "zsh", "fish"}));
}

std::string manual_page(const CLI::App& app) {
  std::string out =
      cat(".TH EVENRAY 1 \"\" \"evenray ",
          kVersion,
          "\"\n.SH NAME\nevenray \\- ",
          roff(app.get_description()),
          "\n.SH SYNOPSIS\n.B evenray\nCOMMAND [SUBCOMMAND] [FLAG ...]\n"
          ".SH DESCRIPTION\n",
          roff("evenray reads a collection of radiographs, divides it by patient or "
               "by picture, fills up its rare classes with copies, augmented or "
               "synthetic images, trains classifiers and detectors on it, and "
               "measures on untouched test images what that changes, with intervals. "
               "It is for research and no medical device."),
          "\n.SH EXAMPLES\n",
          example("evenray data audit IMAGES --html audit.html",
                  "What is wrong with a folder of images."),
          example("evenray study run mine.toml --data IMAGES --out outputs/mine",
                  "Compare ways to fill the rare class. The same command resumes."),
          example("evenray balance set.h5 --source augment:xray --out balanced.h5",
                  "A balanced training set."),
          example("evenray serve --demo", "The pages in the browser, on drawn images."),
          ".SH COMMANDS\n");
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
  out += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExits)
    out += cat(".TP\n.B ", code, "\n", roff(meaning), "\n");
  out += ".SH FILES\n";
  for (const auto& [path, meaning] : kFiles)
    out += cat(".TP\n.I ", roff(path), "\n", roff(meaning), "\n");
  return out + ".SH SEE ALSO\nThe folder docs of the source: commands.md, config.md, study.md.\n";
}

void complete_classes(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (!word.ends_with(".h5")) continue;
    const Store store(word);
    for (const auto& name : store.info().class_names)
      if (one_line(name) == name) std::cout << name << "\n";
    return;
  }
}

}  // namespace evenray
