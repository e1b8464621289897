// SPDX-License-Identifier: Apache-2.0
#include "nn/checkpoint.hpp"

#include "core/log.hpp"
#include "nn/blocks.hpp"
#include "nn/compute.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

TensorFile numbered(int64_t step) {
  TensorFile file;
  file.tensors["step"] = torch::tensor({step});
  return file;
}

Path step_path(const ScratchFolder& run, const std::string& number) {
  return run / ("checkpoints/step-" + number + ".safetensors");
}

int64_t newest_step(const Checkpoints& checkpoints) {
  const auto found = checkpoints.newest();
  return found ? found->file.tensors.at("step").item<int64_t>() : -1;
}

}  // namespace

TEST_CASE("a module goes into a tensor file under its prefix and back") {
  seed_torch(1);
  BasicBlock first(2, 4, 2), second(2, 4, 2);
  first->forward(torch::randn({3, 2, 8, 8}));
  TensorFile file;
  add_module(file, "net", *first);
  CHECK(file.tensors.count("net.conv1.weight") == 1);
  CHECK(file.tensors.count("net.downsample.1.num_batches_tracked") == 1);
  load_module(file, "net", *second, "f");
  TensorFile back;
  add_module(back, "net", *second);
  CHECK(tensor_digest(back.tensors) == tensor_digest(file.tensors));
  CHECK(second->parameters()[0].requires_grad());
}

TEST_CASE("a module is not loaded from another's tensors") {
  BasicBlock block(2, 4, 2);
  TensorFile file;
  add_module(file, "net", *block);
  const auto loading = [&](const TensorFile& from, const std::string& prefix) {
    return error_of([&] { load_module(from, prefix, *block, "run/f.safetensors"); });
  };
  CHECK(loading(file, "net").code() == Exit::done);
  Error error = loading(file, "ema");
  CHECK(error.code() == Exit::bad_data);
  CHECK(error.what() == std::string("run/f.safetensors: tensor 'ema.conv1.weight' is missing"));
  TensorFile cut = file;
  cut.tensors.erase("net.bn2.running_var");
  CHECK(contains(loading(cut, "net").what(), "'net.bn2.running_var' is missing"));
  TensorFile other = file;
  other.tensors["net.bn1.bias"] = torch::zeros({1});
  error = loading(other, "net");
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "'net.bn1.bias' has shape [1], the network needs [4]"));
}

TEST_CASE("metadata that is missing is named") {
  TensorFile file;
  file.metadata["kind"] = "gan";
  CHECK(require_metadata(file, "kind", "f") == "gan");
  const Error error = error_of([&] { require_metadata(file, "facts", "f"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "f: not made by evenray ('facts' is missing)"));
}

TEST_CASE("checkpoints: the newest two stay, best is left alone") {
  const ScratchFolder run;
  Checkpoints checkpoints(run.path(), 0);
  CHECK(newest_step(checkpoints) == -1);
  write_safetensors(checkpoints.best(), numbered(0));
  for (const int64_t step : {9, 10, 99999999}) checkpoints.write(step, numbered(step));
  CHECK(newest_step(checkpoints) == 99999999);
  CHECK_FALSE(std::filesystem::exists(step_path(run, "00000009")));
  CHECK(std::filesystem::exists(step_path(run, "00000010")));
  CHECK(std::filesystem::exists(checkpoints.best()));
  CHECK(std::distance(std::filesystem::directory_iterator(run / "checkpoints"), {}) == 3);
}

TEST_CASE("checkpoints: damaged ones are set aside, with a warning") {
  const ScratchFolder run;
  const LogLevel level = log_level();
  set_log_level(LogLevel::quiet);
  {
    const LogFile log(run / "log.txt");
    Checkpoints checkpoints(run.path(), 0);
    for (const int64_t step : {1, 8, 9}) checkpoints.write(step, numbered(step));
    flip_bit(step_path(run, "00000009"),
             std::filesystem::file_size(step_path(run, "00000009")) - 1);
    CHECK(newest_step(checkpoints) == 8);
    CHECK(std::filesystem::exists(run / "checkpoints/step-00000009.safetensors.damaged"));
    // What is written on the way back to the damaged one stays.
    checkpoints.write(2, numbered(2));
    CHECK(std::filesystem::exists(step_path(run, "00000002")));
    CHECK(std::filesystem::exists(step_path(run, "00000008")));
    std::filesystem::remove(step_path(run, "00000002"));
    std::filesystem::resize_file(step_path(run, "00000008"), 0);
    // No silent start from the beginning, however often it is tried.
    for (int i = 0; i < 2; ++i) {
      const Error error = error_of([&] { checkpoints.newest(); });
      CHECK(error.code() == Exit::bad_data);
      CHECK(contains(error.what(), "all step checkpoints are damaged"));
    }
    // A file that cannot be read is not a damaged one.
    std::filesystem::create_directory(step_path(run, "00000010"));
    CHECK(error_of([&] { checkpoints.newest(); }).code() == Exit::missing_input);
  }
  set_log_level(level);
  const std::string log = read_file(run / "log.txt");
  CHECK(contains(log, "skipping a damaged checkpoint"));
  CHECK(contains(log, "step-00000009.safetensors"));
}

TEST_CASE("checkpoints are due after their interval") {
  const ScratchFolder run;
  CHECK(Checkpoints(run.path(), 0).due());
  CHECK_FALSE(Checkpoints(run.path(), 3600).due());
}

TEST_CASE("a model is a file, or a run's best, or its newest checkpoint") {
  const ScratchFolder run;
  CHECK(model_file("some/file.safetensors") == Path("some/file.safetensors"));
  const Error error = error_of([&] { model_file(run.path()); });
  CHECK(error.code() == Exit::missing_input);
  CHECK(contains(error.what(), "holds no checkpoint"));
  Checkpoints checkpoints(run.path(), 0);
  for (const int64_t step : {3, 20}) checkpoints.write(step, numbered(step));
  CHECK(model_file(run.path()) == step_path(run, "00000020"));
  write_safetensors(checkpoints.best(), numbered(3));
  CHECK(model_file(run.path()) == checkpoints.best());
}
