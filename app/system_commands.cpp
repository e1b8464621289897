// SPDX-License-Identifier: Apache-2.0
#include <H5public.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <opencv2/core.hpp>

#include "app/command.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "gan/gan.hpp"
#include "nn/precision.hpp"

namespace evenray {
namespace {

/// Side in pixels of the images for which `doctor` decides precision `auto`.
constexpr int kDoctorSide = 64;

/// Writes and fsyncs 16 MiB in the current folder. Returns MB/s, or a negative value if that fails.
double write_speed() {
  const Path path = temporary_beside("doctor");
  const std::string block(16 << 20, 'x');
  const auto start = std::chrono::steady_clock::now();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  const bool written =
      ::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  ::unlink(path.c_str());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return written ? static_cast<double>(block.size()) / 1e6 / seconds : -1;
}

bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const auto& folder : split_text(path ? path : "", ':')) {
    if (::access((Path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// Returns the precision that `--precision auto` selects for a network, and why.
std::string auto_precision(const TimedNetwork& network) {
  Runtime runtime;
  const PrecisionChoice choice = decide_precision(runtime, network).value();
  return cat(choice.precision, " (", choice.reason, ")");
}

int doctor(const Cli& cli) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  const double speed = write_speed();
  Json out{{"schema", "evenray-doctor-1"},
           {"evenray", kVersion},
           {"torch", torch_version()},
           {"opencv", CV_VERSION},
           {"hdf5", cat(major, ".", minor, ".", release)},
           {"threads", hardware_threads()},
           {"cpu_bf16", cpu_has_bf16()},
           {"auto_dcgan", auto_precision(timed_gan(GanOptions(), kDoctorSide, kDoctorSide))},
           {"auto_classifier",
            auto_precision(timed_classifier(ClassifyOptions(), kDoctorSide, kDoctorSide))},
           {"gpus", gpu_names()},
           {"free_gb", static_cast<double>(free_bytes(".")) / 1e9},
           {"write_mb_per_s", speed < 0 ? Json() : Json(speed)},
           {"engines", on_path("sbatch") ? Json{"local", "slurm"} : Json{"local"}}};
  std::string text;
  for (const auto& [key, value] : out.items()) {
    if (key != "schema")
      text += cat(key,
                  std::string(16 - std::min<size_t>(15, key.size()), ' '),
                  value.is_string()         ? value.get<std::string>()
                  : value.is_number_float() ? fixed(value, 1)
                                            : value.dump(),
                  "\n");
  }
  print_result(cli, out, text);
  check(speed > 0,
        Exit::cannot_create,
        "cannot write into the current folder; change to a folder that you can write to, or give "
        "--out");
  return 0;
}

}  // namespace

void add_system_commands(CLI::App& app, Cli& cli) {
  add_command(&app,
              cli,
              "doctor",
              "report versions, threads, GPUs, free disk space and write speed",
              {.json = true},
              [&cli] { return doctor(cli); });

  auto section = std::make_shared<std::string>();
  auto* config = add_command(
      &app,
      cli,
      "config",
      "print every setting with its default and meaning, as TOML",
      {.config = true, .seed = true, .threads = true, .device = true, .precision = true},
      [&cli, section] {
        Config settings = cli.load();
        std::cout << write_config(
            [&](Fields& f) { settings.fields(f); }, /*comments=*/true, *section);
        return 0;
      });
  config->add_option(
      "SECTION", *section, "only this section: data, gan, balance, classify or study");

  auto shell = std::make_shared<std::string>();
  auto* completion = add_command(
      &app, cli, "completion", "print a completion script for a shell", {}, [&app, shell] {
        std::cout << completion_script(app, *shell);
        return 0;
      });
  completion->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  add_command(&app, cli, "man", "print the manual page", {}, [&app] {
    std::cout << manual_page(app);
    return 0;
  });
}

}  // namespace evenray
