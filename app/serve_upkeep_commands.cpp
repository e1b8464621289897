// SPDX-License-Identifier: Apache-2.0
// The commands below `evenray serve` that work on its data folder.
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "serve/serve.hpp"
#include "serve/upkeep.hpp"

namespace evenray {
namespace {

struct UpkeepFlags {
  std::string data = ServeOptions().data.string(), out, from, name, role = "reader", number;
  std::vector<std::string> backups;
};

/// Reads a line; from a terminal without showing it.
std::string secret_line(const char* question) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  if (terminal) {
    std::cerr << question << std::flush;
    ::tcgetattr(STDIN_FILENO, &before);
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string out;
  const bool read = static_cast<bool>(std::getline(std::cin, out));
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << "\n";
  }
  check(read, Exit::usage, "give the password as a line on stdin");
  return out;
}

std::string new_password() {
  std::string out = secret_line("password: ");
  check(::isatty(STDIN_FILENO) != 1 || secret_line("again: ") == out,
        Exit::usage,
        "the two passwords differ");
  return out;
}

std::string shown(const BackupResult& result) {
  return cat(result.images, " images, ", bytes_text(result.bytes), "\n");
}

int check_command(const UpkeepFlags& flags) {
  const auto problems = check_data(flags.data);
  for (const auto& problem : problems) std::cout << problem << "\n";
  check(problems.empty(),
        Exit::bad_data,
        cat(flags.data, " has ", problems.size(), " problems; restore a backup"));
  std::cout << flags.data << " is intact\n";
  return 0;
}

int erase_command(const UpkeepFlags& flags) {
  const EraseResult result =
      erase(flags.data, flags.number, {flags.backups.begin(), flags.backups.end()});
  std::cout << "erased the patient with " << result.exams << " images\n";
  for (const auto& file : result.still_held)
    std::cout << file.string() << " still holds the patient: delete it\n";
  return 0;
}

void add_user_commands(CLI::App& serve, Cli& cli, const std::shared_ptr<UpkeepFlags>& flags) {
  CLI::App* user = serve.add_subcommand("user", "accounts of people and devices");
  user->require_subcommand(1);
  auto* add = add_command(user, cli, "add", "add an account; asks for its password", {}, [flags] {
    if (flags->role == "device")
      std::cout << add_device(flags->data, flags->name) << "\n";
    else
      add_person(flags->data, flags->name, flags->role, new_password());
    return 0;
  });
  add->add_option("--role",
                  flags->role,
                  "viewer, reader, curator, admin, or device (prints a token for scripts)")
      ->capture_default_str();
  auto* password =
      add_command(user, cli, "password", "change a password and end the sessions", {}, [flags] {
        change_password(flags->data, flags->name, new_password());
        return 0;
      });
  auto* disable =
      add_command(user, cli, "disable", "disable an account and end its sessions", {}, [flags] {
        disable_account(flags->data, flags->name);
        return 0;
      });
  auto* list = add_command(user, cli, "list", "list the accounts", {}, [flags] {
    std::cout << accounts_text(flags->data);
    return 0;
  });
  for (CLI::App* command : {add, password, disable}) {
    command->add_option("NAME", flags->name, "name of the account")->required();
  }
  for (CLI::App* command : {add, password, disable, list})
    command->add_option("--data", flags->data, "data folder of the server")->capture_default_str();
}

}  // namespace

void add_serve_upkeep_commands(CLI::App& serve, Cli& cli) {
  auto flags = std::make_shared<UpkeepFlags>();
  add_user_commands(serve, cli, flags);
  auto* backup =
      add_command(&serve, cli, "backup", "copy database and images to a new folder", {}, [flags] {
        std::cout << flags->out << ": " << shown(back_up(flags->data, flags->out));
        return 0;
      });
  backup->add_option("--out", flags->out, "folder; must not exist or be empty")->required();
  auto* restored =
      add_command(&serve, cli, "restore", "make a data folder of a backup", {}, [flags] {
        std::cout << flags->data << ": " << shown(restore(flags->from, flags->data));
        return 0;
      });
  restored->add_option("BACKUP", flags->from, "folder that `serve backup` wrote")->required();
  auto* checked = add_command(
      &serve, cli, "check", "look for damage in database, images and audit log", {}, [flags] {
        return check_command(*flags);
      });
  auto* erased =
      add_command(&serve, cli, "erase", "erase a patient with all images, for good", {}, [flags] {
        return erase_command(*flags);
      });
  erased->add_option("NUMBER", flags->number, "the patient's number in the hospital")->required();
  erased->add_option("--backup", flags->backups, "a backup to look into as well; may be repeated")
      ->allow_extra_args(false);
  auto* exported = add_command(&serve,
                               cli,
                               "export",
                               "write patients, results and images as CSV, JSON and files",
                               {},
                               [flags] {
                                 std::cout << flags->out << ": "
                                           << shown(export_all(flags->data, flags->out));
                                 return 0;
                               });
  exported->add_option("--out", flags->out, "folder; must not exist or be empty")->required();
  for (CLI::App* command : {backup, restored, checked, erased, exported})
    command->add_option("--data", flags->data, "data folder of the server")->capture_default_str();
}

}  // namespace evenray
