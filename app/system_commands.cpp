// SPDX-License-Identifier: Apache-2.0
#include <H5public.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <opencv2/core.hpp>

#include "app/command.hpp"
#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/temporary.hpp"
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
  const std::string block(16 << 20, 'x');
  const auto start = std::chrono::steady_clock::now();
  bool written = false;
  try {
    const Temporary file = Temporary::file("doctor", 0600);
    written = ::write(file.descriptor(), block.data(), block.size()) ==
                  static_cast<ssize_t>(block.size()) &&
              ::fsync(file.descriptor()) == 0;
  } catch (const Error&) {  // the folder cannot be written to
  }
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

/// What the lines of `doctor` mean, in their order.
constexpr std::array kDoctorLines{
    std::pair{"evenray", "version of this program"},
    std::pair{"torch", "version of LibTorch, which trains"},
    std::pair{"opencv", "version of OpenCV, which resizes and augments"},
    std::pair{"hdf5", "version of HDF5, which holds stores"},
    std::pair{"threads", "worker threads; fewer with --threads"},
    std::pair{"cpu_bf16", "whether the processor computes bf16 itself"},
    std::pair{"auto_dcgan", "what --precision auto selects for a DCGAN, and why"},
    std::pair{"auto_classifier", "the same for a classifier"},
    std::pair{"gpus", "GPUs that --device cuda:0 and so on would use"},
    std::pair{"memory_gb", "free memory; large pictures take at most a quarter (--memory)"},
    std::pair{"free_gb", "free disk space in this folder"},
    std::pair{"write_mb_per_s", "speed of this disk, with fsync"},
    std::pair{"engines", "what can run the cells of a study here"}};

/// What to do about this machine; one line each.
std::vector<std::string> advice(const Json& found) {
  constexpr double kLittleMemory_gb = 4, kLittleDisk_gb = 10, kSlowDisk_mb = 50;
  std::vector<std::string> out;
  if (found["gpus"].empty())
    out.emplace_back(
        "There is no GPU: trainings run on the processor. `evenray study plan` says how long a "
        "study would take, before anything runs.");
  if (found["memory_gb"] < kLittleMemory_gb)
    out.emplace_back("Little memory is free: give a smaller minibatch and --threads 1.");
  if (found["free_gb"] < kLittleDisk_gb)
    out.emplace_back(
        "Little disk space is free: a study keeps stores and checkpoints; give --out "
        "on another disk.");
  if (found["write_mb_per_s"].is_number() && found["write_mb_per_s"] < kSlowDisk_mb)
    out.emplace_back("This disk is slow: keep stores on another one.");
  if (out.empty()) out.emplace_back("Nothing needs to be changed.");
  return out;
}

std::string doctor_text(const Json& found) {
  constexpr size_t kColumn = 16;
  std::string text;
  for (const auto& [key, meaning] : kDoctorLines) {
    const Json& value = found[key];
    const std::string shown = value.is_string()         ? value.get<std::string>()
                              : value.is_number_float() ? fixed(value, 1)
                                                        : value.dump();
    const std::string blanks(kColumn - std::string_view(key).size(), ' ');
    text += cat(key, blanks, shown, "\n", std::string(kColumn, ' '), meaning, "\n");
  }
  for (const auto& line : advice(found)) text += cat("\n", line, "\n");
  return text;
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
           {"memory_gb", static_cast<double>(available_memory()) / 1e9},
           {"free_gb", static_cast<double>(free_bytes(".")) / 1e9},
           {"write_mb_per_s", speed < 0 ? Json() : Json(speed)},
           {"engines", on_path("sbatch") ? Json{"local", "slurm"} : Json{"local"}}};
  print_result(cli, out, doctor_text(out));
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
      "SECTION",
      *section,
      "only this section: data, gan, balance, lesion, classify, detect, tune, study");

  auto shell = std::make_shared<std::string>();
  auto* completion = add_command(
      &app, cli, "completion", "print a completion script for a shell", {}, [&app, shell] {
        std::cout << completion_script(app, *shell);
        return 0;
      });
  completion->add_option("SHELL", *shell, "shell: bash, zsh, fish")->required();
  auto words = std::make_shared<std::vector<std::string>>();
  // For the scripts: the classes of the store that a command line names.
  CLI::App* classes = add_command(&app, cli, "complete-classes", "", {}, [words] {
    complete_classes(*words);
    return 0;
  });
  classes->group("");
  classes->add_option("WORDS", *words);
  add_command(&app, cli, "man", "print the manual page", {}, [&app] {
    std::cout << manual_page(app);
    return 0;
  });
}

}  // namespace evenray
