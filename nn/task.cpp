// SPDX-License-Identifier: Apache-2.0
#include "nn/task.hpp"

#include <c10/util/Exception.h>

#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace evenray {

double try_task(Task& task, const Store& store, const Runtime& runtime, const Path& folder) {
  double value = NAN;
  try {
    Runtime own = runtime;
    RunFolder run(folder / task.run_name(), /*resume=*/true, [&](Fields& f) {
      own.fields(f);
      task.fields(f);
    });
    task.train(store, own, run);
    value = task.validation(folder);
  } catch (const Error& error) {
    if (error.code() != Exit::failed) throw;
    log_warning(cat(folder.filename().string(), " failed: ", error.what()));
  } catch (const c10::Error& error) {
    // Out of memory, for example.
    const std::string message = error.what_without_backtrace();
    log_warning(
        cat(folder.filename().string(), " failed: ", message.substr(0, message.find('\n'))));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return value;
}

}  // namespace evenray
