// SPDX-License-Identifier: Apache-2.0
#include "nn/checkpoint.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cstdio>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kStepPrefix = "step-";

/// Returns the step checkpoints, oldest first. Step numbers are zero-padded, so names sort by step.
std::vector<Path> step_files(const Path& folder) {
  std::vector<Path> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kStepPrefix) && name.ends_with(".safetensors"))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Path step_file(const Path& folder, int64_t step) {
  char name[64];
  std::snprintf(name, sizeof name, "%s%08ld.safetensors", kStepPrefix.data(), step);
  return folder / name;
}

}  // namespace

std::vector<std::pair<std::string, torch::Tensor>> tensors_of(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& item : module.named_parameters()) tensors.emplace_back(item.pair());
  for (const auto& item : module.named_buffers()) tensors.emplace_back(item.pair());
  return tensors;
}

void add_module(TensorFile& file, const std::string& prefix, const torch::nn::Module& module) {
  for (const auto& [name, tensor] : tensors_of(module)) file.tensors[prefix + "." + name] = tensor;
}

void load_tensor(const TensorFile& file,
                 const std::string& name,
                 torch::Tensor& tensor,
                 const Path& path) {
  torch::NoGradGuard no_grad;
  const auto found = file.tensors.find(name);
  check(found != file.tensors.end(),
        Exit::bad_data,
        cat(path.string(), ": tensor '", name, "' is missing"));
  check(found->second.sizes() == tensor.sizes(),
        Exit::bad_data,
        cat(path.string(),
            ": tensor '",
            name,
            "' has shape ",
            found->second.sizes(),
            ", the network needs ",
            tensor.sizes()));
  tensor.copy_(found->second);
}

void load_module(const TensorFile& file,
                 const std::string& prefix,
                 torch::nn::Module& module,
                 const Path& path) {
  for (auto& [name, tensor] : tensors_of(module))
    load_tensor(file, prefix + "." + name, tensor, path);
}

const std::string& require_metadata(const TensorFile& file,
                                    const std::string& key,
                                    const Path& path) {
  const auto found = file.metadata.find(key);
  check(found != file.metadata.end(),
        Exit::bad_data,
        cat(path.string(), ": not made by evenray ('", key, "' is missing)"));
  return found->second;
}

Checkpoints::Checkpoints(const Path& run_folder, double every_s, int64_t keep)
    : folder_(run_folder / "checkpoints"), every_s_(every_s), keep_(keep) {}

bool Checkpoints::due() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - written_).count() >=
         every_s_;
}

void Checkpoints::write(int64_t step, const TensorFile& file) {
  const Path path = step_file(folder_, step);
  write_safetensors(path, file);
  auto others = step_files(folder_);
  std::erase(others, path);
  for (auto kept = static_cast<int64_t>(others.size()); kept >= keep_; --kept)
    std::filesystem::remove(others[others.size() - static_cast<size_t>(kept)]);
  written_ = std::chrono::steady_clock::now();
}

void Checkpoints::drop_after(int64_t step) {
  const Path last = step_file(folder_, step);
  std::error_code error;
  for (const Path& path : step_files(folder_)) {
    if (path <= last || !std::filesystem::is_regular_file(path)) continue;
    std::filesystem::remove(path, error);
    if (error) throw Error(Exit::io, cat("cannot remove ", path.string(), ": ", error.message()));
  }
}

std::optional<Checkpoints::Found> Checkpoints::newest() const {
  auto files = step_files(folder_);
  if (files.empty()) return std::nullopt;
  std::vector<Path> damaged;
  for (; !files.empty(); files.pop_back()) {
    try {
      Found found{files.back(), read_safetensors(files.back())};
      for (const Path& path : damaged) std::filesystem::rename(path, path.string() + ".damaged");
      return found;
    } catch (const Error& error) {
      if (error.code() != Exit::bad_data) throw;
      log_warning(cat("skipping a damaged checkpoint: ", error.what()));
      damaged.push_back(files.back());
    }
  }
  throw Error(Exit::bad_data,
              cat(folder_.string(),
                  ": all step checkpoints are damaged; start a new run in another folder"));
}

std::optional<Checkpoints::Found> Checkpoints::last_evaluated() const {
  if (!std::filesystem::exists(evaluated())) return std::nullopt;
  return Found{evaluated(), read_safetensors(evaluated())};
}

Path model_file(const Path& path) {
  const Path best = path / "checkpoints" / "best.safetensors";
  return std::filesystem::exists(best) ? best : training_file(path);
}

Path training_file(const Path& path) {
  if (!std::filesystem::is_directory(path)) return path;
  const auto files = step_files(path / "checkpoints");
  check(!files.empty(), Exit::missing_input, cat(path.string(), " holds no checkpoint"));
  return files.back();
}

}  // namespace evenray
